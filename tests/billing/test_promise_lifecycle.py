"""The promise's lifecycle, every state against every event; expectations typed from section 15."""

from datetime import timedelta
from uuid import UUID

import pytest

from bursar.billing import disputes
from bursar.billing.credit_notes import cancel_invoice
from bursar.billing.promises import move_promise, withdraw_promise
from bursar.billing.states import DisputeReason
from bursar.core.errors import IllegalMove
from bursar.core.work import Work
from tests.makers.billing import footprint, pay, told_of
from tests.makers.promises import a_promise, past, reverse_all, the_promise

pytestmark = pytest.mark.anyio

REFUSED = "refused"
# fmt: off
MATRIX: dict[tuple[str, str], tuple[str, str | None]] = {
    ("active", "move"):                 ("active", "promise.move"),
    ("active", "pay_enough"):           ("kept", "promise.paid_enough"),
    ("active", "pay_too_little"):       ("active", None),
    ("active", "date_passed"):          ("broken", "promise.date_passed"),
    ("active", "withdraw"):             ("withdrawn", "promise.withdraw"),
    ("active", "cancel_invoice"):       ("withdrawn", "promise.withdraw"),
    ("active", "dispute"):              ("withdrawn", "promise.withdraw"),

    ("kept", "move"):                   (REFUSED, None),
    ("kept", "withdraw"):               (REFUSED, None),
    ("kept", "date_passed"):            ("kept", None),
    ("kept", "reverse"):                ("active", "promise.allocation_reversed"),
    ("kept", "reverse_late"):           ("broken", "promise.allocation_reversed"),

    ("broken", "move"):                 (REFUSED, None),
    ("broken", "withdraw"):             (REFUSED, None),
    ("broken", "pay_enough"):           ("broken", None),
    ("broken", "date_passed"):          ("broken", None),

    ("withdrawn", "move"):              (REFUSED, None),
    ("withdrawn", "withdraw"):          (REFUSED, None),
    ("withdrawn", "pay_enough"):        ("withdrawn", None),
    ("withdrawn", "date_passed"):       ("withdrawn", None),
}
# fmt: on


async def do(work: Work, event: str, promise: UUID) -> None:
    invoice = (await the_promise(work, promise)).invoice_id
    match event:
        case "move":
            await move_promise(work, promise, promised_for=work.today + timedelta(days=9))
        case "pay_enough":
            await pay(work, invoice, 50_00)
        case "pay_too_little":
            await pay(work, invoice, 49_99)
        case "date_passed":
            await past(work)
        case "withdraw":
            await withdraw_promise(work, promise, because="no money")
        case "cancel_invoice":
            await cancel_invoice(work, invoice, because="duplicate")
        case "dispute":
            await disputes.open_dispute(work, invoice, reason=DisputeReason.QUALITY, statement="Torn")
        case "reverse":
            await reverse_all(work, invoice)
        case "reverse_late":
            work.now += timedelta(days=3)
            await reverse_all(work, invoice)


@pytest.mark.parametrize(("state", "event"), MATRIX)
async def test_an_event_in_a_state(work: Work, state: str, event: str) -> None:
    target, told = MATRIX[state, event]
    promise = await a_promise(work, state)
    before, events = await footprint(work), await told_of(work, promise)

    if target is REFUSED:
        with pytest.raises(IllegalMove):
            await do(work, event, promise)
        assert await footprint(work) == before
        return

    await do(work, event, promise)
    assert (await the_promise(work, promise)).state == target
    assert await told_of(work, promise) == [*events, *([told] if told else [])]
