"""Google's sign-in, as accounts.google.com and oauth2.googleapis.com show it to a web application."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bursar.sandbox.cloud.desk import Desk
from bursar.sandbox.cloud.tokens import Grant, Invalid, Stale
from bursar.sandbox.identity.manners import Permission
from bursar.sandbox.identity.signing import Signer

AUTH = "https://www.googleapis.com/auth/"
SHORT = {"email": f"{AUTH}userinfo.email", "profile": f"{AUTH}userinfo.profile"}


@dataclass
class Google:
    signer: Signer = field(default_factory=Signer)
    title: str = "Google"
    authorise_path: str = "/o/oauth2/v2/auth"
    answer_path: str = "/o/oauth2/v2/auth/answer"
    token_path: str = "/token"
    permissions: Mapping[str, Permission] = field(
        default_factory=lambda: {
            "openid": Permission("Know who you are", silent=True),
            f"{AUTH}userinfo.email": Permission("See your address", silent=True),
            f"{AUTH}userinfo.profile": Permission("See your name", silent=True),
            f"{AUTH}gmail.send": Permission("Send email on your behalf"),
            f"{AUTH}gmail.compose": Permission("Manage drafts and send emails"),
            f"{AUTH}gmail.readonly": Permission("View your email messages and settings"),
            f"{AUTH}gmail.metadata": Permission("View labels and headers, but not the text of messages"),
            f"{AUTH}gmail.modify": Permission("Read, compose, and send emails"),
            f"{AUTH}gmail.settings.basic": Permission("See and edit your mail settings"),
            "https://mail.google.com/": Permission(
                "Read, compose, send, and permanently delete all your email"
            ),
        }
    )
    asked_with: frozenset[str] = frozenset(
        {
            "client_id",
            "redirect_uri",
            "response_type",
            "scope",
            "state",
            "code_challenge",
            "code_challenge_method",
            "nonce",
            "access_type",
            "prompt",
            "login_hint",
            "include_granted_scopes",
            "hd",
            "hl",
        }
    )
    redeemed_with: frozenset[str] = frozenset(
        {"grant_type", "client_id", "client_secret", "code", "code_verifier", "redirect_uri", "refresh_token"}
    )

    def scope(self, told: str) -> str:
        return SHORT.get(told, told)

    def is_offline(self, told: Mapping[str, str], scopes: tuple[str, ...]) -> bool:  # noqa: ARG002  Microsoft's needs both
        return told.get("access_type") == "offline"

    def comes_back(self, base: str, granted: tuple[str, ...]) -> dict[str, str]:
        return {"iss": base, "scope": " ".join(granted), "authuser": "0", "prompt": "consent"}

    def denied(self) -> dict[str, str]:
        return {"error": "access_denied"}

    def told(self, grant: Grant, base: str, tokens: Mapping[str, str], *, first: bool) -> dict[str, Any]:
        answer: dict[str, Any] = {
            **tokens,
            "expires_in": 3599,
            "scope": " ".join(sorted(grant.scopes)),
            "token_type": "Bearer",
        }
        if first and grant.offline:
            answer["refresh_token_expires_in"] = 604_799
        if "openid" in grant.scopes:
            answer["id_token"] = self.signer.signed(self._claims(grant, base))
        return answer

    def refused(self, invalid: Invalid) -> dict[str, Any]:
        return {"error": invalid.error, "error_description": invalid.why}

    def _claims(self, grant: Grant, base: str) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": base, "azp": grant.client_id, "aud": grant.client_id, "iat": now, "exp": now + 3600}
        claims |= {"nonce": grant.nonce} if grant.nonce else {}
        return {**claims, **person(grant)}

    def routes(self, desk: Desk) -> list[Route]:
        """POST /revoke · GET /v1/userinfo · GET /oauth2/v3/certs."""

        async def revoke(request: Request) -> Response:
            form = await request.form()
            token = str(form.get("token") or request.query_params.get("token", ""))
            if desk.tokens.revoke(token):
                return JSONResponse({})
            return JSONResponse(
                {"error": "invalid_token", "error_description": "Token expired or revoked"}, 400
            )

        async def userinfo(request: Request) -> Response:
            token = request.headers.get("authorization", "").partition(" ")[2]
            try:
                grant = desk.tokens.holder(token)
            except Stale:
                told = {"error": "invalid_request", "error_description": "Invalid Credentials"}
                return JSONResponse(told, 401)
            return JSONResponse(person(grant))

        async def keys(_: Request) -> Response:
            return JSONResponse(self.signer.public())

        return [
            Route("/revoke", revoke, methods=["POST"]),
            Route("/v1/userinfo", userinfo),
            Route("/oauth2/v3/certs", keys),
        ]


def person(grant: Grant) -> dict[str, Any]:
    """Who signed in, as far as the program may know it."""
    number = int.from_bytes(sha256(grant.mailbox.lower().encode()).digest()[:8])
    told: dict[str, Any] = {"sub": f"{number % 10**21:021}"}
    if f"{AUTH}userinfo.email" in grant.scopes:
        told |= {"email": grant.mailbox, "email_verified": True}
    return told
