"""Microsoft's sign-in for an Outlook mailbox. Which mailbox it is, Graph itself says."""

from urllib.parse import urlencode

import httpx2

from bursar.integrations.oauth.endpoint import TIMEOUT, WORDS, TokenEndpoint, as_object
from bursar.outbox.ports import Grant, NoAnswer

GRAPH = "https://graph.microsoft.com/"
SEND, READ, WHO, OFFLINE = "mail.send", "mail.read", "user.read", "offline_access"
ASKED = (f"{GRAPH}Mail.Send", f"{GRAPH}User.Read", OFFLINE)
ASKED_READING = (*ASKED, f"{GRAPH}Mail.Read")


class MicrosoftIdentity:
    """`outbox.ports.Identity`. Each refresh brings a new refresh token, which takes the old one's place.

    Microsoft has no address at which one application gives one mailbox's permission back: the tokens are destroyed
    here, and its owner may withdraw the permission at myapps.microsoft.com.
    """

    issuers: frozenset[str] = (
        frozenset()
    )  # it names one per organisation, and none in its answer to the browser

    def __init__(
        self,
        *,
        login_url: str,
        graph_url: str,
        client_id: str,
        client_secret: str,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._login, self._graph, self._client_id = f"{login_url}/common/oauth2/v2.0", graph_url, client_id
        self._transport = transport
        self._tokens = TokenEndpoint(
            f"{self._login}/token", client_id=client_id, client_secret=client_secret, transport=transport
        )

    def consent_url(self, *, state: str, challenge: str, redirect_uri: str, address: str, reads: bool) -> str:
        asked = {
            "client_id": self._client_id,
            "response_type": "code",
            "response_mode": "query",
            "redirect_uri": redirect_uri,
            "scope": " ".join(ASKED_READING if reads else ASKED),
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "prompt": "select_account",
            "login_hint": address,
        }
        return f"{self._login}/authorize?{urlencode(asked)}"

    async def exchange(self, code: str, *, verifier: str, redirect_uri: str) -> Grant:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": redirect_uri,
        }
        return await self._tokens.grant(form, asked=frozenset(ASKED), address=_nobody)

    async def refresh(self, refresh_token: str) -> Grant:
        """With the scopes that were granted: Microsoft takes a request without any as one for all of them."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self._tokens.grant(form, asked=frozenset(), address=_nobody)

    async def address_of(self, grant: Grant) -> frozenset[str]:
        headers = {"Authorization": f"Bearer {grant.access_token}"}
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT, transport=self._transport) as http:
                answer = await http.get(f"{self._graph}/me", headers=headers)
        except httpx2.HTTPError as error:
            raise NoAnswer(WORDS["later"]) from error
        told = as_object(answer.content)
        known = {told.get("mail"), told.get("userPrincipalName")}
        found = frozenset(one.lower() for one in known if isinstance(one, str) and "@" in one)
        if answer.status_code != httpx2.codes.OK or not found:
            raise NoAnswer(WORDS["later"])
        return found

    def may_send(self, grant: Grant) -> bool:
        return SEND in plain(grant.scopes)

    def may_read(self, grant: Grant) -> bool:
        return bool(plain(grant.scopes) & {READ, "mail.readwrite"})

    async def revoke(self, refresh_token: str) -> None:
        """See above: there is nowhere to say it."""


def plain(scopes: frozenset[str]) -> frozenset[str]:
    """Graph's scopes come back with its address before them or without, in either case of letters."""
    return frozenset(one.lower().removeprefix(GRAPH) for one in scopes)


def _nobody(_: object) -> None:
    return None
