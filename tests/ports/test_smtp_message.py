import email
import email.policy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.integrations.smtp.carrying import queue_id
from bursar.integrations.smtp.message import BadAddress, NeedsUtf8, envelope_address, stuffed, to_7bit

pytestmark = pytest.mark.pure

HEAD = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "@", "a@", "@b", "a@b@c", "a b@c.de", "a@b c", " a@b.de", "a@b.de ", "<a@b.de>", "a@b.de>", "a@b.de\r\nRCPT TO:<x@y.de>",
        "a@b.de\n", "a\r@b.de", "a\0@b.de", "a@b.de> SIZE=1", '"a b"@c.de', "a@[127.0.0.1]", "a,b@c.de", "a;b@c.de", "a:b@c.de",
        "alice@example.org)bob@evil.com", "a@b.de\u2028", "a\u202e@b.de", "a\u200b@b.de", "é\r\n@b.de", "a@b\u0085.de", "x" * 65 + "@b.de",
        "é@b.de" + "x" * 400, "a@-b.de",
    ],
)  # fmt: skip
@pytest.mark.parametrize("utf8", [True, False])
def test_what_could_end_a_command_or_name_another_is_no_address(address, utf8):
    with pytest.raises(BadAddress):
        envelope_address(address, utf8=utf8)


@given(st.text(max_size=40), st.booleans())
def test_no_text_at_all_gets_a_sign_of_the_protocol_into_the_envelope(text, utf8):
    try:
        envelope = envelope_address(f"a{text}@example.com", utf8=utf8)
    except (BadAddress, NeedsUtf8):
        return
    assert not re.search(rb"[\x00-\x20<>\x7f]", envelope)
    assert envelope.count(b"@") == 1


def test_an_address_in_arabic_goes_as_it_is_or_not_at_all():
    assert envelope_address("دفع@مثال.امارات", utf8=True) == "دفع@مثال.امارات".encode()
    assert envelope_address("pay@مثال.امارات", utf8=False) == b"pay@xn--mgbh0fb.xn--mgbaam7a8h"
    with pytest.raises(NeedsUtf8):
        envelope_address("دفع@مثال.امارات", utf8=False)


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (b"a\r\n", b"a\r\n"),
        (b"a", b"a\r\n"),
        (b"", b"\r\n"),
        (b".\r\n", b"..\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n"),
        (b"a\r\n..b\r\n.c", b"a\r\n...b\r\n..c\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n"),
        (b"a\r.\rb", b"a\r\n..\r\nb\r\n"),
        (b"a\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n"),
        (b"a\r\n.\nb\r\n", b"a\r\n..\r\nb\r\n"),
        (b"a\r\r\n.\r\n", b"a\r\n\r\n..\r\n"),
    ],
)
def test_dots_and_line_ends_are_made_safe(message, wire):
    assert stuffed(message) == wire


@given(
    st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"x", b"..", "ع".encode()]), max_size=30).map(
        b"".join
    )
)
def test_a_body_never_holds_its_own_end_in_any_spelling(message):
    wire = stuffed(message)

    assert wire.count(b"\n") == wire.count(b"\r") == wire.count(b"\r\n")
    assert wire.endswith(b"\r\n")
    assert not any(line == b"." for line in wire.split(b"\r\n"))
    assert not (b"\r\n" + wire + b".\r\n").find(b"\r\n.\r\n") < len(wire)


def test_a_mail_without_8bit_reads_the_same():
    text = "الرجاء دفع الفاتورة\r\n.\r\nشكرا\r\n"
    parts = "".join(f"--b\r\n{HEAD.replace('plain', kind)}\r\n{text}\r\n" for kind in ("plain", "html"))
    message = (
        "Subject: x\r\nList-Unsubscribe: <https://example.com/u/abc>\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{parts}--b--\r\n'
    ).encode()

    narrow = to_7bit(message)

    assert narrow.isascii()
    assert narrow.count(b"\n") == narrow.count(b"\r\n")
    read = email.message_from_bytes(narrow, policy=email.policy.default)
    assert read["List-Unsubscribe"] == "<https://example.com/u/abc>"
    assert [part.get_content().replace("\r\n", "\n").strip() for part in read.iter_parts()] == [
        text.replace("\r\n", "\n").strip()
    ] * 2


def test_a_raw_header_becomes_an_encoded_word():
    narrow = to_7bit(f"Subject: فاتورة\r\nMIME-Version: 1.0\r\n{HEAD}\r\nمرحبا\r\n".encode())

    assert narrow.isascii()
    assert email.message_from_bytes(narrow, policy=email.policy.default)["Subject"] == "فاتورة"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2.0.0 Ok: queued as 4XyZ1b2c3", "4XyZ1b2c3"),
        ("OK id=1tABCd-000000001-ABCD", "1tABCd-000000001-ABCD"),
        (
            "2.6.0 <a@b> [InternalId=39, Hostname=X.PROD] 9 bytes in 0.1, 9 KB/sec Queued mail for delivery",
            "39",
        ),
        ("2.0.0 OK  1763622000 5b1f17b1804b1-47 - gsmtp", "5b1f17b1804b1-47"),
        ("2.0.0 5AK8abcd012345 Message accepted for delivery", "5AK8abcd012345"),
        (
            "Ok 010001931234abcd-1111-2222-3333-444455556666-000000",
            "010001931234abcd-1111-2222-3333-444455556666-000000",
        ),
        ("2.0.0 Ok", None),
        ("", None),
    ],
)
def test_the_name_a_server_gives_the_message_is_found(text, found):
    assert queue_id(text) == found
