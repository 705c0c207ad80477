"""Mail as it really comes does not bring a vendor down: whoever reads it is shown what there is."""

import random
from pathlib import Path

import pytest

from bursar.sandbox.cloud.account import Account, Folder
from bursar.sandbox.gmail import resources as gmail
from bursar.sandbox.gmail.searching import search
from bursar.sandbox.graph import resources as graph
from bursar.sandbox.imap import fetching as imap
from bursar.sandbox.imap.boxes import Stored
from bursar.sandbox.mailboxes.letters import delivery_report
from bursar.sandbox.mailboxes.mail import read_mail
from bursar.sandbox.smtp.store import Kept

pytestmark = pytest.mark.pure

UNKNOWN_CHARSETS = (
    b"From: =?utf-8?b?///?=\r\nSubject: =?x-unknown?q?a?=\r\nContent-Type: text/plain; charset=nope\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n!!!!"
)
BROKEN = [
    b"",
    b"\r\n\r\n",
    b"From: <\r\nTo: (((\r\nContent-Type: multipart/mixed\r\n\r\nx",
    UNKNOWN_CHARSETS,
    b'Content-Type: text/html; charset="\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ=\r\n',
    b"To: @\r\nCc: ,,,;:\r\nReply-To: <>\r\nMessage-ID: <\xff\xfe>\r\nReferences: \r\n\t\r\n\r\nx",
    b"Subject: \x00\xff\r\nDate: nonsense\r\n\r\n" + bytes(50),
    b"Content-Type: multipart/report; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n--a--\r\n",
]
NOISE = b'<>@"(),;:=?\r\n \xff\x00ab'


def mangled(seed: int) -> bytes:
    """A message with bytes in the wrong places."""
    chance = random.Random(seed)
    reports = sorted(Path(__file__).parents[1].glob("outbox/incoming/**/*.eml"))
    raw = bytearray(chance.choice([*BROKEN, *(report.read_bytes() for report in reports)]))
    for _ in range(chance.randrange(1, 30) if raw else 0):
        raw[chance.randrange(min(len(raw), 2000))] = chance.choice(NOISE)
    return bytes(raw)


@pytest.mark.parametrize("raw", BROKEN)
def test_broken_mail_is_shown_by_everybody(raw):
    show(raw)


def test_mangled_mail_is_shown_by_everybody():
    for seed in range(300):
        show(mangled(seed))


def show(raw: bytes) -> None:
    item = Account("box@firm.example").put(Folder.INBOX, raw)
    for form in ("full", "raw", "metadata", "minimal"):
        assert gmail.shown(item, form, [])["id"]
    assert [test(item) for test in search("subject:x from:y rfc822msgid:z words")]
    assert graph.shown(item)["id"]
    stored = Stored(1, raw, 0.0)
    assert imap.told(stored, imap.items("FULL"), 1, with_uid=True).startswith(b"* 1 FETCH (")
    for section in ("HEADER.FIELDS (SUBJECT)", "1", "1.1", "2.MIME"):
        imap.part(raw, section)
    assert imap.part(raw, "HEADER") + imap.part(raw, "TEXT") == raw
    kept = Kept(
        1, 1, "billing@firm.example", ["noura@almas.example"], 0.0, "", None, tls=False, size=len(raw)
    )
    assert read_mail(kept, raw).number == 1
    assert b"Status: 5.1.1" in delivery_report(raw, "noura@almas.example", "5.1.1")
