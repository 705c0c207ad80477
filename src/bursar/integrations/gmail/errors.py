"""What an answer of Gmail's means for the letter it is about: a table, the first line that fits wins.

Sources: Gmail's "Resolve errors", its quota pages, R93, T21, T22. A 5xx that Google does not call untouched leaves the
letter in doubt (lifecycle 10): 503 says by its meaning that the request was not handled (RFC 9110, 15.6.4).
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bursar.integrations.oauth.api import Answer
from bursar.integrations.oauth.carrying import WORDS, Verdict, throttled
from bursar.outbox.ports import Result

R = Result
RETRY_AFTER = re.compile(r"Retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)", re.IGNORECASE)


class Line(NamedTuple):
    """`reason` and `message` are regular expressions over the error's reasons and its text; an empty one fits all."""

    status: int
    reason: str
    message: str
    result: Result
    enhanced: str | None
    words: str

    def fits(self, status: int, reasons: str, message: str) -> bool:
        return (
            status == self.status
            and re.search(self.reason, reasons, re.IGNORECASE) is not None
            and re.search(self.message, message, re.IGNORECASE) is not None
        )


# fmt: off
TABLE = (
    #    HTTP reason                               its text                     means
    Line(400, "failed_?precondition",              "",                          R.REFUSED,  "5.7.1", "not_by_rules"),
    Line(400, "",                                  "recipient|invalid (to|cc)", R.REJECTED, "5.1.3", "no_recipient"),
    Line(400, "",                                  "too large|size",            R.REJECTED, "5.3.4", "too_large"),
    Line(400, "",                                  "",                          R.REJECTED, None,    "not_taken"),
    Line(401, "",                                  "",                          R.REFUSED,  "5.7.8", "signed_out"),
    Line(403, "ratelimit",                         "",                          R.DEFERRED, None,    "slow_down"),
    Line(403, "dailylimit|quotaexceeded",          "",                          R.REFUSED,  "5.4.5", "no_more_today"),
    Line(403, "insufficientperm|scope_insufficient", "",                        R.REFUSED,  "5.7.8", "signed_out"),
    Line(403, "",                                  "insufficient .*(scope|perm)", R.REFUSED, "5.7.8", "signed_out"),
    Line(403, "",                                  "",                          R.REFUSED,  "5.7.1", "not_by_rules"),
    Line(413, "",                                  "",                          R.REJECTED, "5.3.4", "too_large"),
    Line(429, "",                                  "sending limit|daily",       R.REFUSED,  "5.4.5", "no_more_today"),
    Line(429, "",                                  "",                          R.DEFERRED, None,    "slow_down"),
    Line(503, "",                                  "",                          R.ERROR,    None,    "busy"),
)
# fmt: on


def judge(answer: Answer, now: datetime) -> Verdict:
    """A refusal as the table has it; whatever it does not know was perhaps taken."""
    error = answer.told.get("error")
    reasons, message = _said(error if isinstance(error, dict) else {})
    for line in TABLE:
        if line.fits(answer.status, reasons, message):
            if line.result is Result.DEFERRED:
                return throttled(answer.retry_after(now) or _until(message, now))
            return Verdict(line.result, str(answer.status), line.enhanced, WORDS[line.words])
    if 400 <= answer.status < 500:
        return Verdict(Result.REJECTED, str(answer.status), text=WORDS["not_taken"])
    return Verdict(Result.UNKNOWN, str(answer.status), text=WORDS["trouble"])


def _said(error: dict[str, Any]) -> tuple[str, str]:
    """Both generations of Google's errors: a list with reasons, and details with a reason each; and the status."""
    each = [*_dicts(error.get("errors")), *_dicts(error.get("details"))]
    reasons = [str(one["reason"]) for one in each if "reason" in one]
    return " ".join([*reasons, str(error.get("status", ""))]), str(error.get("message", ""))


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _until(message: str, now: datetime) -> timedelta | None:
    """Gmail says in words from when on it listens again."""
    found = RETRY_AFTER.search(message)
    if found is None:
        return None
    until = datetime.fromisoformat(found[1].removesuffix("Z")).replace(tzinfo=UTC)
    return min(max(until - now, timedelta(seconds=1)), timedelta(days=1))
