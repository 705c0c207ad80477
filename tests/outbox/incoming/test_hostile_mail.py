"""Whatever stands in a mailbox is read without an exception, in bounded time and into bounded space."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.outbox.incoming import decoding, mail
from bursar.outbox.incoming.classify import read, wanted
from bursar.outbox.incoming.decoding import LONGEST_TEXT
from tests.makers.incoming import DATA

pytestmark = pytest.mark.pure

FILES = [path.read_bytes() for path in sorted(DATA.glob("*.eml"))]
SLOWEST_S = 3.0  # half a megabyte of the worst, on a machine that does other things besides


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A message of the collection, with pieces cut out, doubled or replaced."""
    raw = bytearray(draw(st.sampled_from(FILES)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(raw)))
        until = min(len(raw), at + draw(st.integers(0, 200)))
        raw[at:until] = draw(st.one_of(st.binary(max_size=40), st.just(bytes(raw[at:until]) * 2)))
    return bytes(raw)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=3_000), spoilt()))
def test_anything_is_read(raw: bytes) -> None:
    found = read(raw)

    assert "\0" not in found.text + found.subject + found.from_address + found.from_name
    assert found.cut_at is None or 0 <= found.cut_at <= len(found.text) + 1
    assert not any("\ud800" <= sign <= "\udfff" for sign in found.text + found.subject + found.from_name)
    wanted(raw)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=200), st.sampled_from(["utf-8", "x-unknown", "punycode", "zlib", "idna", "utf-7", ""])
)
def test_any_charset_is_text(value: str, charset: str) -> None:
    assert isinstance(decoding.text_of(value.encode("utf-8", "replace"), charset), str)
    decoding.words_of(f"=?{charset}?B?{value}?= =?{charset}?q?{value}?=")


HOSTILE = {
    "one long line": b"Subject: x\r\n\r\n" + b"a" * 600_000,
    "only brackets": b"Content-Type: text/html\r\n\r\n" + b"<" * 600_000,
    "comments that never end": b"Content-Type: text/html\r\n\r\n" + b"<!--" * 150_000,
    "scripts that never end": b"Content-Type: text/html\r\n\r\n" + b"<script" * 80_000,
    "entities": b"Content-Type: text/html\r\n\r\n" + b"&amp" * 150_000,
    "a header of half a megabyte": b"Subject: " + b"=?utf-8?q?a" * 50_000 + b"\r\n\r\nx",
    "many folded lines": b"References:" + b"\r\n <a@b>" * 80_000 + b"\r\n\r\nx",
    "many headers": b"X: y\r\n" * 90_000 + b"\r\nx",
    "delimiters": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n" * 100_000,
    "spaces after a delimiter": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b'
    + b" " * 500_000
    + b"x",
    "empty base64": b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 600_000,
    "quotes": b"In-Reply-To: <x>\r\n\r\n" + b"> > > >\n" * 60_000,
    "introductions": b"\r\n" + b"On Wed, 18 Nov 2026, someone wrote\n" * 14_000,
    "hebrew introductions": b"\r\n" + ("כ" * 290 + "\n").encode() * 900,
    "addresses": b"From: MAILER-DAEMON@x.example\r\nSubject: failure notice\r\n\r\n"
    + b"a@b.example " * 40_000,
    "an address that never ends": b"From: MAILER-DAEMON@x.example\r\nSubject: failure notice\r\n\r\n"
    + b"a." * 300_000,
    "status blocks": (
        b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        + b"Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n\r\n" * 8_000
    ),
    "parameters": b"Content-Type: multipart/mixed" + b'; a="' * 100_000 + b"\r\n\r\nx",
    "from of brackets": b"From: " + b"<a@" * 150_000 + b"\r\n\r\nx",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_half_a_megabyte_of_the_worst_is_read_in_time(name: str) -> None:
    start = time.perf_counter()

    found = read(HOSTILE[name])

    assert time.perf_counter() - start < SLOWEST_S
    assert len(found.text) <= LONGEST_TEXT
    assert len(found.fates) <= 50
    assert len(found.about) <= 40


def test_parts_within_parts_end_somewhere() -> None:
    raw = b"Message-ID: <x@y>\r\n\r\nend"
    for level in range(400):
        head = b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % level
        raw = head + b"--b%d\r\n" % level + raw + b"\r\n--b%d--\r\n" % level

    found = mail.open_mail(raw)

    assert len(list(found.walk())) <= mail.DEEPEST + 1


def test_a_message_of_many_parts_is_read_as_far_as_the_budget_goes() -> None:
    parts = b"".join(b"--b\r\n\r\npart\r\n" for _ in range(5_000))

    found = mail.open_mail(b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + parts + b"--b--")

    assert len(found.parts) == mail.MOST_PARTS


def test_what_nobody_sees_does_not_reach_a_page() -> None:
    found = read("Subject: a\u202eb\x00c\r\n\r\nx\x00y\u2066z\x07".encode())

    assert (found.subject, found.text) == ("abc", "xyz")
