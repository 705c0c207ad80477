"""The IMAP server as Python's own client finds it: the inbox of an SMTP account, looked at and left as it was."""

import imaplib
import smtplib
import ssl
from collections.abc import Iterator

import pytest

from tests.mail_servers import Imap
from tests.vendors import a_process

ANSWER = (
    b"From: Noura <noura@almas.example>\r\nTo: billing@firm.example\r\nSubject: Re: Invoice 7\r\n"
    b"Message-ID: <a@almas.example>\r\nIn-Reply-To: <7@firm.example>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nOn Thursday.\r\n"
    b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n--b--\r\n"
)
BOX = "billing@firm.example"


@pytest.fixture
def client(imap: Imap) -> Iterator[imaplib.IMAP4]:
    client = imaplib.IMAP4("127.0.0.1", imap.port, timeout=10)
    client.login(BOX, imap.password)
    yield client
    client.shutdown()


def deliver(imap: Imap, raw: bytes = ANSWER, to: str = BOX) -> None:
    with smtplib.SMTP("127.0.0.1", imap.smtp_port, timeout=10) as smtp:
        smtp.sendmail("noura@almas.example", [to], raw)


def test_what_smtp_took_lies_in_the_inbox_byte_for_byte(imap, client):
    deliver(imap)
    deliver(imap, to="somebody@else.example")

    assert client.select("INBOX", readonly=True) == ("OK", [b"1"])
    _, [found] = client.uid("SEARCH", "ALL")
    _, [[head, raw], _] = client.uid("FETCH", found.decode(), "(BODY.PEEK[] FLAGS INTERNALDATE RFC822.SIZE)")

    assert raw == ANSWER
    assert f"UID {found.decode()}".encode() in head
    assert client.uid("FETCH", found.decode(), "(FLAGS)")[1] == [b"1 (UID 1 FLAGS ())"]


def test_examine_and_peek_leave_a_message_unseen_and_select_does_not(imap, client):
    deliver(imap)
    client.select("INBOX", readonly=True)
    client.fetch("1", "(BODY[])")
    client.select("INBOX")
    client.fetch("1", "(BODY.PEEK[])")
    assert imap.messages(BOX)[0]["flags"] == []

    client.fetch("1", "(BODY[])")

    assert imap.messages(BOX)[0]["flags"] == ["\\Seen"]


def test_a_folder_that_is_only_looked_at_cannot_be_changed(imap, client):
    deliver(imap)
    client.select("INBOX", readonly=True)

    assert client._simple_command("STORE", "1", "+FLAGS", "(\\Deleted)")[0] == "NO"
    assert client.expunge()[0] == "NO"


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("ALL", b"1 2"),
        ("UNSEEN", b"1 2"),
        ("SEEN", b""),
        ("UID 2:*", b"2"),
        ("UID 9:*", b"2"),
        ('SUBJECT "invoice 7"', b"1"),
        ('HEADER "In-Reply-To" "<7@firm.example>"', b"1"),
        ("FROM noura", b"1 2"),
        ('NOT SUBJECT "invoice"', b"2"),
        ("OR SUBJECT invoice SUBJECT other", b"1 2"),
        ("SINCE 1-Jan-2020 LARGER 100", b"1 2"),
        ("BEFORE 1-Jan-2020", b""),
        ("(UID 1 UNSEEN)", b"1"),
        ("BODY thursday", b"1"),
    ],
)
def test_a_search_finds_what_meets_every_key(imap, client, keys, found):
    deliver(imap)
    deliver(imap, b"From: noura@almas.example\r\nSubject: Other\r\n\r\n" + b"x" * 200 + b"\r\n")
    client.select("INBOX", readonly=True)

    assert client.uid("SEARCH", keys) == ("OK", [found])


def test_parts_of_a_message_can_be_had_alone(imap, client):
    deliver(imap)
    client.select("INBOX", readonly=True)

    def fetched(what: str) -> bytes:
        return client.fetch("1", f"(BODY.PEEK[{what}])")[1][0][1]

    assert fetched("HEADER.FIELDS (SUBJECT MESSAGE-ID)") == (
        b"Subject: Re: Invoice 7\r\nMessage-ID: <a@almas.example>\r\n\r\n"
    )
    assert fetched("HEADER") + fetched("TEXT") == ANSWER
    assert fetched("1").strip() == b"On Thursday."
    assert fetched("2").strip() == b"SGVsbG8="
    assert fetched("2.MIME").startswith(b"Content-Type: application/pdf")
    assert client.fetch("1", "(BODY.PEEK[]<0.10>)")[1][0][1] == ANSWER[:10]


def test_envelope_and_structure_are_told(imap, client):
    deliver(imap)
    client.select("INBOX", readonly=True)

    [told] = client.fetch("1", "(ENVELOPE BODYSTRUCTURE)")[1]

    assert b'(("Noura" NIL "noura" "almas.example"))' in told
    assert b'"<7@firm.example>" "<a@almas.example>"' in told
    assert b'("TEXT" "PLAIN" ("CHARSET" "utf-8")' in told
    assert b'"MIXED"' in told


def test_numbers_stay_until_the_validity_changes(imap, client):
    deliver(imap)
    deliver(imap)
    client.select("INBOX", readonly=True)
    before = client.response("UIDVALIDITY")[1]
    imap.remove(BOX, 1)
    client.select("INBOX", readonly=True)
    assert client.response("UIDVALIDITY")[1] == before
    assert client.uid("SEARCH", "ALL") == ("OK", [b"2"])

    imap.renumber(BOX)

    client.select("INBOX", readonly=True)
    assert client.response("UIDVALIDITY")[1] != before
    assert client.uid("SEARCH", "ALL") == ("OK", [b"1"])


def test_folders_are_listed_created_and_filled(imap, client):
    _, listed = client.list()
    assert sorted(line.rpartition(b" ")[2] for line in listed) == [b'"INBOX"', b'"Sent"']

    client.create("Bounces")
    kept, _ = client.append("Bounces", "(\\Seen)", '"01-Nov-2026 10:00:00 +0000"', ANSWER)

    assert kept == "OK"
    assert client.status("Bounces", "(MESSAGES UNSEEN UIDNEXT)")[1] == [
        b'"Bounces" (MESSAGES 1 UNSEEN 0 UIDNEXT 2)'
    ]
    assert client.append("Nowhere", "", "", ANSWER)[0] == "NO"
    assert client.select("Nowhere")[0] == "NO"


def test_a_message_may_be_put_there_by_a_test(imap, client):
    imap.put(BOX, ANSWER, received_at=1_700_000_000)
    client.select("INBOX", readonly=True)

    [told] = client.fetch("1", "(INTERNALDATE)")[1]

    assert b"14-Nov-2023 22:13:20 +0000" in told


def test_an_idle_client_hears_of_new_mail(imap, client):
    client.select("INBOX", readonly=True)
    client.send(b"x1 IDLE\r\n")
    assert client.readline().startswith(b"+ ")

    deliver(imap)

    assert client.readline() == b"* 1 EXISTS\r\n"
    client.send(b"DONE\r\n")
    assert client.readline().startswith(b"x1 OK")


def test_wrong_passwords_and_unknown_ways_are_refused(imap):
    with imaplib.IMAP4("127.0.0.1", imap.port, timeout=10) as client:
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login(BOX, "guessed")
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.authenticate("XOAUTH2", lambda _: f"user={BOX}\x01auth=Bearer forged\x01\x01".encode())
        client.send(b'x1 LIST "" "*"\r\n')
        assert client.readline().startswith(b"x1 NO ")


def test_plain_signs_in_and_imap_knows_the_tokens_it_was_told(imap):
    with imaplib.IMAP4("127.0.0.1", imap.port, timeout=10) as client:
        client.authenticate("PLAIN", lambda _: f"\0{BOX}\0{imap.password}".encode())
        assert client.select("INBOX")[0] == "OK"
    imap.know_token(BOX, "ya29.good")
    with imaplib.IMAP4("127.0.0.1", imap.port, timeout=10) as client:
        client.authenticate("XOAUTH2", lambda _: f"user={BOX}\x01auth=Bearer ya29.good\x01\x01".encode())
        assert client.select("INBOX")[0] == "OK"


def test_nobody_signs_in_before_the_line_is_encrypted():
    with a_process("imap", "--tls", "starttls") as told:
        context = ssl.create_default_context(cadata=told["certificate"])
        with imaplib.IMAP4("localhost", told["port"], timeout=10) as client:
            with pytest.raises(imaplib.IMAP4.error, match="PRIVACYREQUIRED"):
                client.login(BOX, "sandbox")
            client.starttls(context)
            assert client.login(BOX, "sandbox")[0] == "OK"
    with a_process("imap", "--tls", "implicit") as told:
        context = ssl.create_default_context(cadata=told["certificate"])
        with imaplib.IMAP4_SSL("localhost", told["port"], ssl_context=context, timeout=10) as client:
            assert client.login(BOX, "sandbox")[0] == "OK"


@pytest.mark.parametrize("answer", ["no", "bad", "unavailable", "inuse"])
def test_troubles_refuse_a_command(imap, client, answer):
    imap.trouble(answer, operation="examine")

    typ, _ = client._simple_command("EXAMINE", "INBOX") if answer != "bad" else (_refused(client), None)
    assert typ in {"NO", "BAD"}
    assert client.select("INBOX", readonly=True)[0] == "OK"


@pytest.mark.parametrize("answer", ["lost", "bye", "nonsense"])
def test_troubles_end_a_connection(imap, client, answer):
    client.select("INBOX", readonly=True)
    imap.trouble(answer, operation="uid search")

    with pytest.raises((imaplib.IMAP4.abort, ConnectionError)):
        client.uid("SEARCH", "ALL")


def test_what_is_no_command_is_answered_as_bad(imap, client):
    for line in (b"x1 FETCH (\r\n", b'x2 LOGIN "open\r\n', b"x3 NONSENSE\r\n", b"\r\n", b"x4 FETCH 1\r\n"):
        client.send(line)
        assert b"BAD" in client.readline()
    assert client.noop()[0] == "OK"


def test_passwords_are_not_among_the_commands(imap, client):
    client.noop()

    assert [command for _, command in imap.commands()] == ["CAPABILITY", "LOGIN", "NOOP"]


def _refused(client: imaplib.IMAP4) -> str:
    with pytest.raises(imaplib.IMAP4.error, match="BAD"):
        client._simple_command("EXAMINE", "INBOX")
    return "BAD"
