"""Gmail and Graph read a mailbox alike: what is new, once, whole or at its beginning, and without a trace."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from bursar.integrations.gmail.client import GmailClient
from bursar.integrations.gmail.reading import GmailReader
from bursar.integrations.graph.client import GraphClient
from bursar.integrations.graph.reading import GraphReader
from bursar.outbox.incoming.classify import read as read_mail
from bursar.outbox.incoming.classify import wanted
from bursar.outbox.incoming.ports import MailboxReader
from bursar.outbox.ports import NoAnswer, SignedOut
from tests.contracts import Watching
from tests.makers.incoming import DATA, OURS, an_answer
from tests.vendors import Vendor

pytestmark = pytest.mark.anyio

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
SEND_ONLY = {
    "gmail": ("openid", "email", "https://www.googleapis.com/auth/gmail.send"),
    "graph": ("openid", "email", "offline_access", "User.Read", "Mail.Send"),
}


@dataclass
class Token:
    """One access token, good as long as the vendor says so."""

    value: str

    async def access(self, *, instead_of: str | None = None) -> str:
        if instead_of is not None:
            raise SignedOut("gone")
        return self.value


@dataclass
class Read:
    """A mailbox at a vendor and its reader."""

    vendor: Vendor
    address: str
    reader: MailboxReader
    watching: Watching

    def put(self, raw: str | bytes, **given: Any) -> dict[str, Any]:
        return self.vendor.put(self.address, raw if isinstance(raw, bytes) else raw.encode(), **given)

    async def look(self, position: Any = None) -> Any:
        return await self.reader.read("INBOX", position or {}, SINCE, wanted)


def reader_of(vendor: Vendor, token: str) -> tuple[MailboxReader, Watching]:
    watching = Watching(vendor.name)
    if vendor.name == "gmail":
        return GmailReader(
            GmailClient(vendor.settings["BURSAR_GMAIL_URL"], Token(token), transport=watching)
        ), watching
    return GraphReader(
        GraphClient(vendor.settings["BURSAR_GRAPH_URL"], Token(token), transport=watching)
    ), watching


@pytest.fixture(params=["gmail", "graph"])
async def box(request: pytest.FixtureRequest) -> AsyncIterator[Read]:
    vendor: Vendor = request.getfixturevalue(request.param)
    address = vendor.mailbox()
    reader, watching = reader_of(vendor, vendor.tokens(address)["access_token"])
    yield Read(vendor, address, reader, watching)
    await reader.close()
    assert vendor.wrong() == []


LUNCH = "From: a@b.example\r\nTo: us@firm.example\r\nSubject: Lunch\r\nMessage-ID: <x@b.example>\r\n\r\nAt one?\r\n"


async def test_what_concerns_us_is_fetched_whole(box: Read) -> None:
    box.put(LUNCH)
    box.put(an_answer(f"<{OURS}>"))
    box.put((DATA / "postfix_unknown_user.eml").read_bytes())

    pile = await box.look()

    found = [read_mail(mail.raw) for mail in pile.mails]
    assert sorted(one.kind for one in found) == ["human", "report"]
    assert all(one.about == (OURS,) for one in found)
    assert all(mail.received_at is not None for mail in pile.mails)
    assert all(mail.thread for mail in pile.mails)
    assert not pile.more


async def test_the_next_look_sees_only_what_came_since(box: Read) -> None:
    box.put(an_answer(f"<{OURS}>"))
    first = await box.look()
    again = await box.look(first.position)
    box.put(an_answer(f"<{OURS}>", nth=2))
    later = await box.look(again.position)

    assert [len(pile.mails) for pile in (first, again, later)] == [1, 0, 1]
    assert b"<r2@customer.example>" in later.mails[0].raw


async def test_a_place_that_is_forgotten_is_found_again_by_date(box: Read) -> None:
    box.put(an_answer(f"<{OURS}>"))
    first = await box.look()
    box.vendor.forget_history(box.address)
    box.put(an_answer(f"<{OURS}>", nth=2))

    anew = await box.look(first.position)

    assert any(b"<r2@customer.example>" in mail.raw for mail in anew.mails)


async def test_reading_changes_nothing(box: Read) -> None:
    box.put(an_answer(f"<{OURS}>"))
    before = box.vendor.messages(box.address)

    await box.look()

    assert box.vendor.messages(box.address) == before
    assert set(box.watching.seen)


async def test_a_letter_with_a_huge_file_is_read_at_its_beginning(box: Read) -> None:
    head = (
        an_answer("<x>")
        .split("\r\n\r\n")[0]
        .replace("<x>", f"<{OURS}>")
        .replace("Content-Type: text/plain; charset=utf-8", "")
    )
    body = (
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
        "We pay on Thursday.\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + ("QUJD" * 19 + "\r\n") * 70_000
        + "--b--\r\n"
    )
    box.put(head.rstrip() + "\r\n" + body)

    [mail] = (await box.look()).mails

    assert len(mail.raw) <= 512 * 1024
    assert "We pay on Thursday." in read_mail(mail.raw).text


@pytest.mark.parametrize("answer", ["lost", "nonsense"])
async def test_a_provider_in_trouble_is_asked_again_later(box: Read, answer: str) -> None:
    box.put(an_answer(f"<{OURS}>"))
    box.vendor.trouble(answer)

    with pytest.raises(NoAnswer):
        await box.look()


async def test_a_permission_that_ended_needs_the_owner(box: Read) -> None:
    box.vendor.expire(box.address)

    with pytest.raises(SignedOut):
        await box.look()
    assert not (await box.reader.check("INBOX")).ok


@pytest.mark.parametrize("name", ["gmail", "graph"])
async def test_who_allowed_sending_alone_is_not_read(request: pytest.FixtureRequest, name: str) -> None:
    vendor: Vendor = request.getfixturevalue(name)
    address = vendor.mailbox()
    reader, _ = reader_of(vendor, vendor.tokens(address, *SEND_ONLY[name])["access_token"])

    assert not (await reader.check("INBOX")).ok
    with pytest.raises(SignedOut):
        await reader.read("INBOX", {}, SINCE, wanted)
    await reader.close()
