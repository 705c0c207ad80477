"""One message of ours, built and read again by the standard library."""

from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr

from bursar.outbox.mime import Recipient, build_message, make_skeleton
from bursar.outbox.skeletons import Composed, Part, compile_version
from bursar.outbox.tags import Category

WHEN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SKELETON = make_skeleton(
    from_address="billing@alsafa.example",
    from_name="الصفا للمحاسبة",
    reply_to="omar@alsafa.example",
    locale="ar",
)
TEMPLATE = compile_version(
    subject="For {{ customer.name }}: {{ today }}",
    body='<p>{{ customer.name }}</p>\n<p>{{ customer.code }}</p><p><a href="{{ pay_link }}">{{ tenant.name }}</a></p>',
    body_format="html",
    locale="ar",
    category=Category.STATEMENT,
    required_tags=(),
)


def simple(text: str = "text\n", html: str = "<p>html</p>\n", subject: str = "Hello") -> Composed:
    def part(body: str) -> Part:
        return Part((body.replace("\n", "\r\n").encode(),), ())

    return Composed(subject, part(html), part(text), (), b"", "en")


def built(composed: Composed | None = None, **more) -> bytes:
    told = {"to": Recipient("huda@noor.example", "Huda"), "message_id": "<1@bursar.example>", "date": WHEN}
    return build_message(SKELETON, composed or simple(), **told | more)


def read(message: bytes) -> EmailMessage:
    parsed = BytesParser(policy=policy.default).parsebytes(message)
    assert isinstance(parsed, EmailMessage)
    for part in parsed.walk():
        assert part.defects == []
        for name in part:
            assert getattr(part[name], "defects", ()) == (), name
    return parsed


def name_of(message: bytes, header: str) -> str:
    """A display name, by the library's older decoder: its newer one puts a space between encoded words."""
    value = BytesParser(policy=policy.compat32).parsebytes(message)[header]
    return str(make_header(decode_header(parseaddr(value)[0])))
