"""Lifecycles of a till and of a checkout, every state against every event; typed from "Small machines"."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.states import (
    COMPLETE_CHECKOUT,
    CONNECT_TILL,
    DISABLE_TILL,
    EXPIRE_CHECKOUT,
    RECONNECT_TILL,
    REFUSE_TILL,
    CheckoutState,
    PaidFor,
    PaymentStatus,
    TillState,
)
from bursar.billing.tables import payments
from bursar.billing.tills import checkouts, tills
from bursar.core.errors import IllegalMove
from bursar.core.moves import move
from bursar.core.work import Work
from tests.makers.billing import told_of
from tests.makers.tills import a_checkout, a_till, the_checkout, the_till, told

pytestmark = pytest.mark.anyio

REFUSED = "refused"
# fmt: off
TILLS: dict[tuple[str, str], tuple[str, str | None]] = {
    ("connecting", "connected"):       ("active", "till.connected"),
    ("connecting", "auth_failed"):     (REFUSED, None),
    ("connecting", "disable"):         ("disabled", "till.disable"),
    ("connecting", "begin_connect"):   (REFUSED, None),

    ("active", "connected"):           (REFUSED, None),
    ("active", "auth_failed"):         ("needs_reauth", "till.auth_failed"),
    ("active", "disable"):             ("disabled", "till.disable"),
    ("active", "begin_connect"):       (REFUSED, None),

    ("needs_reauth", "connected"):     ("active", "till.connected"),
    ("needs_reauth", "auth_failed"):   (REFUSED, None),
    ("needs_reauth", "disable"):       ("disabled", "till.disable"),
    ("needs_reauth", "begin_connect"): (REFUSED, None),

    ("disabled", "connected"):         (REFUSED, None),
    ("disabled", "auth_failed"):       (REFUSED, None),
    ("disabled", "disable"):           (REFUSED, None),
    ("disabled", "begin_connect"):     ("connecting", "till.begin_connect"),
}
MOVES = {"connected": CONNECT_TILL, "auth_failed": REFUSE_TILL, "disable": DISABLE_TILL, "begin_connect": RECONNECT_TILL}

# The state, its payment status, and what was told besides the move: a checkout goes only where its provider says.
CHECKOUTS: dict[tuple[str, str], tuple[str, str, list[str]]] = {
    ("open", "open"):              ("open", "unpaid", []),
    ("open", "expired"):           ("expired", "unpaid", ["expire"]),
    ("open", "unpaid"):            ("complete", "unpaid", ["complete", "processing"]),
    ("open", "failed"):            ("complete", "failed", ["complete", "failed"]),
    ("open", "paid"):              ("complete", "paid", ["complete", "paid"]),
    ("open", "another amount"):    ("complete", "unpaid", ["complete", "mismatch"]),

    ("expired", "open"):           ("expired", "unpaid", []),
    ("expired", "expired"):        ("expired", "unpaid", []),
    ("expired", "unpaid"):         ("complete", "unpaid", ["complete", "processing"]),
    ("expired", "failed"):         ("complete", "failed", ["complete", "failed"]),
    ("expired", "paid"):           ("complete", "paid", ["complete", "paid"]),
    ("expired", "another amount"): ("complete", "unpaid", ["complete", "mismatch"]),

    ("processing", "open"):        ("complete", "unpaid", []),
    ("processing", "expired"):     ("complete", "unpaid", []),
    ("processing", "unpaid"):      ("complete", "unpaid", []),
    ("processing", "failed"):      ("complete", "failed", ["failed"]),
    ("processing", "paid"):        ("complete", "paid", ["paid"]),
    ("processing", "another amount"): ("complete", "unpaid", ["mismatch"]),

    ("failed", "open"):            ("complete", "failed", []),
    ("failed", "expired"):         ("complete", "failed", []),
    ("failed", "unpaid"):          ("complete", "failed", []),
    ("failed", "failed"):          ("complete", "failed", []),
    ("failed", "paid"):            ("complete", "paid", ["paid"]),
    ("failed", "another amount"):  ("complete", "unpaid", ["mismatch"]),

    ("paid", "open"):              ("complete", "paid", []),
    ("paid", "expired"):           ("complete", "paid", []),
    ("paid", "unpaid"):            ("complete", "paid", []),
    ("paid", "failed"):            ("complete", "paid", []),
    ("paid", "paid"):              ("complete", "paid", []),
    ("paid", "another amount"):    ("complete", "paid", []),
}
# fmt: on
STANDS = {
    "open": (CheckoutState.OPEN, PaymentStatus.UNPAID),
    "expired": (CheckoutState.EXPIRED, PaymentStatus.UNPAID),
    "processing": (CheckoutState.COMPLETE, PaymentStatus.UNPAID),
    "failed": (CheckoutState.COMPLETE, PaymentStatus.FAILED),
    "paid": (CheckoutState.COMPLETE, PaymentStatus.PAID),
}


@pytest.mark.parametrize(("state", "event"), TILLS)
async def test_a_till_in_a_state(work: Work, state: str, event: str) -> None:
    target, told_event = TILLS[state, event]
    till_id = await a_till(work, TillState(state))
    before, events = await the_till(work, till_id), await told_of(work, till_id)
    values: dict[str, Any] = {"is_primary": False} if event == "disable" else {}

    if target is REFUSED:
        with pytest.raises(IllegalMove):
            await move(work, MOVES[event], till_id, **values)
        assert await the_till(work, till_id) == before
        return

    await move(work, MOVES[event], till_id, **values)
    assert (await the_till(work, till_id)).state == target
    assert await told_of(work, till_id) == [*events, told_event]


async def test_a_refused_key_is_noticed_once(work: Work) -> None:
    till_id = await a_till(work)

    await tills.refuse(work, till_id, "Invalid API Key provided")
    await tills.refuse(work, till_id, "Invalid API Key provided")

    assert (await the_till(work, till_id)).last_error == "Invalid API Key provided"
    assert await told_of(work, till_id) == ["till.active", "till.auth_failed"]


@pytest.mark.parametrize(("standing", "seen"), CHECKOUTS)
async def test_a_checkout_of_which_something_is_seen(work: Work, standing: str, seen: str) -> None:
    state, payment_status, events = CHECKOUTS[standing, seen]
    before_state, before_status = STANDS[standing]
    checkout_id = await a_checkout(work, state=before_state, payment_status=before_status)
    row, before = await the_checkout(work, checkout_id), await told_of(work, checkout_id)
    what = told(row, "paid", amount=None) if seen == "another amount" else told(row, seen)

    await checkouts.see(work, [(checkout_id, what)])

    now = await the_checkout(work, checkout_id)
    assert (now.state, now.payment_status) == (state, payment_status)
    assert await told_of(work, checkout_id) == [*before, *(f"checkout_session.{event}" for event in events)]
    assert [one.type for one in work.happened if checkout_id in one.ids] == [
        f"checkout_session.{event}" for event in events
    ]
    if not events:
        assert (now.version, now.seen_at) == (row.version, row.seen_at)  # nothing was written at all
    assert (now.payment_id is not None) == (events[-1:] == ["paid"])


@pytest.mark.parametrize("state", ["complete", "expired"])
@pytest.mark.parametrize("event", [COMPLETE_CHECKOUT, EXPIRE_CHECKOUT])
async def test_an_ended_checkout_moves_only_for_money(work: Work, state: str, event: object) -> None:
    checkout_id = await a_checkout(work, state=CheckoutState(state))
    if (state, event) == ("expired", COMPLETE_CHECKOUT):
        await move(work, COMPLETE_CHECKOUT, checkout_id)
        return

    with pytest.raises(IllegalMove):
        await move(work, event, checkout_id)  # pyright: ignore[reportArgumentType]  some are names alone


async def test_what_is_another_tenants_is_passed_over(work: Work) -> None:
    row = await the_checkout(work, await a_checkout(work))

    await checkouts.see(work, [(UUID(int=7), told(row, "paid"))])

    assert work.happened[-1:] == [] or "checkout_session" not in work.happened[-1].type
    assert (
        await work.db.execute(sa.select(payments).where(payments.c.tenant_id == work.tenant_id))
    ).all() == []


async def test_money_for_an_order_is_told_and_entered_by_nobody_here(work: Work) -> None:
    checkout_id = await a_checkout(work, about=PaidFor.ORDER, about_id=UUID(int=5))

    await checkouts.see(work, [(checkout_id, told(await the_checkout(work, checkout_id), "paid"))])

    assert (await told_of(work, checkout_id))[-1] == "checkout_session.paid"
    assert (await the_checkout(work, checkout_id)).payment_id is None
    assert (
        await work.db.execute(sa.select(payments).where(payments.c.tenant_id == work.tenant_id))
    ).all() == []
