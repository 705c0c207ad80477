"""What a message in a firm's mailbox is, and which message of ours it is about (R98-R102).

Pure, and never raises: a report first, then what machines say of themselves, else a person. What refers to none
of our messages is not ours to look at further; whether an id is really one of ours is the database's to say.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256

from bursar.outbox.incoming import reports
from bursar.outbox.incoming.decoding import QUOTE_MARK, shown, text_of_html, words_of
from bursar.outbox.incoming.mail import Headers, Part, open_mail, read_headers, subject_of
from bursar.outbox.incoming.quoting import cut_at
from bursar.outbox.incoming.reports import Fate
from bursar.outbox.states import IncomingClass as Kind

MOST_IDS = 40
LONGEST_HTML = 200_000  # characters


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message, read. `about` are ids of messages it refers to, the likeliest first; `why` decided its kind.

    `perhaps_automatic`: only its subject sounds like a machine's, which proves nothing. `key` is the same for the
    same message wherever and whenever it is read, and nobody can make another message have it.
    """

    kind: Kind
    why: str
    about: tuple[str, ...]
    fates: tuple[Fate, ...]
    from_address: str
    from_name: str
    subject: str
    text: str
    cut_at: int | None
    message_id: str
    date: datetime | None
    perhaps_automatic: bool
    key: str


_ID = re.compile(r"<([!-;=?A-~]{1,250}@[!-;=?A-~]{1,250})>")
OURS = re.compile(r"([0-9a-f]{32})\.[0-9a-f]{16}@[!-;=?A-~]{1,250}")
_OURS_IN_HEAD = re.compile(rb"[0-9a-f]{32}\.[0-9a-f]{16}@")
_FROM = re.compile(r"<([^<>@\s]{1,120}@[^<>@\s]{1,190})>")
_BARE = re.compile(r"([^<>@\s,;:\"()]{1,120}@[^<>@\s,;:\"()]{1,190})")
_SERVERS = re.compile(
    r"^(?:mailer-daemon|postmaster|mail-daemon|maildaemon|mdaemon|microsoftexchange[0-9a-f]*)@", re.IGNORECASE
)
_SOUNDS_AUTOMATIC = re.compile(
    r"^\W{0,3}(?:auto(?:matic)?[ -]?(?:reply|response)|out of (?:the )?office|automatische antwort|"
    r"abwesenheit(?:snotiz)?|"
    r"r[ée]ponse automatique|absence du bureau|respuesta autom[aá]tica|risposta automatica|automatisch antwoord|"
    r"תשובה אוטומטית|מענה אוטומטי|רد تلقائي|رد تلقائي|الرد التلقائي)",
    re.IGNORECASE,
)
_REPORTS_OF_READING = frozenset({"disposition-notification", "disposition-notification-report"})
_TEXT_REPORT = re.compile(
    r"undeliver|delivery (?:has )?fail|failure notice|delivery status notification|returned mail|"
    r"could not be delivered|"
    r"mail delivery (?:failed|system)|message (?:delayed|undeliverable)|delayed mail|warning: message|"
    r"unzustellbar|nicht zugestellt|non remis|échec de la remise|"
    r"non distribuable|לא ניתן למסירה|تعذر تسليم|لم يتم تسليم",
    re.IGNORECASE,
)


def wanted(head: bytes) -> bool:
    """Whether a message may concern us, by its head alone; the bodies of all others are never fetched.

    It names one of our ids, or is from a mail server (whose ids stand in the body).
    """
    if _OURS_IN_HEAD.search(head):
        return True
    headers = read_headers(head)
    kind = _first(headers, "content-type").lower()
    return "multipart/report" in kind or "delivery-status" in kind or _from_server(headers)


def read(raw: bytes) -> Incoming:
    """Whatever stands in a mailbox, understood as far as it can be."""
    mail = open_mail(raw)
    kind, why = _kind_of(mail)
    text = _text_of(mail)
    fates: list[Fate] = []
    if kind is Kind.REPORT:
        fates = reports.fates_of(mail) or reports.fates_in_words(text)
    subject = subject_of(mail)
    address, name = _sender(mail)
    cut = cut_at(text)
    text = text.replace(QUOTE_MARK, "")
    message_id = next(iter(_ids(mail.first("message-id"))), "")
    return Incoming(
        kind=kind,
        why=why,
        about=_about(mail, kind, text),
        fates=tuple(fates),
        from_address=address,
        from_name=name,
        subject=subject,
        text=text.rstrip(),
        cut_at=cut,
        message_id=message_id,
        date=_date(mail.first("date")),
        perhaps_automatic=kind is Kind.HUMAN and _SOUNDS_AUTOMATIC.match(subject) is not None,
        key=_key(message_id, mail.first("date"), address, subject, text),
    )


def _kind_of(mail: Part) -> tuple[Kind, str]:
    """The order of R101; the header that decided is the reason."""
    headers = mail.headers
    report = mail.parameters.get("report-type", "").lower() if mail.type == "multipart/report" else ""
    if report == "feedback-report" or any(one.type == "message/feedback-report" for one in mail.walk()):
        return Kind.COMPLAINT, "feedback-report"
    if report == "delivery-status" or reports.has_status(mail):
        return Kind.REPORT, "delivery-status"
    if report in _REPORTS_OF_READING or any(
        one.type == "message/disposition-notification" for one in mail.walk()
    ):
        return Kind.AUTO_REPLY, "disposition-notification"
    if mail.type == "multipart/report":
        return Kind.REPORT, "multipart/report"
    if _from_server(headers) and _TEXT_REPORT.search(f"{subject_of(mail)}\n{_text_of(mail)[:2_000]}"):
        return Kind.REPORT, "words of a mail server"
    automatic = _automatic(headers)
    return (Kind.AUTO_REPLY, automatic) if automatic else (Kind.HUMAN, "")


def _automatic(headers: Headers) -> str:
    """The header by which a machine says that it is one, or nothing."""
    submitted = _first(headers, "auto-submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return "auto-submitted"
    for name in ("x-autoreply", "x-autorespond", "x-auto-response-suppress"):
        if name in headers and _first(headers, name).strip().lower() not in ("no", "none", "false"):
            return name
    if _first(headers, "precedence").strip().lower() in ("auto_reply", "auto-reply", "bulk", "junk"):
        return "precedence"
    return "return-path" if _null_path(headers) else ""


def _null_path(headers: Headers) -> bool:
    return "return-path" in headers and _first(headers, "return-path").strip().replace(" ", "") in ("<>", "")


def _from_server(headers: Headers) -> bool:
    address = _address_in(_first(headers, "from"))
    return bool(_SERVERS.match(address)) or _null_path(headers) or "x-failed-recipients" in headers


def _about(mail: Part, kind: Kind, text: str) -> tuple[str, ...]:
    """Ids of messages it may be about. Of a returned message its own id alone: it refers to earlier ones too."""
    if kind in (Kind.REPORT, Kind.COMPLAINT):
        copy = reports.copy_of(mail)
        found = _ids(copy.first("message-id")) if copy else []
        for part in mail.walk():
            if part.type in ("message/delivery-status", "message/global-delivery-status"):
                found += [one[0] for one in OURS.finditer(_envelope_id(part))]
        found += _ids(mail.first("in-reply-to")) + _ids(mail.first("x-original-message-id"))
        if not found:
            found = [one[0] for one in OURS.finditer(_message_id_lines(text))][:1]
        found += _ids(mail.first("references"))[::-1][:1] if not found else []
    else:
        found = _ids(mail.first("in-reply-to")) + _ids(mail.first("references"))[::-1]
        if not found and kind is Kind.AUTO_REPLY:  # a receipt of reading names it in a part
            found = [one[0] for part in mail.walk() for one in OURS.finditer(_original_id(part))][:1]
    return tuple(dict.fromkeys(found))[:MOST_IDS]


def _envelope_id(part: Part) -> str:
    return _first(read_headers(part.octets[:8_000]), "original-envelope-id")


def _original_id(part: Part) -> str:
    if part.type != "message/disposition-notification":
        return ""
    return _first(read_headers(part.octets[:8_000]), "original-message-id")


def _message_id_lines(text: str) -> str:
    """The first line of a copied head that gives a Message-ID, its continuation with it."""
    found = re.search(
        r"^[ \t>]*Message-ID:[ \t]*(?:\n[ \t>]+)?([^\n]{1,600})", text, re.IGNORECASE | re.MULTILINE
    )
    return found[1] if found else ""


def _ids(value: str) -> list[str]:
    return _ID.findall(value)[:MOST_IDS]


def _first(headers: Headers, name: str) -> str:
    return headers.get(name, ("",))[0]


def _sender(mail: Part) -> tuple[str, str]:
    value = mail.first("from") or mail.first("sender")
    address = _address_in(value)
    name = words_of(value.partition("<")[0]).strip().strip("\"'").strip() if "<" in value else ""
    return address, name[:200]


def _address_in(value: str) -> str:
    found = list(_FROM.finditer(value)) or list(_BARE.finditer(value))
    return found[-1][1].lower() if found else ""


def _text_of(mail: Part) -> str:
    """What its writer wrote, as plain text: the first text that is no attachment, else the first HTML."""
    markup = None
    for part in mail.walk():
        if part.attached or part.parts:
            continue
        if part.type == "text/plain" and (text := shown(part.text)).strip():
            return text.strip("\n")
        if part.type == "text/html" and markup is None:
            markup = part.text[:LONGEST_HTML]
    return _shown_html(markup) if markup else ""


def _shown_html(markup: str) -> str:
    """Signs that nobody sees go, but for our own mark of where the history begins."""
    pieces = text_of_html(markup.replace(QUOTE_MARK, "")).split(QUOTE_MARK)
    return QUOTE_MARK.join(shown(piece) for piece in pieces).strip("\n")


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value[:100])
        return found if found.tzinfo else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _key(message_id: str, date: str, address: str, subject: str, text: str) -> str:
    """Not the Message-ID alone: whoever knows one could take its place before the real message comes."""
    told = "\x00".join((message_id, date.strip(), address, subject, " ".join(text.split())))
    return sha256(told.encode("utf-8", "replace")).hexdigest()
