"""Results over sends: whatever happens in whatever order, the quick count says what the rows say."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.core.work import Office, Work
from bursar.outbox.counted import Chosen
from bursar.outbox.counting import count_sends, list_counted
from bursar.outbox.outcomes import Figure, Outcome
from bursar.outbox.queries.counting import LOWEST, everything, given, mark, shape_of
from bursar.outbox.queries.rollups import KEYS, MEASURES
from bursar.outbox.rollups import catch_up, tenants_to_count
from bursar.outbox.states import Purpose
from bursar.outbox.tables import send_changes, send_rollups
from bursar.tenancy.tables import tenants
from tests.conftest import NOW
from tests.makers.counting import LONG_AGO, Firm, an_id, change, counted_by_hand
from tests.makers.outbox import a_run, a_send, a_version, an_account
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio


async def quick(work: Work) -> Counter[tuple[Any, ...]]:
    """The same as `counted_by_hand`, from rollups, log and tail."""
    found: Counter[tuple[Any, ...]] = Counter()
    to = await work.db.scalar(mark(work)) or LOWEST
    all_of_them = sa.select(everything(shape_of(Chosen(), to)))
    for row in await work.db.execute(all_of_them, given(work, Chosen(), to)):
        for measure in MEASURES:
            found[*(row._mapping[key] for key in KEYS), str(measure)] += row._mapping[measure]
    return Counter({key: many for key, many in found.items() if many})


async def both_agree(office: Office, tenant_id: UUID) -> None:
    async with office.work(tenant_id) as work:
        assert await quick(work) == await counted_by_hand(work)


@pytest.mark.parametrize("seed", range(4))
async def test_the_quick_count_is_the_naive_one_whatever_happens_in_two_firms(
    office: Office, seed: int
) -> None:
    chance = random.Random(seed)
    zones = ("Asia/Kathmandu", "America/New_York")
    firms = [await Firm(office, await a_tenant(office, time_zone=zone), chance).settle_in() for zone in zones]
    for number in range(60):
        await chance.choice(firms).act()
        if number % 5 == 0:
            for firm in firms:
                await both_agree(office, firm.tenant_id)
    for firm in firms:
        await firm.count()
        await both_agree(office, firm.tenant_id)


@pytest.fixture
async def firm(office: Office) -> UUID:
    return await a_tenant(office)


async def a_counted_send(office: Office, firm: UUID, **given: Any) -> UUID:
    async with office.work(firm) as work:
        send = await a_send(work, id=an_id(LONG_AGO), **{"state": "sent", "sent_at": LONG_AGO, **given})
    await catch_up(office, firm)
    return send


async def test_a_late_opening_is_seen_at_once_and_counted_anew_by_the_next_job(
    office: Office, firm: UUID
) -> None:
    send = await a_counted_send(office, firm)

    async with office.work(firm) as work:
        await change(work, send, opened_at=NOW, open_count=1)
    async with office.work(firm) as work:
        assert (await count_sends(work)).total.figures[Figure.OPENED] == 1
        assert await work.db.scalar(sa.select(sa.func.sum(send_rollups.c.opened))) == 0

    await catch_up(office, firm)
    async with office.work(firm) as work:
        assert (await count_sends(work)).total.figures[Figure.OPENED] == 1
        assert await work.db.scalar(sa.select(sa.func.sum(send_rollups.c.opened))) == 1
        assert await work.db.scalar(sa.select(sa.func.count()).select_from(send_changes)) == 0


async def test_a_second_opening_and_a_claim_leave_no_trace_in_the_log(office: Office, firm: UUID) -> None:
    opened = await a_counted_send(office, firm, opened_at=LONG_AGO, open_count=1)
    queued = await a_counted_send(office, firm, state="queued", sent_at=None)
    async with office.work(firm) as work:
        await change(work, opened, open_count=2)
        await change(work, queued, state="sending", queue_at=None)
    async with office.work(firm) as work:
        assert await work.db.scalar(sa.select(sa.func.count()).select_from(send_changes)) == 0


async def test_a_change_that_commits_while_the_job_counts_is_neither_lost_nor_counted_twice(
    office: Office, firm: UUID
) -> None:
    send = await a_counted_send(office, firm)
    async with office.work(firm) as slow:
        await change(slow, send, state="bounced", reason="no_such_mailbox")
        async with office.work(firm) as work:
            other = await a_send(work, id=an_id(LONG_AGO))
            await change(work, other, state="cancelled", reason="agent", queue_at=None)
        await catch_up(office, firm)
        await both_agree(office, firm)
    await both_agree(office, firm)
    await catch_up(office, firm)
    await both_agree(office, firm)


async def test_a_send_whose_order_commits_after_a_younger_one_was_counted_is_not_lost(
    office: Office, firm: UUID
) -> None:
    async with office.work(firm) as slow:
        await a_send(slow)
        async with office.work(firm) as work:
            await a_send(work)
        await catch_up(office, firm)
    await both_agree(office, firm)
    async with office.work(firm) as work:
        assert (await count_sends(work)).total.ordered == 2


async def test_in_another_time_zone_every_day_is_counted_anew(office: Office, firm: UUID) -> None:
    late = datetime(2024, 3, 5, 22, 30, tzinfo=UTC)  # the 6th in Dubai
    await a_counted_send(office, firm, sent_at=late)
    async with office.work(firm) as work:
        moved = sa.update(tenants).where(tenants.c.tenant_id == firm).values(time_zone="Europe/Paris")
        await work.db.execute(moved)
    assert await tenants_to_count(office) == [firm]
    for _ in range(2):
        await both_agree(office, firm)
        async with office.work(firm) as work:
            by = (await count_sends(work, by=["day"])).by["day"]
            assert list(by) == [late.date()]
        await catch_up(office, firm)
    assert await tenants_to_count(office) == []


async def test_only_firms_with_something_new_are_counted(office: Office, firm: UUID) -> None:
    await a_counted_send(office, firm)
    assert await tenants_to_count(office) == []
    other = await a_tenant(office)
    async with office.work(other) as work:
        await a_send(work, id=an_id(LONG_AGO))
    assert await tenants_to_count(office) == [other]


async def test_slices_count_the_same_as_one_go(
    office: Office, firm: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bursar.outbox.rollups.ROWS_AT_ONCE", 3)
    async with office.work(firm) as work:
        for hours in (0, 0, 0, 0, 1, 1, 5, 5, 5, 5, 5, 30):
            await a_send(work, id=an_id(LONG_AGO + timedelta(hours=hours)))
    assert await catch_up(office, firm) == 4
    await both_agree(office, firm)


async def test_what_is_chosen_is_what_is_counted(office: Office, firm: UUID) -> None:
    async with office.work(firm) as work:
        run, version, account = await a_run(work), await a_version(work), await an_account(work)
        its = {"run_id": run, "template_version_id": version, "sending_account_id": account}
        sent = {"state": "sent", "sent_at": LONG_AGO + timedelta(days=2)}
        await a_send(work, id=an_id(LONG_AGO), **its, **sent)
        await a_send(work, id=an_id(LONG_AGO), purpose="notice", **sent)
        await a_send(work, id=an_id(LONG_AGO), **its, state="suppressed", reason="paid")
    for _ in range(2):
        async with office.work(firm) as work:
            all_of_them = await count_sends(work, by=["purpose", "run_id"])
            assert all_of_them.total.outcomes == {Outcome.SENT: 2, Outcome.SUPPRESSED: 1}
            assert all_of_them.reasons == {(Outcome.SUPPRESSED, "paid"): 1}
            assert all_of_them.by["purpose"]["campaign"].ordered == 2
            assert all_of_them.by["run_id"][run].of("suppressed") == 1
            assert all_of_them.by["run_id"][None].of("accepted") == 1
            for chosen, many in (
                (Chosen(run_ids=[run]), 2),
                (Chosen(run_ids=[]), 0),
                (Chosen(sending_account_id=account), 2),
                (Chosen(purposes=[Purpose.NOTICE]), 1),
                (Chosen(first=(LONG_AGO + timedelta(days=2)).date()), 2),
                (Chosen(last=LONG_AGO.date()), 1),
            ):
                assert (await count_sends(work, chosen)).total.ordered == many, chosen
        await catch_up(office, firm)


async def test_the_sends_behind_a_number_are_found_page_by_page(office: Office, firm: UUID) -> None:
    async with office.work(firm) as work:
        ids = [
            await a_send(
                work, id=an_id(LONG_AGO + timedelta(hours=hour)), state="failed", reason="unreachable"
            )
            for hour in range(5)
        ]
        await a_send(work, id=an_id(LONG_AGO))
    await catch_up(office, firm)
    async with office.work(firm) as work:
        await change(work, ids[0], state="queued", reason=None, queue_at=NOW)
        ids.append(await a_send(work, state="failed", reason="unreachable"))
        wanted = Chosen(outcome=Outcome.FAILED, reason="unreachable")
        found, cursor = [], None
        while True:
            page = await list_counted(work, wanted, cursor=cursor, limit=2)
            found += [row.id for row in page.rows]
            cursor = page.next
            if cursor is None:
                break
        assert found == sorted(ids[1:], reverse=True)
        assert (await list_counted(work, Chosen(figure=Figure.OPENED))).rows == []


async def test_one_firm_counts_nothing_of_another(office: Office, firm: UUID) -> None:
    await a_counted_send(office, firm)
    other = await a_tenant(office)
    await a_counted_send(office, other, state="bounced", reason="no_such_mailbox")
    async with office.work(other) as work:
        counted = await count_sends(work)
        assert counted.total.outcomes == {Outcome.BOUNCED: 1}
        assert len((await list_counted(work, Chosen())).rows) == 1
