"""Authorise, the person's answer, and tokens: the same three steps at both vendors (RFC 6749, RFC 7636)."""

import time
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bursar.sandbox.cloud.desk import Answer, Desk, Noted, Refusal, as_response
from bursar.sandbox.cloud.tokens import Grant, Invalid
from bursar.sandbox.cloud.troubles import Trouble
from bursar.sandbox.identity.manners import Asked, Manner
from bursar.sandbox.identity.pages import consent_page, refusal_page

FORM = "application/x-www-form-urlencoded"
LONGEST_STATE = 2048


class Unaskable(Exception):
    """The question itself is wrong: the person is told, the program is not."""


@dataclass
class Identity:
    desk: Desk
    manner: Manner
    pending: dict[str, Asked] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        manner = self.manner
        return [
            Route(manner.authorise_path, self._authorise),
            Route(manner.answer_path, self._answer, methods=["POST"]),
            Route(manner.token_path, self._token, methods=["POST"]),
        ]

    async def _authorise(self, request: Request) -> Response:
        try:
            asked = self._understood(parse_qsl(request.url.query, keep_blank_values=True))
        except Unaskable as problem:
            self.desk.calls.append(Noted("authorise", "", 400, time.time(), [str(problem)]))
            return refusal_page(self.manner.title, str(problem))
        self.desk.calls.append(Noted("authorise", asked.hint, 200, time.time(), []))
        number = token_urlsafe(18)
        self.pending[number] = asked
        at = f"{request.url.path}/answer"
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"asking": number, "answer": at, "scopes": asked.scopes, "hint": asked.hint})
        return consent_page(self.manner, asked, number, at, self.desk.accounts.all())

    def _understood(self, told: list[tuple[str, str]]) -> Asked:
        given = dict(told)
        unknown = sorted(given.keys() - self.manner.asked_with)
        if unknown or len(given) != len(told):
            raise Unaskable(f"invalid_request: unknown or repeated parameters {unknown}")
        client = self.desk.tokens.clients.get(given.get("client_id", ""))
        if client is None:
            raise Unaskable("invalid_client: The OAuth client was not found.")
        redirect = given.get("redirect_uri", "")
        parts = urlsplit(redirect)
        if parts.scheme not in {"http", "https"} or parts.fragment or not parts.hostname:
            raise Unaskable(f"redirect_uri_mismatch: {redirect!r} is no address to come back to.")
        if client.redirects and redirect not in client.redirects:
            raise Unaskable(f"redirect_uri_mismatch: {redirect} is not registered.")
        scopes = tuple(self.manner.scope(one) for one in given.get("scope", "").split())
        strange = [one for one in scopes if one not in self.manner.permissions]
        if strange or not scopes:
            raise Unaskable(f"invalid_scope: {' '.join(strange) or 'none was named'}")
        wanted = {"response_type": "code", "code_challenge_method": "S256"}
        bad = [name for name, value in wanted.items() if given.get(name) != value]
        bad += [] if len(given.get("code_challenge", "")) == 43 else ["code_challenge"]
        bad += [] if 0 < len(given.get("state", "")) <= LONGEST_STATE else ["state"]
        if bad:
            raise Unaskable(f"invalid_request: {', '.join(bad)}")
        return Asked(
            client.id,
            redirect,
            scopes,
            given["state"],
            given["code_challenge"],
            given.get("nonce", ""),
            self.manner.is_offline(given, scopes),
            given.get("login_hint", ""),
            given,
        )

    async def _answer(self, request: Request) -> Response:
        """What the person pressed; back to the program."""
        form = await request.form()
        asked = self.pending.pop(str(form.get("asking", "")), None)
        if asked is None:
            return refusal_page(self.manner.title, "This question was answered before, or never asked.")
        if form.get("decision") != "allow":
            return _back(asked, self.manner.denied())
        mailbox = str(form.get("other") or form.get("mailbox") or "").strip()
        if "@" not in mailbox:
            return refusal_page(self.manner.title, "Choose a mailbox.")
        account = self.desk.accounts.open(mailbox)
        granted = self._granted(asked, form)
        grant = Grant(asked.client_id, account.address, frozenset(granted), asked.offline, asked.nonce)
        code = self.desk.tokens.code(grant, redirect_uri=asked.redirect_uri, challenge=asked.challenge)
        return _back(asked, {"code": code, **self.manner.comes_back(_base(request), granted)})

    def _granted(self, asked: Asked, form: FormData) -> tuple[str, ...]:
        """Those nobody is asked about, and of the others what was ticked."""
        ticked = {str(one) for one in form.getlist("scope")}
        known = self.manner.permissions
        return tuple(one for one in asked.scopes if known[one].silent or one in ticked)

    async def _token(self, request: Request) -> Response:
        noted = Noted("token", "", 0, time.time(), [])
        self.desk.calls.append(noted)
        raw = await request.body()
        try:
            given, client_id = self._asked_for_token(request, raw, noted)
            grant = self._named_grant(given)
            noted.mailbox = grant.mailbox if grant else ""
            trouble = self.desk.troubles.next("token", noted.mailbox)
            noted.trouble = trouble.answer if trouble else None
            answer = await self._happen(trouble, request, noted, accepted=False)
            if answer is None:
                answer = Answer(self._told(given, client_id, _base(request)))
                answer = await self._happen(trouble, request, noted, accepted=True) or answer
        except Invalid as invalid:
            answer = Answer(self.manner.refused(invalid), invalid.status)
        answer.headers |= {"Cache-Control": "no-store", "Pragma": "no-cache"}
        noted.status = answer.status
        return as_response(answer)

    async def _happen(
        self, trouble: Trouble | None, request: Request, noted: Noted, *, accepted: bool
    ) -> Answer | None:
        try:
            return await self.desk.happen(trouble, request, noted, accepted=accepted)
        except Refusal as refusal:
            error = self.desk.contract.errors[refusal.name]
            if "oauth" not in error:
                return self.desk.refused(refusal)
            words = refusal.words or error["message"]
            number = error.get("number", 0)
            raise Invalid(error["oauth"], words, number=number, status=error["status"]) from None

    def _asked_for_token(self, request: Request, raw: bytes, noted: Noted) -> tuple[dict[str, str], str]:
        """The fields, and the program they are from. Raises `Invalid`."""
        told = parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)
        given = dict(told)
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        noted.wrong += [f"media type {media!r}"] if media != FORM else []
        noted.wrong += [f"unknown field {name!r}" for name in given.keys() - self.manner.redeemed_with]
        noted.wrong += ["a field is repeated"] if len(given) != len(told) else []
        noted.wrong += ["secrets in the address"] if request.url.query else []
        if noted.wrong:
            raise Invalid("invalid_request", "; ".join(noted.wrong), number=900144)
        basic = _basic(request)
        client_id, secret = basic or (given.get("client_id", ""), given.get("client_secret", ""))
        return given, self.desk.tokens.client(client_id, secret).id

    def _named_grant(self, given: Mapping[str, str]) -> Grant | None:
        tokens = self.desk.tokens
        held = tokens.codes.get(given.get("code", "")) or tokens.refreshes.get(given.get("refresh_token", ""))
        return held.grant if held else None

    def _told(self, given: Mapping[str, str], client_id: str, base: str) -> dict[str, Any]:
        """Raises `Invalid`."""
        tokens = self.desk.tokens
        match given.get("grant_type"):
            case "authorization_code":
                grant = tokens.redeem(
                    given.get("code", ""),
                    client_id=client_id,
                    redirect_uri=given.get("redirect_uri", ""),
                    verifier=given.get("code_verifier", ""),
                )
                following = tokens.give_refresh(grant) if grant.offline else None
            case "refresh_token":
                grant, following = tokens.refresh(given.get("refresh_token", ""), client_id=client_id)
                self._within(given, grant)
            case other:
                raise Invalid("unsupported_grant_type", f"Invalid grant_type: {other}", number=70003)
        given_out = {"access_token": tokens.give_access(grant)}
        given_out |= {"refresh_token": following} if following else {}
        return self.manner.told(grant, base, given_out, first="code" in given)

    def _within(self, given: Mapping[str, str], grant: Grant) -> None:
        """A refresh may ask for less, never for more (RFC 6749 6)."""
        wanted = {self.manner.scope(one) for one in given.get("scope", "").split()}
        if not wanted <= grant.scopes:
            words = "The user or administrator has not consented to use the application."
            raise Invalid("invalid_grant", words, number=65001)


def _basic(request: Request) -> tuple[str, str] | None:
    """Client id and secret from the header, where they are there (RFC 6749 2.3.1)."""
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = b64decode(told, validate=True).decode().partition(":")
    except ValueError:
        return None
    return unquote(client_id), unquote(secret)


def _back(asked: Asked, told: Mapping[str, str]) -> Response:
    parts = urlsplit(asked.redirect_uri)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *told.items(), ("state", asked.state)]
    return RedirectResponse(urlunsplit(parts._replace(query=urlencode(query))), status_code=303)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
