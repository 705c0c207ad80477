"""Pixels and links from the token to the stored hit, through the writer that commits many at once."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from bursar.core.errors import TooMany
from bursar.core.keys import Keyring, new_entry
from bursar.core.tokens import Kind, sign
from bursar.core.work import Office
from bursar.outbox.hit_writer import Arrival, HitWriter
from bursar.outbox.hits import Hit
from bursar.outbox.states import EngagementKind
from bursar.outbox.tables import engagements
from bursar.outbox.tracking import Tracking, Visitor
from tests.conftest import NOW
from tests.makers.outbox import a_run, a_send, engagements_of, the_send
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
READER = Visitor(FIREFOX, "192.0.2.77")
LINKS = ["https://pay.example/1", "https://pay.example/2", "https://pay.example/3"]


async def a_sent_mail(office: Office, tenant: UUID, **given: Any) -> UUID:
    row = {"state": "sent", "sent_at": NOW - timedelta(hours=1), "links": LINKS, **given}
    async with office.work(tenant) as work:
        return await a_send(work, **row)


async def stored(office: Office, tenant: UUID, send: UUID) -> tuple[sa.Row[Any], list[sa.Row[Any]]]:
    async with office.work(tenant) as work:
        return await the_send(work, send), await engagements_of(work, send)


@pytest.fixture
def tracking(office: Office) -> Tracking:
    return Tracking(office, HitWriter(office))


async def test_an_opened_mail_is_stored_before_it_is_answered(office: Office, tracking: Tracking) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        run = await a_run(work)
    send = await a_sent_mail(office, tenant, run_id=run)

    await tracking.opened(sign(office.keyring, Kind.PIXEL, tenant, send), READER)

    row, (hit,) = await stored(office, tenant, send)
    assert (row.open_count, row.click_count, row.opened_at, row.clicked_at) == (1, 0, NOW, None)
    assert (row.state, row.version) == ("sent", 1)
    assert (hit.kind, hit.source, hit._mapping["class"]) == ("open", "pixel", "human_likely")
    assert (hit.run_id, hit.at, hit.client, hit.device) == (run, NOW, "Firefox", "desktop")
    assert str(hit.ip_truncated) == "192.0.2.0/24"


async def test_a_click_leads_to_the_stored_target_of_its_position(office: Office, tracking: Tracking) -> None:
    tenant = await a_tenant(office)
    send = await a_sent_mail(office, tenant)

    told = [
        await tracking.clicked(sign(office.keyring, Kind.LINK, tenant, send, position), READER)
        for position in (1, 0, 3)
    ]

    assert told == [LINKS[1], LINKS[0], None]
    row, found = await stored(office, tenant, send)
    assert (row.click_count, row.clicked_at, row.opened_at) == (2, NOW, None)
    assert [hit.link_position for hit in found] == [1, 0]


async def test_looking_where_a_link_leads_counts_nothing(office: Office, tracking: Tracking) -> None:
    tenant = await a_tenant(office)
    send = await a_sent_mail(office, tenant)

    assert await tracking.target_of(sign(office.keyring, Kind.LINK, tenant, send, 2)) == LINKS[2]

    row, found = await stored(office, tenant, send)
    assert (row.click_count, found) == (0, [])


async def test_what_is_none_of_ours_counts_nothing_and_says_nothing(
    office: Office, tracking: Tracking
) -> None:
    tenant, other = await a_tenant(office), await a_tenant(office)
    send = await a_sent_mail(office, tenant)
    pixel, link = (sign(office.keyring, kind, tenant, send) for kind in (Kind.PIXEL, Kind.LINK))
    strangers = Keyring.parse(new_entry("k9"))

    forged = pixel[:-2] + ("B" if pixel[-2] == "A" else "A") + pixel[-1]
    for token in ("", "x", link, pixel[:-1], forged, sign(strangers, Kind.PIXEL, tenant, send)):
        await tracking.opened(token, READER)
    await tracking.opened(sign(office.keyring, Kind.PIXEL, other, send), READER)
    await tracking.opened(sign(office.keyring, Kind.PIXEL, tenant, uuid4()), READER)
    await tracking.opened(sign(office.keyring, Kind.PIXEL, uuid4(), send), READER)
    for token in ("", "//evil.example", pixel, sign(strangers, Kind.LINK, tenant, send)):
        assert await tracking.clicked(token, READER) is None
        assert await tracking.target_of(token) is None
    assert await tracking.clicked(sign(office.keyring, Kind.LINK, other, send), READER) is None
    assert await tracking.clicked(sign(office.keyring, Kind.LINK, uuid4(), send), READER) is None

    row, found = await stored(office, tenant, send)
    assert (row.open_count, row.click_count, found) == (0, 0, [])


async def test_machines_count_and_do_not_date_the_opening(office: Office, tracking: Tracking) -> None:
    tenant = await a_tenant(office)
    send = await a_sent_mail(office, tenant)
    pixel = sign(office.keyring, Kind.PIXEL, tenant, send)

    for visitor in (Visitor("curl/8.1"), Visitor(""), Visitor(FIREFOX, purpose="prefetch")):
        await tracking.opened(pixel, visitor)
    row, _ = await stored(office, tenant, send)
    assert (row.open_count, row.opened_at) == (3, None)

    await tracking.opened(pixel, Visitor(GMAIL, "66.249.84.1"))
    row, found = await stored(office, tenant, send)
    assert (row.open_count, row.opened_at) == (4, NOW)
    assert [hit._mapping["class"] for hit in found] == ["bot", "bot", "prefetch", "proxy"]


async def test_who_is_too_quick_is_a_machine(office: Office, tracking: Tracking) -> None:
    tenant = await a_tenant(office)
    quick = await a_sent_mail(office, tenant, sent_at=NOW - timedelta(seconds=1))
    slower = await a_sent_mail(office, tenant, sent_at=NOW - timedelta(seconds=3))
    slow = await a_sent_mail(office, tenant, sent_at=NOW - timedelta(seconds=6))
    unsettled = await a_sent_mail(office, tenant, state="sending", sent_at=None)

    seen = {}
    for send in (quick, slower, slow, unsettled):
        await tracking.opened(sign(office.keyring, Kind.PIXEL, tenant, send), READER)
        await tracking.clicked(sign(office.keyring, Kind.LINK, tenant, send), READER)
        _, found = await stored(office, tenant, send)
        seen[send] = {hit.kind: hit._mapping["class"] for hit in found}

    assert seen[quick] == {"open": "prefetch", "click": "bot"}
    assert seen[slower] == {"open": "human_likely", "click": "bot"}
    assert seen[slow] == {"open": "human_likely", "click": "human_likely"}
    assert seen[unsettled] == {"open": "human_likely", "click": "human_likely"}


async def test_the_third_link_in_a_breath_gives_a_scanner_away(
    office: Office, tracking: Tracking, clock
) -> None:
    tenant = await a_tenant(office)
    send = await a_sent_mail(office, tenant)

    for position in (0, 1, 2):
        clock.advance(timedelta(seconds=1))
        await tracking.clicked(sign(office.keyring, Kind.LINK, tenant, send, position), READER)
    clock.advance(timedelta(minutes=1))
    await tracking.clicked(sign(office.keyring, Kind.LINK, tenant, send, 0), READER)

    row, found = await stored(office, tenant, send)
    classes = [hit._mapping["class"] for hit in found]
    assert classes == ["human_likely", "human_likely", "bot", "human_likely"]
    assert (row.click_count, row.clicked_at) == (4, NOW + timedelta(seconds=1))


async def test_a_crowd_over_many_tenants_is_all_stored(office: Office) -> None:
    tenants = [await a_tenant(office) for _ in range(5)]
    sends = [(tenant, await a_sent_mail(office, tenant)) for tenant in tenants for _ in range(4)]
    writer = HitWriter(office, lanes=2)
    tracking = Tracking(office, writer)

    told = await asyncio.gather(
        *(tracking.opened(sign(office.keyring, Kind.PIXEL, *send), READER) for send in sends * 5),
        *(tracking.clicked(sign(office.keyring, Kind.LINK, *send, 2), READER) for send in sends * 5),
    )
    await writer.close()

    assert told == [None] * 100 + [LINKS[2]] * 100
    for tenant, send in sends:
        row, found = await stored(office, tenant, send)
        assert (row.open_count, row.click_count, len(found)) == (5, 5, 10)


async def test_closing_answers_all_who_wait_and_takes_no_more(office: Office, tracking: Tracking) -> None:
    tenant = await a_tenant(office)
    send = await a_sent_mail(office, tenant)
    writer = HitWriter(office)
    hit = Arrival(tenant, send, Hit(EngagementKind.OPEN, NOW, FIREFOX))
    waiting = [asyncio.create_task(writer.write(hit)) for _ in range(10)]
    await asyncio.sleep(0)

    await writer.close()

    assert all(task.done() for task in waiting)
    with pytest.raises(TooMany):
        await writer.write(hit)
    row, _ = await stored(office, tenant, send)
    assert row.open_count == 10


async def test_a_full_waiting_room_refuses_openings_and_sends_clicks_on(office: Office) -> None:
    tenant = await a_tenant(office)
    send = await a_sent_mail(office, tenant)
    tracking = Tracking(office, HitWriter(office, waiting_room=0))

    with pytest.raises(TooMany):
        await tracking.opened(sign(office.keyring, Kind.PIXEL, tenant, send), READER)

    assert await tracking.clicked(sign(office.keyring, Kind.LINK, tenant, send), READER) == LINKS[0]
    row, found = await stored(office, tenant, send)
    assert (row.click_count, found) == (0, [])


async def test_who_hangs_up_does_not_disturb_the_others(office: Office) -> None:
    tenant = await a_tenant(office)
    send = await a_sent_mail(office, tenant)
    writer = HitWriter(office)
    hit = Arrival(tenant, send, Hit(EngagementKind.OPEN, NOW, FIREFOX))
    gone, stays = (asyncio.create_task(writer.write(hit)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()

    assert await stays is None

    await writer.close()
    row, _ = await stored(office, tenant, send)
    assert row.open_count in {1, 2}


async def test_a_tenant_that_fails_spoils_nobody_else_and_the_writer_goes_on(
    office: Office, addresses
) -> None:
    fine, broken = await a_tenant(office), await a_tenant(office)
    sends = {tenant: await a_sent_mail(office, tenant) for tenant in (fine, broken)}
    with sa.create_engine(addresses.owner, poolclass=sa.NullPool).begin() as db:
        db.execute(sa.text(f"alter table engagements add constraint no check (tenant_id <> '{broken}')"))
    writer = HitWriter(office)
    tracking = Tracking(office, writer)
    pixels = {tenant: sign(office.keyring, Kind.PIXEL, tenant, send) for tenant, send in sends.items()}

    told = await asyncio.gather(
        *(tracking.opened(pixels[tenant], READER) for tenant in (fine, broken, fine)), return_exceptions=True
    )
    await tracking.opened(pixels[fine], READER)

    assert (told[0], told[2]) == (None, None)
    assert isinstance(told[1], Exception)
    assert "no" in str(told[1])
    for tenant, count in ((fine, 3), (broken, 0)):
        row, found = await stored(office, tenant, sends[tenant])
        assert (row.open_count, len(found)) == (count, count)


async def test_the_wall_stands_between_the_tenants_of_one_flush(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    send = await a_sent_mail(office, theirs)
    writer = HitWriter(office)
    hit = Hit(EngagementKind.OPEN, NOW, FIREFOX)

    await asyncio.gather(*(writer.write(Arrival(tenant, send, hit)) for tenant in (ours, theirs)))

    async with office.work(ours) as work:
        assert await work.db.scalar(sa.select(sa.func.count()).select_from(engagements)) == 0
    row, found = await stored(office, theirs, send)
    assert (row.open_count, len(found)) == (1, 1)


async def test_a_database_that_is_away_is_told_to_who_waits(office: Office, addresses) -> None:
    tenant = await a_tenant(office)
    send = await a_sent_mail(office, tenant)
    writer = HitWriter(office)
    pixel = sign(office.keyring, Kind.PIXEL, tenant, send)
    admin = sa.create_engine(addresses.owner.set(database="postgres"), isolation_level="AUTOCOMMIT")
    name = addresses.app.database
    with admin.connect() as db:
        db.execute(sa.text(f"alter database {name} allow_connections false"))
        db.execute(
            sa.text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :n"), {"n": name}
        )
    await office.engine.dispose()
    with pytest.raises(OperationalError):
        await Tracking(office, writer).opened(pixel, READER)
    with admin.connect() as db:
        db.execute(sa.text(f"alter database {name} allow_connections true"))
    admin.dispose()

    await Tracking(office, writer).opened(pixel, READER)

    row, _ = await stored(office, tenant, send)
    assert row.open_count == 1
