"""Money came for orders: they are paid, and all that follows is written with it, set by set (lifecycle 3).

Money wins: an order that was given up is paid as well, a link that ran out or was taken back is honoured, and what
no order needs is its customer's credit until somebody decides.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.invoices import Draft, create_drafts
from bursar.billing.issuing import Issued, issue_many
from bursar.billing.payment_book import NewPayment
from bursar.billing.payments import record_payments
from bursar.billing.states import PaymentSource
from bursar.billing.tills import checkouts
from bursar.core.errors import Refusal
from bursar.core.money import Money
from bursar.core.moves import move_rows
from bursar.core.work import Record, Work
from bursar.onboarding import mails, payment_links
from bursar.onboarding.orders import line_of
from bursar.onboarding.queries import orders as queries
from bursar.onboarding.queries.orders import Confirmed
from bursar.onboarding.states import CONFIRM_PAYMENT, USE_LINK, HoldReason, OrderState
from bursar.outbox import sends
from bursar.tenancy import paying_customers


class Came(NamedTuple):
    """Money for an order, which is locked, by a checkout; `amount` is what came."""

    order: sa.Row[Any]
    checkout: sa.Row[Any]
    amount: Money


async def confirm(work: Work, came: Sequence[Came]) -> None:
    """Orders that waited for money are paid by it, each once: invoice and receipt, customer, link, welcome.

    The caller holds the locks of their customers and of the orders. Invoices are issued before their payments are
    recorded; of a firm or customer of whom the law wants more than we know the invoice stays a draft, and the money
    is the customer's credit until it is issued.
    """
    ids = [one.order.id for one in came]
    drafts, issued = await _bill(work, [one.order for one in came if one.order.amount_minor])
    paid = await _book(work, came, {id_: drafts[id_] for id_ in issued})
    rows = [
        Confirmed(
            one.order.id,
            drafts.get(one.order.id),
            paid.get(one.checkout.id),
            one.checkout.payment_intent,
            one.checkout.provider_customer,
        )
        for one in came
    ]
    await move_rows(work, CONFIRM_PAYMENT, queries.confirm(work, rows))
    await work.record(
        "order.not_invoiced",
        *(
            _about(one.order, invoice_id=str(drafts[one.order.id]))
            for one in came
            if one.order.id in drafts and one.order.id not in issued
        ),
    )
    customers = sorted({one.order.customer_id for one in came})
    activated = await paying_customers.payments_confirmed(work, customers)
    await _use_links(work, [one.order for one in came if one.order.payment_link_id])
    await sends.drop_subject(work, "order", ids, reason="paid")
    await mails.welcome(work, ids, activated)


async def keep(work: Work, came: Sequence[Came]) -> None:
    """Money that no order needs: its customer's credit, and somebody decides whether it goes back (T54).

    The caller holds the locks of their customers and of the orders.
    """
    paid = await _book(work, came, {})
    late = [one for one in came if one.order.state == OrderState.CANCELLED]
    if late:
        ids = [one.order.id for one in late]
        await work.db.execute(queries.hold(work, ids, HoldReason.PAID_AFTER_CANCEL))
    for event, some in (
        ("order.paid_after_cancel", late),
        ("order.second_payment", [one for one in came if one not in late]),
    ):
        await work.record(
            event,
            *(
                _about(
                    one.order,
                    payment_id=str(paid.get(one.checkout.id)),
                    amount_minor=one.amount.minor,
                    currency=one.amount.currency,
                )
                for one in some
            ),
        )


async def book_as_credit(work: Work, came: Came) -> UUID | None:
    """What came, in our books and paying nothing; None for nothing."""
    return (await _book(work, [came], {})).get(came.checkout.id)


async def _bill(work: Work, orders: Sequence[sa.Row[Any]]) -> tuple[dict[UUID, UUID], set[UUID]]:
    """The invoice of each order, and of which orders it could be issued."""
    drafts = [
        Draft(order.customer_id, order.currency, [line_of(order)], supply_date=work.today) for order in orders
    ]
    made = dict(zip((order.id for order in orders), await create_drafts(work, drafts), strict=True))
    answers = await issue_many(work, list(made.values())) if made else {}
    return made, {
        order_id for order_id, invoice_id in made.items() if isinstance(answers[invoice_id], Issued)
    }


async def _book(work: Work, came: Sequence[Came], invoices: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """The payment of each checkout that brought any money; `invoices` are those of their orders that it pays."""
    given = [one for one in came if one.amount]
    answers = await record_payments(
        work,
        [
            NewPayment(
                amount=one.amount,
                received_on=work.today,
                customer_id=one.order.customer_id,
                allocate_to=[(invoices[one.order.id], None)] if one.order.id in invoices else (),
                method=checkouts.CARD,
                source=PaymentSource.STRIPE,
                external_id=one.checkout.payment_intent or one.checkout.session_id,
            )
            for one in given
        ],
    )
    paid: dict[UUID, UUID] = {}
    for one, answer in zip(given, answers, strict=True):
        if isinstance(answer, Refusal):
            raise answer
        paid[one.checkout.id] = answer.payment_id
    await checkouts.attach_payments(work, paid)
    return paid


async def _use_links(work: Work, orders: Sequence[sa.Row[Any]]) -> None:
    """Links that were claimed are used up. One that ran out or was taken back stays so, and is said to be honoured."""
    used = {order.payment_link_id: order.customer_id for order in orders}
    done = set(await payment_links.use_links(work, used))
    await work.record(
        USE_LINK.name,
        *(
            Record(
                order.payment_link_id,
                order.customer_id,
                payload={"honoured": order.link_state, "order_id": str(order.id)},
            )
            for order in orders
            if order.payment_link_id not in done
        ),
    )


def _about(order: sa.Row[Any], **told: Any) -> Record:
    return Record(order.id, order.customer_id, payload=told)
