"""Readers of mailboxes against servers that are played on the wire: they see what came, and leave no trace."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bursar.integrations.imap import session
from bursar.integrations.imap.reader import ImapReader
from bursar.integrations.imap.session import ImapSettings
from bursar.outbox.incoming.classify import wanted
from bursar.outbox.ports import NoAnswer, SignedOut
from tests.mail_servers import Imap
from tests.makers.incoming import DATA, OURS, an_answer

pytestmark = pytest.mark.anyio

BOX = "accounts@firm.example"
SINCE = datetime(2026, 11, 1, tzinfo=UTC)


def reader_of(imap: Imap, **given: object) -> ImapReader:
    way = {"host": "127.0.0.1", "port": imap.port, "username": BOX, "password": imap.password, "tls": "none"}
    return ImapReader(ImapSettings(**{**way, "allowed_networks": ("127.0.0.0/8",), **given}))  # pyright: ignore[reportArgumentType]  given by name


@pytest.fixture
async def reader(imap: Imap) -> AsyncIterator[ImapReader]:
    reader = reader_of(imap)
    yield reader
    await reader.close()


def put(imap: Imap, text: str, **given: object) -> int:
    at = given.pop("received_at", datetime(2026, 11, 18, 8, tzinfo=UTC).timestamp())
    return imap.put(BOX, text.encode(), received_at=at, **given)["uid"]  # pyright: ignore[reportArgumentType]  given by name


LUNCH = "From: a@b.example\r\nSubject: Lunch\r\nMessage-ID: <x@b.example>\r\n\r\nAt one?\r\n"


async def test_what_concerns_us_is_fetched_and_nothing_else(imap: Imap, reader: ImapReader) -> None:
    put(imap, LUNCH)
    put(imap, an_answer(f"<{OURS}>"))
    imap.put(BOX, (DATA / "postfix_unknown_user.eml").read_bytes())

    pile = await reader.read("INBOX", {}, SINCE, wanted)

    assert [b"We pay on Thursday" in mail.raw for mail in pile.mails] == [True, False]
    assert b"Final-Recipient" in pile.mails[1].raw
    assert pile.mails[0].received_at == datetime(2026, 11, 18, 8, tzinfo=UTC)
    assert not pile.more
    asked = " ".join(str(command) for command in imap.commands())
    assert "BODY.PEEK[]" in asked


async def test_reading_leaves_no_trace(imap: Imap, reader: ImapReader) -> None:
    put(imap, an_answer(f"<{OURS}>"))
    before = imap.messages(BOX)

    await reader.read("INBOX", {}, SINCE, wanted)

    assert imap.messages(BOX) == before
    said = {str(command[1]).split()[0].upper() for command in imap.commands() if len(command) > 1}
    assert not said & {"SELECT", "STORE", "EXPUNGE", "MOVE", "COPY", "APPEND", "DELETE"}


async def test_the_next_look_begins_where_the_last_one_stopped(imap: Imap, reader: ImapReader) -> None:
    put(imap, an_answer(f"<{OURS}>"))
    first = await reader.read("INBOX", {}, SINCE, wanted)

    again = await reader.read("INBOX", first.position, SINCE, wanted)
    put(imap, an_answer(f"<{OURS}>", nth=2))
    later = await reader.read("INBOX", again.position, SINCE, wanted)

    assert [len(pile.mails) for pile in (first, again, later)] == [1, 0, 1]
    assert b"<r2@customer.example>" in later.mails[0].raw


async def test_a_mailbox_that_numbers_anew_is_read_by_date(imap: Imap, reader: ImapReader) -> None:
    old = datetime(2026, 11, 1, tzinfo=UTC)
    put(imap, an_answer(f"<{OURS}>", nth=1), received_at=old.timestamp())
    put(imap, an_answer(f"<{OURS}>", nth=2))
    first = await reader.read("INBOX", {}, old - timedelta(days=1), wanted)
    assert len(first.mails) == 2
    imap.renumber(BOX)

    anew = await reader.read("INBOX", first.position, datetime(2026, 11, 17, tzinfo=UTC), wanted)

    assert [b"<r2@customer.example>" in mail.raw for mail in anew.mails] == [True]
    assert anew.position["uidvalidity"] != first.position["uidvalidity"]


async def test_many_messages_come_in_several_looks(
    imap: Imap, reader: ImapReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bursar.integrations.imap.reader.MOST", 3)
    for nth in range(7):
        put(imap, an_answer(f"<{OURS}>", nth=nth))

    found, position, more = 0, {}, True
    looks = 0
    while more:
        pile = await reader.read("INBOX", position, SINCE, wanted)
        found, position, more, looks = found + len(pile.mails), pile.position, pile.more, looks + 1

    assert (found, looks) == (7, 3)


async def test_a_huge_message_is_read_at_its_beginning(imap: Imap, reader: ImapReader) -> None:
    put(imap, an_answer(f"<{OURS}>", body="We pay.\r\n" + "x" * 78 + "\r\n" + ("y" * 78 + "\r\n") * 20_000))

    [mail] = (await reader.read("INBOX", {}, SINCE, wanted)).mails

    assert len(mail.raw) == 512 * 1024
    assert b"We pay." in mail.raw


async def test_a_folder_of_another_script_is_found(imap: Imap, reader: ImapReader) -> None:
    assert not (await reader.check("دفع & أخرى")).ok
    assert (await reader.check("INBOX")).ok


async def test_a_wrong_password_needs_a_person(imap: Imap) -> None:
    reader = reader_of(imap, password="wrong")

    with pytest.raises(SignedOut):
        await reader.read("INBOX", {}, SINCE, wanted)
    assert not (await reader.check("INBOX")).ok


async def test_a_password_is_not_sent_unencrypted_to_the_internet(imap: Imap) -> None:
    with pytest.raises(SignedOut):
        await reader_of(imap, allowed_networks=()).read("INBOX", {}, SINCE, wanted)

    assert imap.commands() == []


async def test_starttls_that_is_not_offered_sends_no_password(imap: Imap) -> None:
    with pytest.raises(SignedOut):
        await reader_of(imap, tls="starttls").read("INBOX", {}, SINCE, wanted)

    assert not any(
        "AUTHENTICATE" in str(one).upper() or "LOGIN" in str(one).upper() for one in imap.commands()
    )


@pytest.mark.parametrize("answer", ["bye", "lost", "nonsense", "no", "bad"])
@pytest.mark.parametrize("operation", ["connect", "examine", "uid search", "uid fetch"])
async def test_a_server_in_trouble_is_asked_again_later(
    imap: Imap, reader: ImapReader, operation: str, answer: str
) -> None:
    put(imap, an_answer(f"<{OURS}>"))
    imap.trouble(answer, operation=operation)

    with pytest.raises((NoAnswer, SignedOut)):
        await reader.read("INBOX", {}, SINCE, wanted)


async def test_a_server_that_never_answers_is_left_in_time(
    imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "COMMAND_S", 0.5)
    imap.trouble("stall", operation="uid search")
    start = time.perf_counter()
    reader = reader_of(imap)

    with pytest.raises(NoAnswer):
        await reader.read("INBOX", {}, SINCE, wanted)
    await reader.close()

    assert time.perf_counter() - start < 5
    imap.release()


async def test_an_endless_line_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says a gigabyte is not listened to."""

    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"* OK hello\r\n")
            for _ in range(4_000):
                writer.write(b"x" * 1_000)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        way = ImapSettings("127.0.0.1", port, BOX, "x", "none", ("127.0.0.0/8",))
        with pytest.raises(NoAnswer):
            await ImapReader(way).read("INBOX", {}, SINCE, wanted)
