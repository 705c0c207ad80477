"""Google's sign-in for a Gmail mailbox. Which mailbox it is, the id token says, or where there is none the profile."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2

from bursar.integrations.oauth.endpoint import TIMEOUT, WORDS, TokenEndpoint, as_object, claims_of
from bursar.outbox.ports import Grant, NoAnswer

SEND = "https://www.googleapis.com/auth/gmail.send"
READ = "https://www.googleapis.com/auth/gmail.readonly"
WHO = ("openid", "email")
ALL = "https://mail.google.com/"


class GoogleIdentity:
    """`outbox.ports.Identity`. Addresses are those of the settings; tests and the demo point them at the sandbox."""

    def __init__(
        self,
        *,
        accounts_url: str,
        token_url: str,
        gmail_url: str,
        client_id: str,
        client_secret: str,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._accounts, self._gmail, self._client_id = accounts_url, gmail_url, client_id
        self.issuers = frozenset({accounts_url, accounts_url.partition("//")[2]})  # Google writes either
        self._transport = transport
        self._tokens = TokenEndpoint(
            f"{token_url}/token",
            client_id=client_id,
            client_secret=client_secret,
            revoke_url=f"{token_url}/revoke",
            transport=transport,
        )

    def consent_url(self, *, state: str, challenge: str, redirect_uri: str, address: str, reads: bool) -> str:
        """`offline` with `consent`: only then Google gives a refresh token."""
        asked = {
            "client_id": self._client_id,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": " ".join(scopes(reads=reads)),
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "access_type": "offline",
            "prompt": "consent",
            "login_hint": address,
        }
        return f"{self._accounts}/o/oauth2/v2/auth?{urlencode(asked)}"

    async def exchange(self, code: str, *, verifier: str, redirect_uri: str) -> Grant:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": redirect_uri,
        }
        return await self._tokens.grant(form, asked=frozenset({SEND}), address=self._address)

    async def refresh(self, refresh_token: str) -> Grant:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self._tokens.grant(form, asked=frozenset(), address=self._address)

    async def address_of(self, grant: Grant) -> frozenset[str]:
        if grant.address:
            return frozenset({grant.address.lower()})
        headers = {"Authorization": f"Bearer {grant.access_token}"}
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT, transport=self._transport) as http:
                answer = await http.get(f"{self._gmail}/gmail/v1/users/me/profile", headers=headers)
        except httpx2.HTTPError as error:
            raise NoAnswer(WORDS["later"]) from error
        address = as_object(answer.content).get("emailAddress")
        if answer.status_code != httpx2.codes.OK or not isinstance(address, str):
            raise NoAnswer(WORDS["later"])
        return frozenset({address.lower()})

    def may_send(self, grant: Grant) -> bool:
        return bool(grant.scopes & {SEND, ALL})

    def may_read(self, grant: Grant) -> bool:
        return bool(grant.scopes & {READ, ALL})

    async def revoke(self, refresh_token: str) -> None:
        await self._tokens.revoke(refresh_token)

    def _address(self, told: Mapping[str, Any]) -> str | None:
        """The address of an id token that is about us, from Google, and that Google vouches for."""
        claims = claims_of(told.get("id_token"))
        address = claims.get("email")
        if claims.get("aud") != self._client_id or claims.get("iss") not in self.issuers:
            return None
        return address if isinstance(address, str) and claims.get("email_verified") is True else None


def scopes(*, reads: bool) -> tuple[str, ...]:
    """As little as will do: `gmail.send` reads nothing."""
    return (*WHO, SEND, READ) if reads else (*WHO, SEND)
