"""Sequences: ladders that write by themselves; made, changed, put in order, switched on and off."""

from collections.abc import Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from uuid import UUID

from bursar.chasing.queries import campaigns as accounts
from bursar.chasing.queries import sequences as queries
from bursar.chasing.sequences import jobs
from bursar.chasing.sequences.ladders import DEFAULT_LADDER, Touch, TouchPlan, check_ladder
from bursar.chasing.sequences.lists import close_held
from bursar.chasing.sequences.segments import check_segment
from bursar.chasing.states import GroupBy
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.outbox import template_library
from bursar.outbox.states import Channel, RunReason
from bursar.tenancy import cells

LONGEST_NAME = 120
LONGEST_GAP = 60  # days
DEFAULT_NAME = N_("Reminders")


@dataclass(frozen=True, slots=True)
class SequencePlan:
    """What an agent decides. `applies_to` is a segment (`segments.KEYS`); `release_time` is on the firm's clock.

    `sending_account_id` None is the primary mailbox of the day. With `auto_release` the day's list goes by itself.
    """

    name: str
    touches: Several[TouchPlan]
    description: str | None = None
    applies_to: Mapping[str, Any] = field(default_factory=dict)
    group_by: GroupBy = GroupBy.CUSTOMER
    sending_account_id: UUID | None = None
    sender_name: str | None = None
    reply_to: str | None = None
    auto_release: bool = False
    release_time: time = time(9)
    gap_days: int = 3


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence as it stands; `position` says which of several that apply to an invoice chases it: the lowest."""

    id: UUID
    name: str
    description: str | None
    applies_to: Mapping[str, Any]
    position: int
    group_by: GroupBy
    sending_account_id: UUID | None
    sender_name: str | None
    reply_to: str | None
    auto_release: bool
    release_time: time
    gap_days: int
    active: bool
    archived_at: datetime | None
    updated_at: datetime
    touches: tuple[Touch, ...]


async def create_sequence(work: Work, plan: SequencePlan) -> UUID:
    """Switched off, and after all others. Raises `Invalid` by field."""
    work.allow(AgentRole.AGENT)
    values, touches = await _checked(work, plan)
    sequence_id = (await work.db.scalars(queries.add(work, values))).one()
    await work.db.execute(queries.add_touches(work, sequence_id, touches))
    await work.record("sequence.create", Record(sequence_id, payload={"name": values["name"]}))
    return sequence_id


async def edit_sequence(work: Work, sequence_id: UUID, plan: SequencePlan) -> None:
    """What was not sent yet is planned anew: a list that is held is closed, and made again.

    Raises `Invalid`, `NotFound`.
    """
    work.allow(AgentRole.AGENT)
    sequence = await _locked(work, sequence_id)
    values, touches = await _checked(work, plan)
    if sequence.active:
        await _must_have_words(work, touches)
    await close_held(work, [sequence_id], RunReason.REFROZEN)
    await work.db.execute(queries.edit(work, sequence_id, values))
    await work.db.execute(queries.remove_touches(work, sequence_id))
    await work.db.execute(queries.add_touches(work, sequence_id, touches))
    await work.record("sequence.edit", Record(sequence_id, changes={"after": {"name": values["name"]}}))
    if sequence.active:
        await work.defer(jobs.stage)


async def activate(work: Work, sequence_id: UUID) -> None:
    """From now on there is a list for each day.

    Raises `Invalid` for a touch without words, `Conflict` without a mailbox.
    """
    work.allow(AgentRole.AGENT)
    sequence = await _locked(work, sequence_id)
    if sequence.active:
        return
    await _must_have_words(work, (await work.db.execute(queries.touches_of(work, [sequence_id]))).all())
    if (await work.db.execute(accounts.account(work, sequence.sending_account_id))).first() is None:
        raise Conflict(N_("Connect a mailbox first: a sequence writes from your own."), code="no_account")
    await work.db.execute(queries.edit(work, sequence_id, {"active": True}))
    await work.record("sequence.activate", Record(sequence_id))
    await work.defer(jobs.stage)


async def deactivate(work: Work, sequence_id: UUID) -> None:
    """Nothing more goes out: a list that is held is closed. What was released goes its way. Twice is once."""
    work.allow(AgentRole.AGENT)
    sequence = await _locked(work, sequence_id)
    if not sequence.active:
        return
    await close_held(work, [sequence_id], RunReason.UNSCHEDULED)
    await work.db.execute(queries.edit(work, sequence_id, {"active": False}))
    await work.record("sequence.deactivate", Record(sequence_id))


async def archive(work: Work, sequence_id: UUID) -> None:
    """Off for good, out of every list but the past's. Raises `Conflict` while it is switched on."""
    work.allow(AgentRole.AGENT)
    sequence = await _locked(work, sequence_id)
    if sequence.active:
        raise Conflict(N_("Switch the sequence off first."), code="still_active")
    await work.db.execute(queries.edit(work, sequence_id, {"archived_at": work.now}))
    await work.record("sequence.archive", Record(sequence_id))


async def reorder(work: Work, ids: Several[UUID]) -> None:
    """The first that applies to an invoice chases it; those not named come after, as they stood. Raises `NotFound`."""
    work.allow(AgentRole.AGENT)
    known = [row.id for row in await work.db.execute(queries.listed(work, archived=False))]
    if not set(ids) <= set(known):
        raise NotFound("sequence")
    order = [*dict.fromkeys(ids), *(one for one in known if one not in ids)]
    await work.db.execute(queries.put_in_order(work, order))
    await close_held(work, order, RunReason.REFROZEN)
    await work.record("sequence.reorder", *(Record(one) for one in order))
    await work.defer(jobs.stage)


async def install_default_ladder(work: Work) -> UUID:
    """The ladder that R79 begins with, switched off, with the templates it needs; the id of the one that is there.

    Safe to repeat: a firm that has a sequence gets no second one.
    """
    work.allow(AgentRole.ADMIN)
    there = (await work.db.execute(queries.listed(work, archived=False))).first()
    if there is not None:
        return there.id
    await template_library.install_library(work)
    return await create_sequence(work, SequencePlan(DEFAULT_NAME, DEFAULT_LADDER))


async def list_sequences(work: Work, *, archived: bool = False) -> list[Sequence]:
    """In their order; with `archived` those of the past too."""
    rows = (await work.db.execute(queries.listed(work, archived=archived))).all()
    touches = await touches_by_sequence(work, [row.id for row in rows])
    return [_sequence(row, touches.get(row.id, ())) for row in rows]


async def get_sequence(work: Work, sequence_id: UUID) -> Sequence:
    """Raises `NotFound`."""
    row = (await work.db.execute(queries.one(work, sequence_id))).one_or_none()
    if row is None:
        raise NotFound("sequence")
    touches = await touches_by_sequence(work, [sequence_id])
    return _sequence(row, touches.get(sequence_id, ()))


async def touches_by_sequence(work: Work, ids: Several[UUID]) -> dict[UUID, tuple[Touch, ...]]:
    """The ladders of these sequences, earliest touch first."""
    found: dict[UUID, list[Touch]] = {}
    for row in await work.db.execute(queries.touches_of(work, ids)):
        touch = Touch(
            row.offset_days,
            Channel(row.channel),
            row.severity,
            row.template_id,
            row.code,
            row.name,
            tuple(row.languages),
        )
        found.setdefault(row.sequence_id, []).append(touch)
    return {sequence_id: tuple(touches) for sequence_id, touches in found.items()}


async def _locked(work: Work, sequence_id: UUID) -> Any:
    row = (await work.db.execute(queries.one(work, sequence_id, lock=True))).one_or_none()
    if row is None or row.archived_at is not None:
        raise NotFound("sequence")
    return row


async def _checked(work: Work, plan: SequencePlan) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    name = cells.parse_name(plan.name, field="name", limit=LONGEST_NAME)
    if not name:
        raise Invalid(N_("Give the sequence a name."), code="name_unusable", field="name")
    if not 1 <= plan.gap_days <= LONGEST_GAP:
        raise Invalid(
            N_("Leave 1 to %(most)s days between two messages."),
            code="gap_unusable",
            field="gap_days",
            most=LONGEST_GAP,
        )
    if plan.sending_account_id is not None:
        found = await work.db.execute(accounts.account(work, plan.sending_account_id))
        if found.first() is None:
            raise Invalid(N_("There is no such mailbox."), code="unknown_account", field="sending_account")
    values = {
        "name": name,
        "description": cells.parse_text(plan.description, field="description") if plan.description else None,
        "applies_to": check_segment(plan.applies_to),
        "group_by": plan.group_by,
        "sending_account_id": plan.sending_account_id,
        "sender_name": cells.parse_name(plan.sender_name, field="sender_name") if plan.sender_name else None,
        "reply_to": cells.parse_email(plan.reply_to, field="reply_to")[0] if plan.reply_to else None,
        "auto_release": plan.auto_release,
        "release_time": plan.release_time.replace(tzinfo=None),
        "gap_days": plan.gap_days,
    }
    return values, await check_ladder(work, plan.touches)


async def _must_have_words(work: Work, touches: Several[Any]) -> None:
    """Each touch has a template with a published version. Raises `Invalid`."""
    ids = {one["template_id"] if isinstance(one, dict) else one.template_id for one in touches}
    silent = (await work.db.scalars(queries.unpublished(work, sorted(ids)))).first()
    if silent is not None:
        raise Invalid(
            N_("The template %(template)s has no published version yet. Publish one first."),
            code="template_unpublished",
            field="touches",
            template=silent,
        )


def _sequence(row: Any, touches: tuple[Touch, ...]) -> Sequence:
    return Sequence(
        row.id,
        row.name,
        row.description,
        row.applies_to,
        row.position,
        GroupBy(row.group_by),
        row.sending_account_id,
        row.sender_name,
        row.reply_to,
        row.auto_release,
        row.release_time,
        row.gap_days,
        row.active,
        row.archived_at,
        row.updated_at,
        touches,
    )
