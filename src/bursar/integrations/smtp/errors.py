"""What a reply means for the letter: a table, read from the top, the first line that fits wins.

The question behind each line is *about whom* the server speaks. About the recipient or the message:
REJECTED. About us (who signs in, what the account may send): REFUSED, and the recipient is innocent.
About this moment: DEFERRED. A quarrel about the dialogue itself, before the hand-over: ERROR.
Sources: RFC 5321 4.2, RFC 3463, RFC 4954 6, R95, R98, and the replies Gmail and Microsoft document.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bursar.core.errors import N_
from bursar.integrations.smtp.protocol import Reply
from bursar.outbox.ports import Result


class Stage(StrEnum):
    """How far the dialogue had come when the reply arrived, or did not."""

    CONNECT = "connect"
    EHLO = "ehlo"
    TLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"  # the terminating dot may have left: from here on silence means UNKNOWN


SIGNING_IN = frozenset({Stage.CONNECT, Stage.EHLO, Stage.TLS, Stage.AUTH})
ANY = frozenset(Stage)
LETTER = ANY - SIGNING_IN


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; an empty pattern fits all."""

    stages: frozenset[Stage]
    code: str
    enhanced: str
    text: str
    result: Result

    def fits(self, stage: Stage, reply: Reply) -> bool:
        """Patterns are prefixes, separated by blanks; `text` is a regular expression."""
        return (
            stage in self.stages
            and str(reply.code).startswith(tuple(self.code.split()) or "")
            and _has_prefix(reply.enhanced, self.enhanced)
            and (not self.text or re.search(self.text, reply.text, re.IGNORECASE) is not None)
        )


S, R = Stage, Result
# fmt: off
TABLE = (
    #    at                       code               enhanced                text                 means
    Line(ANY,                     "4",               "",                     "",                  R.DEFERRED),
    Line(frozenset({S.AUTH}),     "5",               "",                     "",                  R.REFUSED),
    Line(ANY,                     "530 534 535 538", "",                     "",                  R.REFUSED),
    Line(ANY,                     "5",               "5.7.",                 "",                  R.REFUSED),
    Line(SIGNING_IN,              "5",               "",                     "",                  R.ERROR),
    Line(LETTER,                  "5",               "5.4.5",                "",                  R.REFUSED),
    Line(LETTER,                  "5",               "",                     "submission ?quota",   R.REFUSED),
    Line(LETTER,                  "5",               "5.1.7 5.1.8",          "",                  R.REFUSED),
    Line(LETTER,                  "500 502 503 504 555", "",                 "",                  R.ERROR),
    Line(LETTER,                  "5",               "5.5.1 5.5.2 5.5.4",    "",                  R.ERROR),
    Line(frozenset({S.MAIL}),     "552",             "",                     "",                  R.REJECTED),
    Line(frozenset({S.MAIL}),     "5",               "5.3.4 5.6.",           "",                  R.REJECTED),
    Line(frozenset({S.MAIL}),     "5",               "",                     "",                  R.REFUSED),
    Line(LETTER,                  "5",               "",                     "",                  R.REJECTED),
)
# fmt: on


def judge(stage: Stage, reply: Reply) -> Result:
    """What `reply` at `stage` makes of the letter. Nonsense is UNKNOWN once the body is out, ERROR before."""
    if stage is Stage.BODY and reply.code // 100 == 2:
        return Result.ACCEPTED
    for line in TABLE:
        if line.fits(stage, reply):
            return line.result
    return Result.UNKNOWN if stage is Stage.BODY else Result.ERROR


def _has_prefix(enhanced: str | None, prefixes: str) -> bool:
    """5.1.7 fits "5.1.7" but not "5.1.71"; a prefix that ends in a dot fits everything below it."""
    if not prefixes:
        return True
    return enhanced is not None and any(
        enhanced == prefix or (prefix.endswith(".") and enhanced.startswith(prefix))
        for prefix in prefixes.split()
    )


# Our own words for what goes wrong before a letter is named: the server's are not repeated (R136).
WORDS: dict[str, str] = {
    "host": N_("The host of this account may not be used. Check its name and port."),
    "unreachable": N_("The mail server could not be reached."),
    "slow": N_("The mail server took too long to answer."),
    "lost": N_("The connection to the mail server was lost."),
    "not_smtp": N_("The answer did not come from a mail server."),
    Stage.CONNECT: N_("The mail server does not want to talk to us."),
    Stage.EHLO: N_("The mail server refused our greeting."),
    "no_tls": N_("The mail server offers no encryption. Choose another port or host."),
    "plain": N_("Only a server inside your own network may be reached without encryption."),
    "certificate": N_("The certificate of the mail server is not valid for this host."),
    Stage.TLS: N_("An encrypted connection to the mail server could not be made."),
    "no_auth": N_("The mail server offers no way of signing in that we know."),
    Stage.AUTH: N_("The mail server refused the sign-in. Check user name and password."),
    "basic_auth_off": N_(
        "This mailbox no longer accepts passwords for sending. Connect it with Microsoft sign-in, "
        "or ask its administrator to allow SMTP AUTH."
    ),
    "bad_sender": N_("The sending address of this account cannot be used in an envelope."),
    "bad_recipient": N_("This address cannot be used in an envelope."),
    "no_utf8": N_("The mail server cannot carry addresses with letters outside ASCII."),
    "not_7bit": N_("This message cannot be rewritten for a mail server that carries only ASCII."),
    "ended": N_("There was no time left for this letter."),
}


def words_for(stage: Stage, reply: Reply) -> str:
    """What people are told of a refused sign-in; Microsoft's end of passwords gets its own advice (R95)."""
    if stage is Stage.AUTH and reply.enhanced in {"5.7.30", "5.7.139"}:
        return WORDS["basic_auth_off"]
    return WORDS[stage]
