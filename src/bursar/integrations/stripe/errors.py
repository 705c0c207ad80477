"""What an answer of Stripe's that is none of its objects means for us: a table, the first line that fits wins.

Sources: Stripe, "Errors", "Idempotent requests" and "Rate limits"; notes of the contract. An answer is only a refusal
where Stripe says that it will not do it. After 409 (the same key is at work), 424 and 5xx nobody knows; asked again
under the same key, Stripe gives the answer that it had or does what it had not done.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from bursar.billing.tills.ports import TillError, TillRefused, TillThrottled, TillUnauthorised, TillUnsure
from bursar.core.errors import N_

WORDS = {
    "no_key": N_("This is no secret key of Stripe's. It begins with sk_ or rk_."),
    "signed_out": N_("Stripe does not let this key do what is needed. Give a new one."),
    "slow_down": N_("Stripe asked to wait. We try again."),
    "refused": N_("Stripe refused this."),
    "between_units": N_("Stripe does not take this amount in this currency: it must be rounder."),
    "unknown_currency": N_("Stripe named a currency that we do not know."),
    "lost": N_("Stripe gave no answer. We ask again."),
    "trouble": N_("Stripe had trouble of its own and did not say what became of it. We ask again."),
    "nonsense": N_("Stripe's answer could not be read. We ask again."),
}
LONGEST_TEXT = 300
LONGEST_WAIT_S = 24 * 3600
SECRET = re.compile(r"\b(?:sk|rk|whsec|pk)_[^\s,;]+")


class Line(NamedTuple):
    """`kind` and `code` are regular expressions over the error's `type` and `code`; an empty one fits all."""

    lowest: int
    highest: int
    kind: str
    code: str
    means: type[TillError]
    words: str | None  # None: Stripe's own

    def fits(self, status: int, kind: str, code: str) -> bool:
        return (
            self.lowest <= status <= self.highest
            and re.search(self.kind, kind) is not None
            and re.search(self.code, code) is not None
        )


# fmt: off
TABLE = (
    #    HTTP      type                  code                       means             words
    Line(400, 499, "",                   "^(rate_limit|lock_timeout)$", TillThrottled,   "slow_down"),
    Line(429, 429, "",                   "",                        TillThrottled,    "slow_down"),
    Line(400, 499, "",                   "^idempotency_key_in_use$", TillUnsure,      "trouble"),
    Line(401, 401, "",                   "",                        TillUnauthorised, "signed_out"),
    Line(403, 403, "",                   "",                        TillUnauthorised, "signed_out"),
    Line(400, 499, "",                   "api_key_expired|secret_key",  TillUnauthorised, "signed_out"),
    Line(408, 409, "",                   "",                        TillUnsure,       "trouble"),
    Line(424, 425, "",                   "",                        TillUnsure,       "trouble"),
    Line(400, 499, "",                   "",                        TillRefused,      None),
)
# fmt: on


def judge(status: int | None, body: object, headers: Mapping[str, str] | None) -> TillError:
    """The error to raise. `body` is the answer, parsed; what the table does not know was perhaps done."""
    error = _error(body)
    kind, code = str(error.get("type") or ""), str(error.get("code") or "")
    known = code or kind or f"http_{status}"
    for line in TABLE:
        if status is not None and line.fits(status, kind, code):
            text = WORDS[line.words] if line.words else _said(error)
            if line.means is TillThrottled:
                return TillThrottled(text, code=known, retry_after=_retry_after(headers))
            return line.means(text, code=known)
    return TillUnsure(WORDS["trouble"], code=known)


def _error(body: object) -> Mapping[str, Any]:
    found = body.get("error") if isinstance(body, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _said(error: Mapping[str, Any]) -> str:
    """Stripe's words: they name what to change. No key in them goes further, and no essay."""
    text = SECRET.sub("…", " ".join(str(error.get("message") or "").split()))
    return text[:LONGEST_TEXT] or WORDS["refused"]


def _retry_after(headers: Mapping[str, str] | None) -> float | None:
    """In seconds; Stripe names no dates."""
    text = (headers or {}).get("retry-after", "").strip()
    if not re.fullmatch(r"[0-9]{1,8}(\.[0-9]{1,6})?", text):
        return None
    return min(max(float(text), 1.0), LONGEST_WAIT_S)
