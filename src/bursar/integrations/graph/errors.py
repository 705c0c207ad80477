"""What an answer of Microsoft Graph means for the letter it is about: a table, the first line that fits wins.

Sources: user-sendmail, Graph's throttling guide, R94, T22. 503 is its word for "busy, ask again after"; any other 5xx
leaves the letter in doubt (lifecycle 10).
"""

import re
from datetime import datetime
from typing import NamedTuple

from bursar.integrations.oauth.api import Answer
from bursar.integrations.oauth.carrying import WORDS, Verdict, throttled
from bursar.outbox.ports import Result

R = Result


class Line(NamedTuple):
    """`error` is a regular expression over the error's code; an empty one fits all."""

    status: int
    error: str
    result: Result
    enhanced: str | None
    words: str

    def fits(self, status: int, code: str) -> bool:
        return status == self.status and re.search(self.error, code, re.IGNORECASE) is not None


# fmt: off
TABLE = (
    #    HTTP error code                                    means
    Line(400, "recipient",                                  R.REJECTED, "5.1.3", "no_recipient"),
    Line(400, "size|toolarge",                              R.REJECTED, "5.3.4", "too_large"),
    Line(400, "exceededmessagelimit",                       R.REFUSED,  "5.4.5", "no_more_today"),
    Line(400, "sendasdenied",                               R.REFUSED,  "5.7.1", "not_by_rules"),
    Line(400, "",                                           R.REJECTED, None,    "not_taken"),
    Line(401, "",                                           R.REFUSED,  "5.7.8", "signed_out"),
    Line(403, "exceededmessagelimit",                       R.REFUSED,  "5.4.5", "no_more_today"),
    Line(403, "quotaexceeded",                              R.REFUSED,  "5.7.1", "full"),
    Line(403, "submissionblocked|suspend",                  R.REFUSED,  "5.7.1", "blocked"),
    Line(403, "sendasdenied",                               R.REFUSED,  "5.7.1", "not_by_rules"),
    Line(403, "accessdenied|authorization|privilege|scope", R.REFUSED,  "5.7.8", "signed_out"),
    Line(403, "",                                           R.REFUSED,  "5.7.1", "not_by_rules"),
    Line(404, "mailbox|resourcenotfound|user",              R.REFUSED,  "5.7.1", "not_by_rules"),
    Line(413, "",                                           R.REJECTED, "5.3.4", "too_large"),
    Line(429, "exceededmessagelimit",                       R.REFUSED,  "5.4.5", "no_more_today"),
    Line(429, "",                                           R.DEFERRED, None,    "slow_down"),
    Line(503, "",                                           R.DEFERRED, None,    "busy"),
)
# fmt: on


def judge(answer: Answer, now: datetime) -> Verdict:
    """A refusal as the table has it; whatever it does not know was perhaps taken."""
    error = answer.told.get("error")
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    for line in TABLE:
        if line.fits(answer.status, code):
            wait = answer.retry_after(now)
            if line.words == "slow_down":
                return throttled(wait)
            verdict = Verdict(line.result, str(answer.status), line.enhanced, WORDS[line.words])
            return verdict._replace(retry_after=wait) if line.result is Result.DEFERRED else verdict
    if 400 <= answer.status < 500:
        return Verdict(Result.REJECTED, str(answer.status), text=WORDS["not_taken"])
    return Verdict(Result.UNKNOWN, str(answer.status), text=WORDS["trouble"])
