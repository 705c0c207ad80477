"""Messages that come into a mailbox by themselves: absences, and reports of what did not arrive."""

from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from secrets import token_hex

from bursar.sandbox.mailboxes import reading
from bursar.sandbox.mailboxes.sayings import saying

AWAY_WORDS = {
    "ar": ("رد تلقائي: {subject}", "أنا خارج المكتب حتى يوم الأحد وسأرد على رسالتكم عند عودتي.\n"),
    "en": (
        "Automatic reply: {subject}",
        "I am out of the office until Sunday and will answer when I am back.\n",
    ),
    "fr": (
        "Réponse automatique : {subject}",
        "Je suis absent jusqu'à lundi et vous répondrai à mon retour.\n",
    ),
    "he": ("מענה אוטומטי: {subject}", "אני מחוץ למשרד עד יום ראשון ואשיב עם שובי.\n"),
}


def out_of_office(raw: bytes, sender: str | None = None) -> bytes:
    """What the mailbox of a person who got `raw` writes back without being asked (RFC 3834)."""
    original = reading.parsed(raw)
    language = reading.header(original, "Content-Language").lower().partition("-")[0]
    subject, words = AWAY_WORDS.get(language, AWAY_WORDS["en"])
    message = _back(raw, sender)
    message["Subject"] = subject.format(subject=reading.header(original, "Subject"))
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    message["Precedence"] = "auto_reply"
    message["Return-Path"] = "<>"
    message.set_content(words)
    return message.as_bytes()


def delivery_report(raw: bytes, recipient: str, status: str) -> bytes:
    """What the recipient's server reports of `raw` (RFC 3464): it failed with 5.x.y, or waits with 4.x.y."""
    original = reading.parsed(raw)
    failed = status.startswith("5")
    host = recipient.rpartition("@")[2] or "mail.invalid"
    boundary = f"=_report_{token_hex(12)}"
    code = "550" if failed else "451"
    lines = [
        f"From: Mail Delivery Subsystem <mailer-daemon@{host}>",
        f"To: {_address(original, 'From')}",
        f"Subject: {'Undelivered Mail Returned to Sender' if failed else 'Delayed Mail (still being retried)'}",
        f"Date: {formatdate(localtime=False)}",
        f"Message-ID: {make_msgid(domain=host)}",
        "Auto-Submitted: auto-replied",
        "Return-Path: <>",
        *_references(original),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=utf-8",
        "",
        f"Your message to {recipient} {'could not be delivered' if failed else 'is delayed'}: {saying(status)}.",
        "",
        f"--{boundary}",
        "Content-Type: message/delivery-status",
        "",
        f"Reporting-MTA: dns; {host}",
        f"Arrival-Date: {formatdate(localtime=False)}",
        "",
        f"Original-Recipient: rfc822;{recipient}",
        f"Final-Recipient: rfc822;{recipient}",
        f"Action: {'failed' if failed else 'delayed'}",
        f"Status: {status}",
        f"Remote-MTA: dns; {host}",
        f"Diagnostic-Code: smtp; {code} {status} {saying(status)}",
        "",
        f"--{boundary}",
        "Content-Type: text/rfc822-headers",
        "",
    ]
    head = raw.partition(b"\r\n\r\n")[0]
    return "\r\n".join(lines).encode() + b"\r\n" + head + f"\r\n\r\n--{boundary}--\r\n".encode()


def _address(message: Message, *names: str) -> str:
    """The first of these headers that names one."""
    return next((address for name in names for _, address in reading.people(message, name)), "")


def _back(raw: bytes, sender: str | None) -> EmailMessage:
    """An empty message to whoever wrote `raw`, in its conversation."""
    original = reading.parsed(raw)
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    who = sender or _address(original, "To")
    message["From"] = who
    message["To"] = _address(original, "Reply-To", "From")
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=who.rpartition("@")[2] or "mail.invalid")
    for line in _references(original):
        name, _, value = line.partition(": ")
        message[name] = value
    return message


def _references(original: Message) -> list[str]:
    message_id = reading.header(original, "Message-ID")
    if not message_id:
        return []
    older = " ".join(reading.header(original, "References").split())
    return [f"In-Reply-To: {message_id}", f"References: {f'{older} {message_id}'.strip()}"]
