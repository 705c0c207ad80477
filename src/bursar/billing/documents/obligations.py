"""From when on a firm owes e-invoices, by which law, and when somebody last looked (R1, R24)."""

import tomllib
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib import resources
from uuid import UUID

from bursar.billing.documents.before_issue import REGIME
from bursar.billing.queries import einvoices as queries
from bursar.core.errors import N_, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.work import Happened, Record, Work

_LONGEST_SOURCE = 500


@dataclass(frozen=True, slots=True)
class Obligation:
    """`mandatory_from` counts on the firm's own calendar; until `asp_by` it names its service provider."""

    regime: str
    mandatory_from: date
    asp_by: date | None
    source: str
    checked_on: date


@dataclass(frozen=True, slots=True)
class Phase:
    """One case of a regime, as we know the law: `usual` is who is asked for when nobody said more."""

    key: str
    country: str
    usual: bool
    obligation: Obligation


@cache
def phases() -> tuple[Phase, ...]:
    """All that we know; read once."""
    text = (resources.files("bursar.billing.documents") / "obligations.toml").read_text("utf-8")
    of_obligation = ("regime", "mandatory_from", "asp_by", "source", "checked_on")
    return tuple(
        Phase(
            row["key"],
            row["country"],
            row["usual"],
            Obligation(**{name: row[name] for name in of_obligation}),
        )
        for row in tomllib.loads(text)["phase"]
    )


async def obligations(work: Work) -> list[Obligation]:
    return [Obligation(**row) for row in (await work.db.execute(queries.obligations(work))).mappings()]


async def is_obliged(work: Work, day: date | None = None) -> bool:
    """Whether an e-invoice of `day`, today at default, is owed."""
    day = day or work.today
    return any(one.regime == REGIME and one.mandatory_from <= day for one in await obligations(work))


async def set_obligation(work: Work, given: Obligation) -> None:
    """Put a firm's own dates in the place of those that stood there. Raises `Invalid` by field."""
    work.allow(AgentRole.ADMIN)
    await _put(work, _checked(given, work.today))


async def choose_phase(work: Work, key: str) -> None:
    """Take over what we know of a case. Raises `Invalid` for one that we do not know."""
    work.allow(AgentRole.ADMIN)
    found = next((phase for phase in phases() if phase.key == key), None)
    if found is None:
        raise Invalid(N_("Choose one of the list."), code="not_offered", field="phase")
    await _put(work, found.obligation)


async def tenant_created(work: Work, happened: Happened) -> None:  # noqa: ARG001  it happened to this tenant
    """A new firm is told of the usual case of its country, until it says which is its own."""
    country = (await work.db.scalars(queries.country(work))).one()
    for phase in phases():
        if phase.country == country and phase.usual:
            await _write(work, phase.obligation, None)


async def _put(work: Work, after: Obligation) -> None:
    before = {one.regime: one for one in await obligations(work)}.get(after.regime)
    if before != after:
        await _write(work, after, before)


async def _write(work: Work, after: Obligation, before: Obligation | None) -> None:
    row_id: UUID = (await work.db.scalars(queries.set_obligation(work, _row(after)))).one()
    sides = {"before": _row(before) if before else {}, "after": _row(after)}
    await work.record("einvoice_obligation.set", Record(row_id, changes=sides))


def _row(obligation: Obligation) -> dict[str, str | date | None]:
    names = ("regime", "mandatory_from", "asp_by", "source", "checked_on")
    return {name: getattr(obligation, name) for name in names}


def _checked(given: Obligation, today: date) -> Obligation:
    source = given.source.strip()
    if given.regime != REGIME:
        raise Invalid(N_("Choose one of the list."), code="not_offered", field="regime")
    if not source:
        raise Invalid(N_("Say where this is written."), code="required", field="source")
    if len(source) > _LONGEST_SOURCE:
        raise Invalid(N_("This is too long."), code="too_long", field="source")
    if given.checked_on > today:
        raise Invalid(N_("This day has not come yet."), code="in_the_future", field="checked_on")
    if given.asp_by and given.asp_by > given.mandatory_from:
        raise Invalid(
            N_("The service provider is named before e-invoices begin."), code="asp_too_late", field="asp_by"
        )
    return replace(given, source=source)
