"""Microsoft's sign-in, as login.microsoftonline.com (v2.0) shows it to a web application."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bursar.sandbox.cloud.tokens import Grant, Invalid
from bursar.sandbox.identity.manners import Permission
from bursar.sandbox.identity.signing import Signer

GRAPH = "https://graph.microsoft.com/"
TENANT = "72f988bf-0000-4000-8000-2d7cd011db47"
PLAIN = frozenset({"openid", "email", "profile", "offline_access"})


@dataclass
class Microsoft:
    signer: Signer = field(default_factory=Signer)
    title: str = "Microsoft"
    authorise_path: str = "/{tenant}/oauth2/v2.0/authorize"
    answer_path: str = "/{tenant}/oauth2/v2.0/authorize/answer"
    token_path: str = "/{tenant}/oauth2/v2.0/token"
    permissions: Mapping[str, Permission] = field(
        default_factory=lambda: {
            "openid": Permission("Sign you in", silent=True),
            "email": Permission("View your email address", silent=True),
            "profile": Permission("View your basic profile", silent=True),
            "offline_access": Permission("Maintain access to data you have given it access to", silent=True),
            f"{GRAPH}User.Read": Permission("Sign you in and read your profile", silent=True),
            f"{GRAPH}Mail.Send": Permission("Send mail as you"),
            f"{GRAPH}Mail.ReadBasic": Permission("Read the headers of your mail"),
            f"{GRAPH}Mail.Read": Permission("Read your mail"),
            f"{GRAPH}Mail.ReadWrite": Permission("Read and write access to your mail"),
        }
    )
    asked_with: frozenset[str] = frozenset(
        {
            "client_id",
            "redirect_uri",
            "response_type",
            "response_mode",
            "scope",
            "state",
            "code_challenge",
            "code_challenge_method",
            "nonce",
            "prompt",
            "login_hint",
            "domain_hint",
        }
    )
    redeemed_with: frozenset[str] = frozenset(
        {
            "grant_type",
            "client_id",
            "client_secret",
            "code",
            "code_verifier",
            "redirect_uri",
            "refresh_token",
            "scope",
        }
    )

    def scope(self, told: str) -> str:
        """Those of Graph may be named without it."""
        return told if told in PLAIN or told.startswith("https://") else f"{GRAPH}{told}"

    def is_offline(self, told: Mapping[str, str], scopes: tuple[str, ...]) -> bool:  # noqa: ARG002  Google's needs both
        return "offline_access" in scopes

    def comes_back(self, base: str, granted: tuple[str, ...]) -> dict[str, str]:  # noqa: ARG002  Google says both
        return {"session_state": str(uuid4())}

    def denied(self) -> dict[str, str]:
        words = "AADSTS65004: User declined to consent to access the app."
        return {"error": "access_denied", "error_subcode": "cancel", "error_description": words}

    def told(self, grant: Grant, base: str, tokens: Mapping[str, str], *, first: bool) -> dict[str, Any]:  # noqa: ARG002  Google's depends on it
        scopes = sorted(grant.scopes - PLAIN)
        answer: dict[str, Any] = {"token_type": "Bearer", "scope": " ".join(scopes)}
        answer |= {"expires_in": 3600, "ext_expires_in": 3600, **tokens}
        if "openid" in grant.scopes:
            answer["id_token"] = self.signer.signed(self._claims(grant, base))
        return answer

    def refused(self, invalid: Invalid) -> dict[str, Any]:
        trace, correlation = str(uuid4()), str(uuid4())
        at = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        number = invalid.number or 9002313
        words = (
            f"AADSTS{number}: {invalid.why} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}"
        )
        return {
            "error": invalid.error,
            "error_description": words,
            "error_codes": [number],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={number}",
        }

    def _claims(self, grant: Grant, base: str) -> dict[str, Any]:
        now = int(time.time())
        digest = sha256(grant.mailbox.lower().encode()).digest()
        claims = {
            "ver": "2.0",
            "iss": f"{base}/{TENANT}/v2.0",
            "tid": TENANT,
            "sub": digest[:16].hex(),
            "oid": str(UUID(bytes=digest[16:])),
            "aud": grant.client_id,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
        }
        claims |= {"nonce": grant.nonce} if grant.nonce else {}
        claims |= {"preferred_username": grant.mailbox} if "profile" in grant.scopes else {}
        return claims | ({"email": grant.mailbox} if "email" in grant.scopes else {})

    def routes(self) -> list[Route]:
        """GET the keys · GET logout. There is no address to revoke a token at: people do it in their account."""

        async def keys(_: Request) -> Response:
            return JSONResponse(self.signer.public())

        async def logout(_: Request) -> Response:
            return PlainTextResponse("You signed out of your account.")

        return [
            Route("/{tenant}/discovery/v2.0/keys", keys),
            Route("/{tenant}/oauth2/v2.0/logout", logout),
        ]
