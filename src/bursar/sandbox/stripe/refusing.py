"""How Stripe says no: `{"error": {…}}` with a type, often a code, and the parameter that is meant."""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """`name` is one of the contract's errors; `words` replace its message. `retry_after` is in seconds.

    `is_kept`: whether the answer is kept under the request's idempotency key. What never began to be carried out
    (a parameter that is wrong, a limit, a twin in hand) is not.
    """

    def __init__(
        self,
        name: str,
        words: str | None = None,
        *,
        param: str | None = None,
        retry_after: float | None = None,
        is_kept: bool = True,
    ) -> None:
        super().__init__(name, words)
        self.name, self.words, self.param = name, words, param
        self.retry_after, self.is_kept = retry_after, is_kept


def missing(kind: str, told: str, *, param: str = "id", other_mode: str = "") -> Refusal:
    """There is no such object in this mode of this account."""
    words = f"No such {kind}: '{told}'"
    if other_mode:
        words += f"; a similar object exists in {other_mode} mode, but another mode's key was used."
    return Refusal("resource_missing", words, param=param)


def body(error: Mapping[str, Any], refusal: Refusal, request_id: str) -> dict[str, Any]:
    told = {key: error[key] for key in ("type", "code") if key in error}
    told["message"] = refusal.words or error["message"]
    if refusal.param:
        told["param"] = refusal.param
    if "code" in told:
        told["doc_url"] = f"https://stripe.com/docs/error-codes/{told['code'].replace('_', '-')}"
    told["request_log_url"] = f"https://dashboard.stripe.com/logs/{request_id}"
    return {"error": told}
