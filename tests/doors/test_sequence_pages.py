"""Sequences, the lists of their days, and who is chased, in the browser."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from bursar.chasing.sequences import lists, sequences
from bursar.chasing.sequences.chases import list_chases
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from tests.makers.billing import pay
from tests.makers.campaigning import a_chasing_firm
from tests.makers.outbox import the_send
from tests.makers.sequence_pages import late, the_day, the_ladder
from tests.makers.sequences import messages_of
from tests.makers.staff import HTMX, Staff, sign_in, staff_of

pytestmark = pytest.mark.anyio

TYPED = {
    "name": "Late ones",
    "offset-0": "-5",
    "template-0": "before_due",
    "severity-0": "0",
    "offset-4": "+7",
    "template-4": "overdue_firm",
    "severity-4": "2",
    "group_by": "customer",
    "release_time": "10:30",
    "gap_days": "4",
}


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with a_chasing_firm(addresses, clock, keyring) as staff:
        yield staff


async def test_a_firm_without_a_sequence_is_offered_the_usual_ladder_once(staff: Staff) -> None:
    assert "Take the usual ladder" in (await staff.get("/sequences")).text
    first = await staff.post("/sequences/default-ladder")
    again = await staff.post("/sequences/default-ladder")
    assert first.headers["location"] == again.headers["location"]
    page = (await staff.get(first.headers["location"])).text
    for told in ("-5", "+1", "+7", "+14", "+30", "Due date", "Friendly note", "Last notice", "Switch on"):
        assert told in page, told


async def test_it_is_seen_who_would_hear_what_before_anything_is_switched_on(staff: Staff) -> None:
    await late(staff, 8, 2, company_name="Noor Trading")
    await late(staff, 8, company_name="Silent", email=None)
    page = (await staff.post("/sequences/default-ladder")).headers["location"]

    shown = (await staff.get(f"{page}/activation")).text

    assert "Noor Trading" in shown
    assert "7 days late" in shown
    assert "no e-mail address" in shown
    async with staff.work() as work:
        assert await lists.recent_lists(work) == []
        assert not (await sequences.list_sequences(work))[0].active


async def test_switched_on_its_first_list_is_there_and_nothing_has_left(staff: Staff) -> None:
    await late(staff, 8)
    page = await the_ladder(staff)
    day = await the_day(staff)
    assert (day.state, day.counts, str(day.on_date)) == ("held", {"queued": 1}, "2026-11-19")
    assert f"/lists/{day.run_id}" in (await staff.get(page)).text
    assert f"/lists/{day.run_id}" in (await staff.get("/sequences")).text
    home = (await staff.get("/")).text
    assert f"/lists/{day.run_id}" in home
    assert "Nothing needs you" not in home


async def test_a_sequence_is_made_changed_and_what_is_wrong_is_said_beside_it(staff: Staff) -> None:
    await staff.post("/sequences/default-ladder")
    made = await staff.post(
        "/sequences", **TYPED, tags="vip", min_balance="100.00", currency="AED", languages="ar"
    )
    page = made.headers["location"]
    async with staff.work() as work:
        one = await sequences.get_sequence(work, UUID(page.rpartition("/")[2]))
    assert [(touch.offset_days, touch.template_code, touch.severity) for touch in one.touches] == [
        (-5, "before_due", 0),
        (7, "overdue_firm", 2),
    ]
    assert one.applies_to == {
        "currency": "AED",
        "min_balance_minor": 100_00,
        "tags": ["vip"],
        "languages": ["ar"],
    }
    assert (one.release_time.isoformat("minutes"), one.gap_days, one.auto_release, one.active) == (
        "10:30",
        4,
        False,
        False,
    )
    shown = (await staff.get(page)).text.replace("\N{NO-BREAK SPACE}", " ")
    assert (
        "Open invoices in AED, of at least AED 100.00, of customers tagged vip, of customers who read العربية."
        in shown
    )
    form = (await staff.get(f"{page}/edit")).text
    assert 'value="100.00"' in form
    assert 'value="-5"' in form

    for wrong, field in (
        ({"offset-0": "soon"}, "touches"),
        ({"name": ""}, "name"),
        ({"gap_days": "x"}, "gap_days"),
        ({"release_time": "noon"}, "release_time"),
        ({"template-0": "nowhere"}, "touches"),
        ({"severity-0": "4"}, "touches"),
    ):
        answer = await staff.post(page, **{**TYPED, **wrong})
        assert answer.status_code == 422, wrong
        assert f'href="#field-{field}"' in answer.text, wrong
    saved = await staff.post(page, **{**TYPED, "auto_release": "yes"})
    assert saved.headers["location"] == page
    assert "go by themselves" in (await staff.get(page)).text


async def test_the_count_of_a_segment_follows_what_is_typed_and_keeps_nothing(staff: Staff) -> None:
    await late(staff, 8, 2)
    await late(staff, 40)
    every = await staff.post("/sequences/estimate", **TYPED)
    old = await staff.post("/sequences/estimate", **TYPED, min_days="30")
    wrong = await staff.post("/sequences/estimate", **TYPED, min_days="many")
    assert "<strong>3</strong>" in every.text
    assert "of 2 customers" in every.text
    assert "<strong>1</strong>" in old.text
    assert "late for at least 30 days" in old.text
    assert "whole number of days" in wrong.text
    async with staff.work() as work:
        assert await sequences.list_sequences(work) == []


async def test_the_order_is_changed_one_place_at_a_time(staff: Staff) -> None:
    await staff.post("/sequences/default-ladder")
    second = (await staff.post("/sequences", **TYPED)).headers["location"]
    for way, first in (("up", "Late ones"), ("up", "Late ones"), ("down", "Reminders")):
        await staff.post(f"{second}/place", way=way)
        async with staff.work() as work:
            assert (await sequences.list_sequences(work))[0].name == first


async def test_a_list_is_read_row_by_row_changed_and_let_go(staff: Staff) -> None:
    _, [invoice] = await late(staff, 8, company_name="Noor Trading")
    await late(staff, 15, company_name="Dune Works")
    await the_ladder(staff)
    day = await the_day(staff)
    here = f"/lists/{day.run_id}"
    page = (await staff.get(here)).text
    assert "Noor Trading" in page
    assert "Dune Works" in page
    assert "It waits for you" in page
    async with staff.work() as work:
        first, second = [message.id for message in await messages_of(work, day.run_id)]

    part = await staff.browser.get(f"{here}/messages/{second}", headers=HTMX)
    assert "Message 2 of 2" in part.text
    words = await staff.post(f"/sends/{second}/words", subject="Dear Dune", body="Please call us.")
    assert words.headers["location"] == f"{here}?message={second}"
    assert "in your own words" in (await staff.get(here, message=str(second))).text
    dropped = await staff.post(f"{here}/messages/{first}/cancellation")
    assert dropped.headers["location"] == here
    async with staff.work() as work:
        assert (await the_send(work, first)).state == "cancelled"

    assert "2026" in (await staff.get(f"{here}/release")).text
    assert (await staff.post(f"{here}/release")).headers["location"] == here
    assert "How it stands" in (await staff.get(here)).text
    assert (await staff.post(f"{here}/release")).status_code == 409
    assert invoice


async def test_what_changed_since_it_was_listed_is_said_before_it_goes(staff: Staff) -> None:
    _, [paid] = await late(staff, 8)
    _, [part] = await late(staff, 8)
    await the_ladder(staff)
    day = await the_day(staff)
    async with staff.work() as work:
        await pay(work, paid, 100_00)
        await pay(work, part, 10_00)
    for path in (f"/lists/{day.run_id}", f"/lists/{day.run_id}/release"):
        page = (await staff.get(path)).text
        assert "since the list was made" in page
        assert "paid" in page
    assert "less is open than before" in (await staff.get(f"/lists/{day.run_id}")).text


async def test_a_list_goes_by_itself_at_an_announced_time_and_waits_again_without(staff: Staff) -> None:
    await late(staff, 8)
    await the_ladder(staff)
    here = f"/lists/{(await the_day(staff)).run_id}"
    assert (await staff.post(f"{here}/time", at="11:15")).headers["location"] == here
    assert "It goes by itself" in (await staff.get(here)).text
    assert (await staff.post(f"{here}/time", at="late")).status_code == 422
    await staff.post(f"{here}/time", at="")
    assert "It waits for you" in (await staff.get(here)).text
    assert (await staff.post(f"{here}/cancellation")).headers["location"] == here
    assert (await staff.post(f"{here}/cancellation")).status_code == 409


async def test_who_is_left_out_is_listed_with_why(staff: Staff) -> None:
    _, [invoice] = await late(staff, 8, email=None)
    await late(staff, 9)
    await the_ladder(staff)
    here = f"/lists/{(await the_day(staff)).run_id}/left-out"
    page = (await staff.get(here, reason="no_address")).text
    assert f"/invoices/{invoice}" in page
    assert "no e-mail address" in page
    assert f"/invoices/{invoice}" not in (await staff.get(here, reason="promise")).text


async def test_switched_off_its_list_is_closed_and_it_can_be_put_away(staff: Staff) -> None:
    await late(staff, 8)
    page = await the_ladder(staff)
    assert (await staff.post(f"{page}/archiving")).status_code == 409
    await staff.post(f"{page}/deactivation")
    async with staff.work() as work:
        assert await lists.held_lists(work) == []
    assert (await staff.post(f"{page}/archiving")).headers["location"] == "/sequences"
    assert "put away" in (await staff.get(page)).text
    assert "Take the usual ladder" in (await staff.get("/sequences")).text


async def test_without_a_mailbox_it_is_said_and_nothing_is_switched_on(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with staff_of(addresses, clock, keyring) as staff:
        page = (await staff.post("/sequences/default-ladder")).headers["location"]
        assert "Connect a mailbox first" in (await staff.get(f"{page}/activation")).text
        answer = await staff.post(f"{page}/activation")
        assert answer.status_code == 409
        assert "Connect a mailbox first" in answer.text


async def test_a_viewer_looks_and_changes_nothing(staff: Staff) -> None:
    customer, [invoice] = await late(staff, 8)
    page = await the_ladder(staff)
    day = await the_day(staff)
    async with staff.work() as work:
        [send] = [message.id for message in await messages_of(work, day.run_id)]
        [chase] = [one.id for one in (await list_chases(work)).rows]
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER, email="viewer@wt.example")
    here = f"/lists/{day.run_id}"
    for path in (
        "/sequences",
        page,
        here,
        f"{here}/left-out",
        f"{here}/messages/{send}",
        "/chases",
    ):
        assert (await viewer.browser.get(path)).status_code == 200, path
    acts = [
        "/sequences/default-ladder", page, f"{page}/activation", f"{page}/deactivation", f"{page}/place",
        f"{here}/release", f"{here}/time", f"{here}/cancellation", f"{here}/messages/{send}/cancellation",
        f"/customers/{customer}/chases", f"/invoices/{invoice}/chases",
        f"/chases/{chase}/pause", f"/chases/{chase}/stop",
    ]  # fmt: skip
    for path in acts:
        answer = await viewer.post(path, **TYPED, reason="Words")
        assert answer.status_code == 403, path
    async with staff.work() as work:
        assert (await the_send(work, send)).state == "queued"
