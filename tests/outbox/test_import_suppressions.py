"""Lists of addresses that must not be written to, brought in as sheets and taken away as such."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.importers import import_desk
from bursar.core.errors import NotAllowed
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tables import events
from bursar.core.work import SYSTEM, Actor, Office
from bursar.outbox.states import Scope, SuppressionReason
from bursar.outbox.suppression_export import HEADER, suppression_rows
from bursar.outbox.suppressions import lift, list_suppressions, suppress
from bursar.tenancy.imports import ImportReport, import_sheet
from bursar.tenancy.reports import csv_report
from bursar.tenancy.states import ImportKind
from tests.makers.outbox import a_send, the_send
from tests.makers.sheets import csv_of
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

HEADING = ("Email", "List", "Status", "Notes", "Expires")


async def bring(
    office: Office, tenant: UUID, *rows: tuple[str, ...], apply: bool = True, actor: Actor = SYSTEM
) -> ImportReport:
    return await import_sheet(
        import_desk(office),
        tenant,
        actor,
        ImportKind.SUPPRESSIONS,
        "stop.csv",
        csv_of(HEADING, *rows),
        apply=apply,
    )


async def test_a_dry_run_says_what_would_happen_and_writes_nothing(office: Office) -> None:
    tenant = await a_tenant(office)
    report = await bring(
        office, tenant, ("a@x.example", "", "", "", ""), ("nobody", "", "", "", ""), apply=False
    )
    assert (report.created, report.refused) == (1, 1)
    async with office.work(tenant) as work:
        assert (await list_suppressions(work)).rows == []


async def test_words_of_other_programs_are_understood_and_unknown_ones_refused_by_name(
    office: Office,
) -> None:
    tenant = await a_tenant(office)
    report = await bring(
        office,
        tenant,
        ("A@x.example", "Reminders", "Unsubscribed", "asked", "2026-12-31"),
        ("b@x.example", "newsletter", "", "", ""),
        ("c@x.example", "", "Bounced", "", ""),
        ("d@x.example", "", "spam complaint", "", ""),
        ("e@x.example", "loyalty", "", "", ""),
        ("f@x.example", "", "erased", "", ""),
        ("g@x.example", "", "", "", "2020-01-01"),
        ("", "", "manual", "", ""),
    )
    assert (report.created, report.refused) == (4, 4)
    assert {row.number: row.field for row in report.rows if row.reason} == {
        6: "scope", 7: "reason", 8: "until", 9: "address",
    }  # fmt: skip
    async with office.work(tenant) as work:
        rows = {one.address_key: one for one in (await list_suppressions(work)).rows}
    told = {key: (one.scope, one.reason) for key, one in rows.items()}
    assert told == {
        "a@x.example": (Scope.REMINDERS, SuppressionReason.UNSUBSCRIBE),
        "b@x.example": (Scope.MARKETING, SuppressionReason.MANUAL),
        "c@x.example": (Scope.ALL, SuppressionReason.HARD_BOUNCE),
        "d@x.example": (Scope.ALL, SuppressionReason.COMPLAINT),
    }
    assert rows["a@x.example"].note == "asked"
    assert rows["a@x.example"].expires_at == datetime(2026, 12, 31, 20, tzinfo=UTC)  # its end in Dubai


async def test_the_same_sheet_twice_changes_nothing_and_a_repeated_row_is_one(office: Office) -> None:
    tenant = await a_tenant(office)
    rows = (("a@x.example", "", "", "", ""), ("A@X.example", "", "", "", ""))
    first, second = await bring(office, tenant, *rows), await bring(office, tenant, *rows)
    assert (first.created, first.unchanged) == (1, 1)
    assert (second.created, second.unchanged) == (0, 2)
    async with office.work(tenant) as work:
        assert len((await list_suppressions(work)).rows) == 1
        told = sa.select(events.c.type, events.c.payload).where(
            events.c.tenant_id == tenant, events.c.type.like("suppression.%")
        )
        assert (await work.db.execute(told)).all() == [
            ("suppression.manual", {"scope": "all", "imported": True})
        ]


async def test_what_waits_for_an_address_stops_when_the_sheet_is_written(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        stopped = await a_send(work, to_address="a@x.example")
        kept = await a_send(work, to_address="b@x.example")
    await bring(
        office, tenant, ("a@x.example", "reminders", "", "", ""), ("b@x.example", "marketing", "", "", "")
    )
    async with office.work(tenant) as work:
        assert (await the_send(work, stopped)).reason == "unsubscribed"
        assert (await the_send(work, kept)).state == "queued"


async def test_a_viewer_brings_nothing_in(office: Office) -> None:
    tenant = await a_tenant(office)
    with pytest.raises(NotAllowed):
        await bring(
            office,
            tenant,
            ("a@x.example", "", "", "", ""),
            actor=Actor(ActorType.AGENT, None, AgentRole.VIEWER),
        )


async def test_what_is_taken_away_can_be_brought_in_elsewhere(office: Office) -> None:
    here, there = await a_tenant(office), await a_tenant(office)
    async with office.work(here) as work:
        await suppress(
            work, "a@x.example", scope=Scope.REMINDERS, note="asked", reason=SuppressionReason.UNSUBSCRIBE
        )
        await suppress(work, "b@x.example", reason=SuppressionReason.HARD_BOUNCE)
        lifted = await suppress(work, "c@x.example")
        await lift(work, lifted)
        rows = [row async for batch in suppression_rows(work) for row in batch]
    report = await import_sheet(
        import_desk(office),
        there,
        SYSTEM,
        ImportKind.SUPPRESSIONS,
        "s.csv",
        csv_report(HEADER, rows),
        apply=True,
    )
    assert report.created == 2
    async with office.work(there) as work:
        told = {(one.address_key, one.scope, one.reason) for one in (await list_suppressions(work)).rows}
    assert told == {
        ("a@x.example", Scope.REMINDERS, SuppressionReason.UNSUBSCRIBE),
        ("b@x.example", Scope.ALL, SuppressionReason.HARD_BOUNCE),
    }
