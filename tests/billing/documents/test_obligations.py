"""From when on e-invoices are owed: data with a source, read on the firm's own calendar."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bursar.billing.documents.obligations import (
    Obligation,
    choose_phase,
    is_obliged,
    obligations,
    phases,
    set_obligation,
)
from bursar.billing.issuing import Incomplete, checklist, issue_invoice
from bursar.core.clock import FixedClock
from bursar.core.errors import Invalid, NotAllowed
from bursar.core.kinds import AgentRole
from bursar.core.tables import events
from bursar.core.work import Office, Work
from bursar.reactions import REACTIONS
from bursar.tenancy.tenants import create_tenant
from tests.makers.einvoices import Network, a_network
from tests.makers.tenancy import acting

pytestmark = pytest.mark.anyio

DUTY = Obligation(
    "PINT-AE", date(2027, 1, 1), date(2026, 10, 30), "Ministerial Decision 244", date(2026, 11, 18)
)


@pytest.fixture
async def network(office: Office, clock: FixedClock, tmp_path: Path) -> Network:
    return await a_network(office, clock, tmp_path, since=date(2027, 1, 1))


# Dubai is four hours before UTC all year: its day begins at 20:00.
@pytest.mark.parametrize(
    ("since", "now", "owed"),
    [
        (date(2027, 1, 1), datetime(2026, 12, 31, 19, 59, tzinfo=UTC), False),
        (date(2027, 1, 1), datetime(2026, 12, 31, 20, 0, tzinfo=UTC), True),
        (date(2027, 1, 1), datetime(2027, 1, 1, 0, 0, tzinfo=UTC), True),
        (date(2027, 7, 1), datetime(2027, 1, 1, 12, 0, tzinfo=UTC), False),
        (date(2027, 7, 1), datetime(2027, 6, 30, 19, 59, tzinfo=UTC), False),
        (date(2027, 7, 1), datetime(2027, 6, 30, 20, 0, tzinfo=UTC), True),
    ],
)
async def test_the_duty_begins_at_midnight_in_dubai(
    office: Office, clock: FixedClock, tmp_path: Path, since: date, now: datetime, owed: bool
) -> None:
    clock.move_to(now)
    network = await a_network(office, clock, tmp_path, since=since)
    async with network.work() as work:
        draft = await network.draft(work, line={"classification_code": None})

    async with network.work() as work:
        assert await is_obliged(work) is owed
        if owed:
            with pytest.raises(Incomplete) as refused:
                await issue_invoice(work, draft)
            assert refused.value.missing == ("ibr-185-ae line 1",)
        else:
            await issue_invoice(work, draft)


async def test_what_an_e_invoice_lacks_is_listed_before_there_is_a_number_with_its_rules(
    network: Network,
) -> None:
    network.clock.move_to(datetime(2027, 1, 2, 8, tzinfo=UTC))
    async with network.work() as work:
        draft = await network.draft(
            work,
            line={"classification_code": None},
            buyer={"subdivision": "Dubai", "registration_authority": None},
        )

        items = await checklist(work, draft)

    assert [(item.rule, str(item.where), item.column) for item in items if not item.warning] == [
        ("ibr-128-ae", "customer", "subdivision"),
        ("ibr-101-ae", "customer", "registration_authority"),
        ("ibr-185-ae", "draft", "lines"),
    ]


async def test_a_complete_draft_is_issued_under_the_duty(network: Network) -> None:
    network.clock.move_to(datetime(2027, 1, 2, 8, tzinfo=UTC))
    async with network.work() as work:
        issued = await issue_invoice(work, await network.draft(work))

    assert issued.number == "202701020001"


async def test_a_new_firm_of_the_emirates_is_told_of_the_usual_case_and_others_of_none(
    office: Office,
) -> None:
    reacting = Office(office.engine, office.clock, office.keyring, REACTIONS)
    given: Any = {"owner_email": "owner@example.com", "locale": "en", "name": "Firm"}
    here = await create_tenant(
        reacting, slug="here", country="AE", currency="AED", time_zone="Asia/Dubai", **given
    )
    there = await create_tenant(
        reacting, slug="there", country="FR", currency="EUR", time_zone="Europe/Paris", **given
    )

    async with office.work(here.id) as work:
        assert await obligations(work) == [
            Obligation(
                "PINT-AE",
                date(2027, 7, 1),
                date(2027, 3, 31),
                "Ministerial Decision 244 of 2025",
                date(2026, 11, 20),
            )
        ]
    async with office.work(there.id) as work:
        assert await obligations(work) == []


async def test_a_firm_chooses_its_case_and_the_journal_says_what_stood_there_before(work: Work) -> None:
    await choose_phase(work, "from_50m")
    await choose_phase(work, "from_50m")
    await set_obligation(work, DUTY)

    assert await obligations(work) == [DUTY]
    told = sa.select(events.c.changes).where(
        events.c.tenant_id == work.tenant_id, events.c.type == "einvoice_obligation.set"
    )
    changes = list(await work.db.scalars(told.order_by(events.c.id)))
    assert [(one["before"].get("source"), one["after"]["source"]) for one in changes] == [
        (None, "Ministerial Decision 244 of 2025; appointment by Ministerial Decision 66 of 2026"),
        ("Ministerial Decision 244 of 2025; appointment by Ministerial Decision 66 of 2026", DUTY.source),
    ]


BAD = {
    "a regime that nobody knows": ({"regime": "FACTUR-X"}, "regime"),
    "no source": ({"source": "  "}, "source"),
    "a source without end": ({"source": "x" * 501}, "source"),
    "read tomorrow": ({"checked_on": date(2026, 11, 19)}, "checked_on"),
    "a provider after the duty": ({"asp_by": date(2027, 1, 2)}, "asp_by"),
}


@pytest.mark.parametrize("case", BAD)
async def test_what_makes_no_duty_is_refused_at_its_field(work: Work, case: str) -> None:
    given, field = BAD[case]
    values = {
        name: getattr(DUTY, name) for name in ("regime", "mandatory_from", "asp_by", "source", "checked_on")
    }

    with pytest.raises(Invalid) as refused:
        await set_obligation(work, Obligation(**{**values, **given}))

    assert refused.value.field == field
    assert await obligations(work) == []


async def test_an_unknown_case_is_refused(work: Work) -> None:
    with pytest.raises(Invalid):
        await choose_phase(work, "never")


async def test_only_admins_say_what_a_firm_owes(office: Office, network: Network) -> None:
    for role in (AgentRole.VIEWER, AgentRole.AGENT):
        async with office.work(network.tenant_id, actor=acting(role)) as work:
            with pytest.raises(NotAllowed):
                await set_obligation(work, DUTY)


def test_every_case_that_we_know_says_where_it_is_written_and_when_we_looked() -> None:
    assert {phase.key for phase in phases()} == {"below_50m", "from_50m", "government"}
    assert all(phase.obligation.source and phase.obligation.checked_on for phase in phases())
    assert [phase.key for phase in phases() if phase.usual] == ["below_50m"]
