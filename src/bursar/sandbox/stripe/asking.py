"""Whose request it is and what it asks for, before anything is done about it."""

from base64 import b64decode
from typing import Any

from starlette.requests import Request

from bursar.sandbox.stripe.contract import Operation
from bursar.sandbox.stripe.form import nested, read
from bursar.sandbox.stripe.ledger import Ledger
from bursar.sandbox.stripe.refusing import Refusal
from bursar.sandbox.stripe.world import World

FORM = "application/x-www-form-urlencoded"


def holder(world: World, request: Request) -> Ledger:
    """By Basic with the key as the user, or by Bearer. Raises `Refusal`."""
    key = _key(request.headers.get("authorization", ""))
    if not key:
        raise Refusal("authentication", is_kept=False)
    ledger = world.of_key(key)
    if ledger is None:
        shown = f"{key[:8]}{'*' * 8}{key[-4:]}"
        raise Refusal("api_key_invalid", f"Invalid API Key provided: {shown}", is_kept=False)
    if ledger.revoked:
        raise Refusal("api_key_expired", is_kept=False)
    return ledger


def check_headers(world: World, request: Request, ledger: Ledger) -> None:
    """Raises `Refusal` for another version, or another account than the key's."""
    version = request.headers.get("stripe-version", world.contract.version)
    if version != world.contract.version:
        words = f"Invalid Stripe API version: {version}. This is {world.contract.version}."
        raise Refusal("bad_version", words, is_kept=False)
    if request.headers.get("stripe-account", ledger.account["id"]) != ledger.account["id"]:
        raise Refusal("account_invalid", is_kept=False)


def params(request: Request, operation: Operation, raw: bytes) -> dict[str, Any]:
    """Raises `Refusal`."""
    if operation.method == "GET":
        if raw:
            raise Refusal("bad_request", "A GET has no body.", is_kept=False)
        return read(operation.params, nested(request.url.query))
    media = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if raw and media != FORM:
        words = f"Invalid request: parameters are sent as {FORM}, not as {media}."
        raise Refusal("bad_request", words, is_kept=False)
    if request.url.query:
        raise Refusal("bad_request", "Parameters of a POST belong into its body.", is_kept=False)
    try:
        return read(operation.params, nested(raw.decode()))
    except UnicodeDecodeError:
        raise Refusal("bad_request", "The body is no UTF-8.", is_kept=False) from None


def _key(told: str) -> str:
    scheme, _, given = told.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        user, _, _ = b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        return ""
    return user
