"""Lifecycle 17, typed from its table: every state with every event."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.core.errors import Conflict, IllegalMove, Invalid
from bursar.core.moves import move, move_all
from bursar.core.work import Work
from bursar.outbox import pausing, runs, states
from bursar.outbox.queries import runs as queries
from bursar.outbox.states import RunReason
from bursar.outbox.tables import runs as run_rows
from tests.makers.billing import told_of
from tests.makers.outbox import a_run, a_send, a_subject, an_account, the_send

pytestmark = pytest.mark.anyio

# fmt: off
#             held      open      paused    closed
TABLE = {
    "release": ("open",   None,     None,     None),
    "pause":   (None,     "paused", None,     None),
    "open":    (None,     None,     "open",   None),
    "finish":  ("closed", "closed", "closed", None),
    "close":   ("closed", "closed", "closed", None),
    "reopen":  (None,     None,     None,     "open"),
}
# fmt: on
STATES = ("held", "open", "paused", "closed")
MOVES = {
    "release": states.RELEASE_RUN,
    "pause": states.PAUSE_RUN,
    "open": states.OPEN_RUN,
    "finish": states.FINISH_RUN,
    "close": states.CLOSE_RUN,
    "reopen": states.REOPEN_RUN,
}
CELLS = [(event, state, to) for event, row in TABLE.items() for state, to in zip(STATES, row, strict=True)]


async def the_run(work: Work, run: UUID) -> sa.Row:
    found = sa.select(run_rows).where(run_rows.c.tenant_id == work.tenant_id, run_rows.c.id == run)
    return (await work.db.execute(found)).one()


@pytest.mark.parametrize(("event", "state", "to"), CELLS)
async def test_each_event_in_each_state_does_what_the_table_says(
    work: Work, event: str, state: str, to: str | None
) -> None:
    run = await a_run(work, state=state)

    if to is None:
        with pytest.raises(IllegalMove):
            await move(work, MOVES[event], run)
        assert (await the_run(work, run)).version == 1
        assert await told_of(work, run) == [f"run.{state}"]
    else:
        await move(work, MOVES[event], run)
        assert (await the_run(work, run)).state == to
        assert await told_of(work, run) == [f"run.{state}", f"run.{event}"]


async def test_a_run_is_released_once_and_remembers_by_whom(work: Work) -> None:
    run = await a_run(work, state="held")
    await a_send(work, run_id=run)

    await runs.release(work, run, any_hour=True)

    row = await the_run(work, run)
    assert (row.state, row.any_hour, row.released_at, row.released_by) == (
        "open",
        True,
        work.now,
        work.actor.id,
    )
    with pytest.raises(IllegalMove):
        await runs.release(work, run)


async def test_an_empty_run_is_not_released(work: Work) -> None:
    run = await a_run(work, state="held")
    await a_send(work, run_id=run, state="suppressed")

    with pytest.raises(Invalid) as refusal:
        await runs.release(work, run)

    assert refusal.value.code == "nothing_to_send"
    assert (await the_run(work, run)).state == "held"


@pytest.mark.parametrize("state", ["held", "open", "paused"])
async def test_closing_cancels_what_is_queued_and_frees_its_rungs(work: Work, state: str) -> None:
    run = await a_run(work, state=state)
    queued = await a_send(work, run_id=run)
    invoice = await a_subject(work, queued, touch="overdue_1")
    sent, sending = (
        await a_send(work, run_id=run, state="sent"),
        await a_send(work, run_id=run, state="sending"),
    )

    assert await runs.close(work, run, RunReason.CANCELLED) == [queued]

    assert [(await the_send(work, one)).state for one in (queued, sent, sending)] == [
        "cancelled",
        "sent",
        "sending",
    ]
    again = await a_send(work)
    assert await a_subject(work, again, subject_id=invoice, touch="overdue_1") == invoice


@pytest.mark.parametrize("state", ["open", "paused"])
@pytest.mark.parametrize(
    ("left", "closes"),
    [
        ("queued", False),
        ("sending", False),
        ("uncertain", False),
        ("sent", True),
        ("failed", True),
        ("suppressed", True),
    ],
)
async def test_a_run_is_finished_when_nothing_of_it_is_to_come(
    work: Work, state: str, left: str, closes: bool
) -> None:
    run = await a_run(work, state=state)
    await a_send(work, run_id=run, state="sent")
    await a_send(work, run_id=run, state=left)

    done = await runs.finish_those_done(work, [run])

    assert done == ([run] if closes else [])
    row = await the_run(work, run)
    assert (row.state, row.reason) == (("closed", "finished") if closes else (state, None))


async def test_paused_runs_are_looked_at_too(work: Work) -> None:
    found = {state: await a_run(work, state=state) for state in STATES}

    rows = await work.db.execute(queries.runs_done())

    ours = {row.id for row in rows if row.tenant_id == work.tenant_id}
    assert ours == {found["open"], found["paused"]}


async def test_a_run_with_something_left_opens_no_work(work: Work) -> None:
    for left in ("queued", "sending", "uncertain"):
        run = await a_run(work, state="paused")
        await a_send(work, run_id=run, state="sent")
        await a_send(work, run_id=run, state=left)

    rows = await work.db.execute(queries.runs_done())

    assert [row for row in rows if row.tenant_id == work.tenant_id] == []


async def test_only_quota_opens_by_itself(work: Work) -> None:
    account = await an_account(work, state="throttled", throttled_until=work.now)
    waiting = {}
    for reason in ("agent", "auth", "quota", "errors"):
        waiting[reason] = await a_run(work, state="paused", reason=reason)
        await a_send(work, run_id=waiting[reason], sending_account_id=account)

    await pausing.until_passed(work, [account])

    assert {reason: (await the_run(work, run)).state for reason, run in waiting.items()} == {
        "agent": "paused",
        "auth": "paused",
        "quota": "open",
        "errors": "paused",
    }


@pytest.mark.parametrize(
    ("others", "code"), [(["uncertain", "failed"], "uncertain_sends"), (["sent"], "nothing_failed")]
)
async def test_a_run_is_reopened_only_for_failed_sends_and_without_doubt(
    work: Work, others: list[str], code: str
) -> None:
    run = await a_run(work, state="closed", reason="finished")
    for state in others:
        await a_send(work, run_id=run, state=state)

    with pytest.raises(Conflict) as refusal:
        await runs.retry_failed(work, run)

    assert refusal.value.code == code
    assert (await the_run(work, run)).state == "closed"


async def test_a_retried_send_starts_anew(work: Work) -> None:
    run = await a_run(work, state="closed", reason="finished")
    failed = await a_send(work, run_id=run, state="failed", attempts=5, reason="unreachable")
    sent = await a_send(work, run_id=run, state="sent")

    assert await runs.retry_failed(work, run) == [failed]

    row = await the_send(work, failed)
    assert (row.state, row.attempts, row.reason, row.queue_at) == ("queued", 0, None, work.now)
    assert (await the_send(work, sent)).version == 1
    assert (await the_run(work, run)).state == "open"


async def test_the_same_event_twice_has_one_effect(work: Work) -> None:
    run = await a_run(work)

    first, second = [await move_all(work, states.PAUSE_RUN, [run], reason="quota") for _ in range(2)]

    assert (first, second) == ([run], [])
    assert await told_of(work, run) == ["run.open", "run.pause"]
