"""What happens to orders, and the sentence a reader sees for it; part of `registry.REGISTRY`."""

from collections.abc import Mapping

from bursar.core.errors import N_
from bursar.core.event_types import EventType

_E = EventType
ORDER_EVENTS: Mapping[str, EventType] = {
    "order.amount_mismatch": _E(N_("Money came for the order that is not what was asked for: held")),
    "order.attempt_failed": _E(N_("Payment of the order failed"), kind="payment.failed"),
    "order.cancel": _E(N_("Order cancelled"), N_("Order cancelled: %(because)s")),
    "order.chargeback_lost": _E(N_("The payer's bank took the order's money back")),
    "order.chargeback_opened": _E(N_("The payer's bank asks for the order's money back")),
    "order.chargeback_won": _E(N_("The payer's bank left the order's money with you")),
    "order.checkout_unpaid": _E(N_("Money for the order is on its way")),
    "order.give_back": _E(N_("Money that came beside the order's payment went back")),
    "order.give_up": _E(N_("Order given up: nobody paid in time")),
    "order.not_invoiced": _E(N_("The order was paid; its invoice waits for what the law wants on it")),
    "order.paid_after_cancel": _E(N_("Money came after the order was cancelled")),
    "order.payment_confirmed": _E(N_("Order paid")),
    "order.pending": _E(N_("Order made")),
    "order.refund_full": _E(N_("Order refunded")),
    "order.refund_partial": _E(N_("Part of the order's money went back")),
    "order.resolve": _E(N_("Held money decided about"), N_("Held money decided about: %(because)s")),
    "order.second_payment": _E(N_("The order was paid a second time: the money is credit")),
}
