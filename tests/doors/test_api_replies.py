"""Replies over the API: the same acts, within the key's scopes, and another firm's are not there."""

from uuid import UUID, uuid4

import pytest

from bursar.outbox.incoming.taking_in import take_in
from tests.makers.api import Program, a_program
from tests.makers.incoming import HUDA, an_answer, heard
from tests.makers.outbox import a_send, an_account
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


async def an_answered(program: Program) -> UUID:
    async with program.house.office.work(program.tenant_id) as work:
        send_id = uuid4()
        about = f"<{send_id.hex}.0123456789abcdef@firm.example>"
        account = await an_account(work)
        await a_send(
            work,
            id=send_id,
            customer_id=await a_customer(work, email=HUDA),
            to_address=HUDA,
            state="sent",
            sent_at=work.now,
            message_id=about,
            sending_account_id=account,
        )
        [message] = await take_in(work, account, [heard(an_answer(about, nth=send_id.int % 10**6), work.now)])
    return message


async def test_a_reply_is_listed_read_and_dealt_with(program: Program) -> None:
    message = await an_answered(program)

    listed = await program.get("/replies", waiting=True)
    assert [one["id"] for one in listed["items"]] == [str(message)]
    found = await program.get(f"/replies/{message}")
    assert (found["kind"], found["text"], found["from_address"]) == ("human", "We pay on Thursday.", HUDA)

    done = await program.post(f"/replies/{message}/handling", {"handled_as": "promise"})

    assert done["handled_as"] == "promise"
    again = await program.refused("POST", f"/replies/{message}/handling", {})
    assert again == (409, "already_handled")
    assert (await program.get("/replies", waiting=True))["items"] == []


async def test_a_reply_is_told_apart_and_answered(program: Program) -> None:
    message = await an_answered(program)

    told = await program.post(f"/replies/{message}/class", {"kind": "auto_reply"})
    assert (told["kind"], told["handled_as"]) == ("auto_reply", "automatic")

    made = await program.post(f"/replies/{message}/answers", {"body": "Thank you."})

    send = await program.get(f"/sends/{made['id']}")
    assert (send["purpose"], send["to_address"], send["state"]) == ("reply", HUDA, "queued")


async def test_another_firms_replies_are_not_there(program: Program) -> None:
    message = await an_answered(program)
    other = await a_program(program.house)

    assert await other.refused("GET", f"/replies/{message}") == (404, "not_found")
    for act, body in (("handling", {}), ("class", {"kind": "human"}), ("answers", {"body": "x"})):
        assert await other.refused("POST", f"/replies/{message}/{act}", body) == (404, "not_found")
    assert (await other.get("/replies"))["items"] == []


async def test_an_account_that_is_not_read_has_no_reading(program: Program) -> None:
    async with program.house.office.work(program.tenant_id) as work:
        account = await an_account(work)

    path = f"/sending-accounts/{account}/reading"
    assert await program.refused("GET", path) == (404, "not_found")
    assert await program.refused("POST", path, {}) == (422, "host_missing")
