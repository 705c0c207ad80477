"""Delivery reports: what a server says became of a message of ours (RFC 3464; R98-R100).

The table of codes is R98's. What it does not name is judged by what the server wrote beside it; where that is not
plain either, the verdict is *unclear*: nobody is suppressed, and an agent sees the report.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bursar.outbox.incoming.decoding import shown
from bursar.outbox.incoming.mail import Headers, Part, read_headers
from bursar.outbox.states import Verdict

MOST_RECIPIENTS = 50
LONGEST_DIAGNOSTIC = 1_000  # characters


@dataclass(frozen=True, slots=True)
class Fate:
    """What is said of one recipient. Addresses are bare and in lower case; `status` is RFC 3463's code."""

    recipient: str
    original: str
    action: str
    status: str
    diagnostic: str
    verdict: Verdict


HARD = frozenset({"5.1.1", "5.1.2", "5.1.10", "5.4.4"})
FULL = "5.2.2"
_ACTIONS = {
    "delayed": Verdict.DELAYED,
    "delivered": Verdict.DELIVERED,
    "relayed": Verdict.PASSED_ON,
    "expanded": Verdict.PASSED_ON,
}
_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<!\d)([45]\d\d)(?!\d)")
_NOBODY = re.compile(
    r"user unknown|unknown user|no such (?:user|recipient|mailbox|person)|unknown recipient|recipient unknown|"
    r"no mailbox here by that name|user (?:does not|doesn't) exist|"
    r"(?:address|mailbox|account|recipient) (?:does not|doesn't) exist|recipient not found|user not found|"
    r"invalid recipient|"
    r"unbekannter (?:empfänger|benutzer)|utilisateur inconnu|destinataire inconnu",
    re.IGNORECASE,
)
_TOO_FULL = re.compile(
    r"mailbox (?:is )?full|over ?quota|quota exceeded|exceeded (?:its |the )?(?:storage )?quota|"
    r"postfach (?:ist )?voll|bo[iî]te (?:aux lettres )?pleine",
    re.IGNORECASE,
)
_STILL_TRYING = re.compile(
    r"will (?:keep|continue) trying|(?:is|been|was) delayed|delivery (?:is )?delayed|"
    r"delay(?:ed)? (?:mail|message|notification)|"
    r"not yet been delivered|still undelivered|you do not need to resend|could not send message for past|"
    r"verzögert|retardé|retrasado|עוכב|تأخر",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9.!#$%&'*+/=?^_`{|}~-])([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}[A-Za-z0-9])"
)
_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_COPIES = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global-headers",
)
_COPY_BELOW = re.compile(
    r"^[\s>*-]*(?:this is a copy of (?:the|your) message|below this line is a copy|(?:original|returned) message|"
    r"message headers follow|the (?:body|header) of (?:the|your) message)",
    re.IGNORECASE | re.MULTILINE,
)


def fates_of(mail: Part) -> list[Fate]:
    """What a report in the standard's form says of each recipient; nothing if it is in none."""
    for part in mail.walk():
        if part.type in _STATUS_TYPES:
            return list(_told(shown(part.text)))
    return []


def has_status(mail: Part) -> bool:
    return any(part.type in _STATUS_TYPES for part in mail.walk())


def copy_of(mail: Part) -> Part | None:
    """The head of what was returned: the message of ours, if its server kept it whole."""
    for part in mail.walk():
        if part.type in _COPIES and part.parts:
            return part.parts[0]
    return None


def fates_in_words(text: str) -> list[Fate]:
    """What a report in words alone says: each address before the copy, with what stands around it.

    Old servers (qmail, Exim) and some gateways write no other. The words only tell *how*; that it is about a
    message of ours must be known from that message's own id.
    """
    copy = _COPY_BELOW.search(text)
    above = text[: copy.start() if copy else 8_000][:8_000]
    action = "delayed" if _STILL_TRYING.search(above) else "failed"
    found: dict[str, Fate] = {}
    places = list(_ADDRESS.finditer(above))[:MOST_RECIPIENTS]
    for nth, place in enumerate(places):
        until = places[nth + 1].start() if nth + 1 < len(places) else len(above)
        words = " ".join(above[place.end() : until].split())[:LONGEST_DIAGNOSTIC]
        address = place[1].lower()
        if address not in found or not _CODE.search(found[address].diagnostic):
            found[address] = Fate(address, "", action, "", words, judge(action, "", words))
    return list(found.values())


def judge(action: str, status: str, diagnostic: str) -> Verdict:
    """R98's table. `status` is empty where none was given or it could not be read."""
    if action in _ACTIONS:
        verdict = _ACTIONS[action]
        good = verdict in (Verdict.DELIVERED, Verdict.PASSED_ON)
        return Verdict.UNCLEAR if good and status[:1] in ("4", "5") else verdict
    if action != "failed":
        return Verdict.UNCLEAR
    codes = [code for code in (status, code_in(diagnostic)) if code and not code.endswith(".0.0")]
    if codes:
        verdicts = {_of_code(code, diagnostic) for code in codes}
        return verdicts.pop() if len(verdicts) == 1 else Verdict.UNCLEAR
    return _by_words(status, diagnostic)


def _of_code(code: str, diagnostic: str) -> Verdict:
    if code in HARD:
        return Verdict.HARD
    if code.startswith("5.7."):
        return Verdict.POLICY
    if code == FULL or code.startswith("4."):
        return Verdict.SOFT
    if code.startswith("5.1.") and _NOBODY.search(diagnostic):
        return Verdict.HARD
    return Verdict.UNCLEAR


def _by_words(status: str, diagnostic: str) -> Verdict:
    """A general code (5.0.0) or none: the server's words, if they can mean one thing only."""
    reply = _REPLY.search(diagnostic)
    final = status.startswith("5") or (reply is not None and reply[1].startswith("5"))
    if status.startswith("4") or (not status and reply is not None and reply[1].startswith("4")):
        return Verdict.SOFT
    nobody, full = _NOBODY.search(diagnostic), _TOO_FULL.search(diagnostic)
    if final and nobody and not full:
        return Verdict.HARD
    if full and not nobody:
        return Verdict.SOFT
    return Verdict.UNCLEAR


def code_in(text: str) -> str:
    """The first enhanced code in a server's words, or nothing; an address of a network is none."""
    found = _CODE.search(text)
    return ".".join(found.groups()) if found else ""


def _told(text: str) -> Iterator[Fate]:
    """The blocks of a delivery-status part: one about the message, then one a recipient.

    Some servers leave the first one out, or part the lines of a block by blank ones: a block without a
    recipient and without a verdict says nothing of anybody.
    """
    many = 0
    for block in re.split(r"\n[ \t]*\n", text.strip("\n")):
        fields = read_headers(block.encode())
        if not ("final-recipient" in fields or "original-recipient" in fields or "action" in fields):
            continue
        many += 1
        if many > MOST_RECIPIENTS:
            return
        yield _fate(fields)


def _fate(fields: Headers) -> Fate:
    def field(name: str) -> str:
        return fields.get(name, ("",))[0]

    words = field("action").split()
    action = words[0].strip("();,.").lower() if words else ""
    status = code_in(field("status"))
    diagnostic = _untyped(field("diagnostic-code"))[:LONGEST_DIAGNOSTIC]
    return Fate(
        recipient=address_of(field("final-recipient")),
        original=address_of(field("original-recipient")),
        action=action[:20],
        status=status,
        diagnostic=diagnostic,
        verdict=judge(action, status, diagnostic),
    )


def address_of(value: str) -> str:
    """The bare address of `rfc822; <someone@example.com>`, in lower case."""
    return _untyped(value).strip().strip("<>").lower()[:320]


def _untyped(value: str) -> str:
    kind, mark, rest = value.partition(";")
    return rest.strip() if mark and re.fullmatch(r"\s*[\w-]{1,30}\s*", kind) else value.strip()
