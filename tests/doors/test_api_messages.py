"""Campaigns, sends, templates, suppressions and sending accounts over the API."""

from typing import Any

import pytest

from bursar.outbox.pump import Pump
from bursar.sandbox.smtp.sink import Sink, SinkSettings
from bursar.sandbox.smtp.store import MemoryStore
from tests.makers.api import Program, set_send
from tests.makers.outbox import BODY
from tests.makers.story import an_account, late_customers, the_library

pytestmark = pytest.mark.anyio

NOVEMBER = {"name": "November", "kind": "overdue_notice"}
WORDS = {"locale": "en", "subject": "Open invoices", "body": BODY}


@pytest.fixture
async def sink():
    async with Sink(SinkSettings(), MemoryStore()) as sink:
        yield sink


@pytest.fixture
async def firm(program, sink) -> Program:
    """With a mailbox, templates, and two customers who are late."""
    async with program.work() as work:
        await an_account(work, sink.port, address=f"billing@{program.tenant_id}.example")
        await the_library(work)
        await late_customers(work, 2)
    return program


async def drain(program: Program) -> None:
    house = program.house
    await Pump(
        house.office, house.letters, house.composers, house.senders, house.files, lanes=1
    ).run_until_idle()


async def test_a_campaign_is_seen_released_once_sent_and_looked_back_at(firm, sink):
    made = await firm.post("/campaigns", NOVEMBER)
    path = f"/campaigns/{made['id']}"
    assert (made["state"], made["total"], made["counts"]) == ("draft", 2, {"queued": 2})

    shown = (await firm.get(f"{path}/previews", limit=1))["items"][0]
    assert shown["subject"]
    assert (await firm.get(f"{path}/previews/{shown['send_id']}")) == shown
    assert len((await firm.get(f"{path}/invoices"))["items"]) == 2
    assert (await firm.get(f"{path}/invoices", included="false"))["items"] == []

    assert (await firm.post(f"{path}/release", {"any_hour": True}))["state"] == "sending"
    assert await firm.refused("POST", f"{path}/release") == (409, "illegal_move")
    await drain(firm)

    done = await firm.get(path)
    assert (done["state"], done["counts"], done["done"]) == ("completed", {"sent": 2}, 2)
    assert len(sink.store.kept) == 2
    sends = await firm.get("/sends", state="sent")
    assert {row["id"] for row in sends["items"]} >= {shown["send_id"]}
    message = await firm.get(f"/sends/{shown['send_id']}/message")
    assert (message["is_the_same"], message["subject"]) == (True, shown["subject"])
    assert (await firm.get(f"{path}/results"))["not_sent"] == []
    assert (await firm.get(f"/sends/{shown['send_id']}/why"))["state"] == "sent"


async def test_a_campaign_is_changed_scheduled_paused_and_called_off(firm):
    made = await firm.post("/campaigns", NOVEMBER)
    path = f"/campaigns/{made['id']}"
    renamed = await firm("PUT", path, {**NOVEMBER, "name": "Late"}, If_Match=f'W/"{made["version"]}"')
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Late")
    assert await firm.refused("PUT", path, NOVEMBER, If_Match='W/"1"') == (412, "stale_version")

    planned = await firm.post(f"{path}/schedule", {"at": "2026-11-19T09:30"})
    assert (planned["state"], planned["scheduled_for"]) == ("scheduled", "2026-11-19T05:30:00Z")
    assert (await firm("DELETE", f"{path}/schedule")).json()["state"] == "draft"
    await firm.post(f"{path}/refreeze")
    await firm.post(f"{path}/release")
    assert (await firm.post(f"{path}/pause"))["state"] == "paused"
    assert (await firm("DELETE", f"{path}/pause")).json()["state"] == "sending"
    assert (await firm.post(f"{path}/cancellation"))["counts"] == {"cancelled": 2}
    assert await firm.refused("POST", f"{path}/retry") == (409, "illegal_move")
    assert (await firm.post(f"{path}/clone", {"name": "Again"}))["state"] == "draft"
    assert [row["name"] for row in (await firm.get("/campaigns", state="draft"))["items"]] == ["Again"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"selection": {"currency": "EUR"}}, "campaign_empty"),
        ({"selection": {"numbers": ["nobody knows"]}}, "campaign_empty"),
        ({"template": "nothing"}, "unknown_template"),
        ({"selection": {"numbers": []}}, "request_invalid"),
        ({"name": ""}, "request_invalid"),
        ({"state": "sending"}, "request_invalid"),
    ],
)
async def test_a_campaign_that_cannot_be_is_refused(firm, change, code):
    assert await firm.refused("POST", "/campaigns", {**NOVEMBER, **change}) == (422, code)


@pytest.mark.parametrize("at", ["2026-11-31T09:00", "2026-11-18T11:59", "tomorrow"])
async def test_a_time_that_is_over_or_never_comes_is_refused(firm, at):
    made = await firm.post("/campaigns", NOVEMBER)

    assert (await firm.refused("POST", f"/campaigns/{made['id']}/schedule", {"at": at}))[0] == 422


async def test_a_test_goes_to_oneself(firm, sink):
    made = await firm.post("/campaigns", NOVEMBER)
    shown = (await firm.get(f"/campaigns/{made['id']}/previews"))["items"][0]
    test = await firm.post(
        f"/campaigns/{made['id']}/tests", {"send_id": shown["send_id"], "to": "me@firm.example"}
    )
    await drain(firm)
    told = await firm.get(f"/sends/{test['id']}")
    assert (told["state"], told["reason"], told["subject"]) == ("sent", None, shown["subject"])

    assert [message.recipients for message in sink.store.kept] == [["me@firm.example"]]


async def a_send(firm: Program, **values: Any) -> str:
    made = await firm.post("/campaigns", NOVEMBER)
    send_id = (await firm.get(f"/campaigns/{made['id']}/previews"))["items"][0]["send_id"]
    async with firm.work() as work:
        await set_send(work, send_id, **values)
    return send_id


async def test_an_uncertain_send_is_resolved_by_a_person(firm):
    send_id = await a_send(firm, state="uncertain", queue_at=None)
    path = f"/sends/{send_id}/resolution"

    assert await firm.refused("POST", path, {"became": "delivered", "reason": "x"}) == (
        422,
        "request_invalid",
    )
    assert (await firm.post(path, {"became": "sent", "reason": "It is in Sent."}))["state"] == "sent"
    assert await firm.refused("POST", path, {"became": "sent", "reason": "x"}) == (409, "illegal_move")


async def test_a_changed_send_goes_with_the_facts_and_to_the_address_of_today(firm):
    send_id = await a_send(firm, reason="changed", reviewed={"to": "old@x.example", "invoices": {}})
    shown = await firm.get(f"/sends/{send_id}")
    moved = {"email": "new@dune.example"}
    assert shown["label"] == "changed"
    await firm("PATCH", f"/customers/{shown['customer_id']}", moved)

    approved = await firm.post(f"/sends/{send_id}/approval")
    assert (approved["label"], approved["reason"], approved["to_address"]) == (
        "queued",
        None,
        "new@dune.example",
    )
    assert await firm.refused("POST", f"/sends/{send_id}/approval") == (409, "illegal_move")


async def test_a_queued_send_is_called_off_and_its_invoices_may_be_spoken_of_again(firm):
    send_id = await a_send(firm)

    gone = await firm.post(f"/sends/{send_id}/cancellation")
    assert (gone["state"], gone["reason"]) == ("cancelled", "agent")
    assert {one["reason"] for one in gone["subjects"]} == {"agent"}
    assert await firm.refused("POST", f"/sends/{send_id}/cancellation") == (409, "illegal_move")
    events = (await firm.get("/events", entity_type="send", entity_id=send_id))["items"]
    assert "send.cancel" in {event["type"] for event in events}


async def test_a_template_is_drafted_tried_published_and_then_stays(program):
    made = await program.post(
        "/templates", {"code": "mine", "name": "Mine", "category": "overdue_notice", "first": WORDS}
    )
    path = f"/templates/{made['id']}"
    version = made["versions"][0]
    assert (made["drafts"], made["published"], version["published_at"]) == (["en"], [], None)

    shown = await program.post("/template-previews", {**WORDS, "category": "overdue_notice"})
    assert shown["subject"] == "Open invoices"
    done = await program.post(f"{path}/versions/{version['id']}/publication")
    assert (done["drafts"], done["published"]) == ([], ["en"])
    assert await program.refused("DELETE", f"{path}/versions/{version['id']}") == (409, "version_published")
    second = await program.post(f"{path}/drafts", {**WORDS, "subject": "Still open"})
    assert (await program("DELETE", f"{path}/versions/{second['id']}")).status_code == 204
    renamed = await program("PATCH", path, {"name": "Ours", "active": False})
    assert (renamed.json()["name"], renamed.json()["active"]) == ("Ours", False)
    assert (await program.get("/templates", active_only="true"))["items"] == []


@pytest.mark.parametrize(
    "body", ["{{ nothing.known }}", "{% raw %}", "<script>x</script>", "{{ customer.name"]
)
async def test_words_that_cannot_be_sent_are_refused(program, body):
    tried = {**WORDS, "body": body, "category": "overdue_notice"}

    assert (await program.refused("POST", "/template-previews", tried))[0] == 422


async def test_an_address_is_suppressed_twice_as_once_and_lifted(program):
    said = {"address": "Never@Dune.example", "reason": "complaint", "note": "On the phone"}
    made = await program.post("/suppressions", said)

    assert (await program.post("/suppressions", said)) == made
    [row] = (await program.get("/suppressions", text="dune"))["items"]
    assert (row["id"], row["address_key"], row["scope"]) == (made["id"], "never@dune.example", "all")
    assert await program.refused("POST", "/suppressions", {**said, "reason": "erasure"}) == (
        422,
        "request_invalid",
    )
    assert (await program("DELETE", f"/suppressions/{made['id']}")).status_code == 204
    assert await program.refused("DELETE", f"/suppressions/{made['id']}") == (409, "already_lifted")


async def test_a_mailbox_is_tried_before_it_is_connected(program, sink):
    wanted = {"address": "billing@firm.example", "host": "127.0.0.1", "port": sink.port, "tls": "none"}
    made = await program.post(
        "/sending-accounts/smtp", {**wanted, "batch_size": 20, "batch_interval_seconds": 5}
    )
    assert (made["state"], made["is_primary"], made["batch_size"], made["batch_interval"]) == (
        "active",
        True,
        20,
        5.0,
    )
    path = f"/sending-accounts/{made['id']}"

    assert await program.refused("POST", "/sending-accounts/smtp", wanted) == (409, "account_connected")
    slower = await program("PATCH", path, {"daily_quota": 50}, If_Match=f'W/"{made["version"]}"')
    assert (slower.json()["daily_quota"], slower.json()["batch_size"]) == (50, 20)
    assert (await program.post(f"{path}/disablement"))["state"] == "disabled"
    assert await program.refused("POST", f"{path}/primary") == (409, "account_idle")
    assert (await program("DELETE", f"{path}/secret")).status_code == 204
    assert len((await program.get("/sending-accounts"))["items"]) == 1


@pytest.mark.parametrize("change", [{"host": "169.254.169.254"}, {"port": 1}, {"username": "half"}])
async def test_a_mailbox_that_does_not_let_us_in_is_refused(program, sink, change):
    wanted = {"address": "billing@firm.example", "host": "127.0.0.1", "port": sink.port, "tls": "none"}

    assert (await program.refused("POST", "/sending-accounts/smtp", {**wanted, **change}))[0] == 422
