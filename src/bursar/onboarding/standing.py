"""How an order stands in the eyes of whoever is to pay it; calculated, never stored."""

from enum import StrEnum

from bursar.onboarding.states import HoldReason, OrderState


class Standing(StrEnum):
    """`WAITING`: to be paid. `ON_ITS_WAY`: the provider has it and the money is yet to come. `LOOKED_AT`: a person
    of the firm has to decide something about money that came.
    """

    WAITING = "waiting"
    ON_ITS_WAY = "on_its_way"
    LOOKED_AT = "looked_at"
    PAID = "paid"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


def standing_of(state: OrderState, hold: HoldReason | None, *, money_on_its_way: bool = False) -> Standing:
    """An order that was given up is still to be paid: late money counts. A chargeback is between firm and bank."""
    if hold in {HoldReason.AMOUNT_MISMATCH, HoldReason.PAID_AFTER_CANCEL}:
        return Standing.LOOKED_AT
    if state in {OrderState.PENDING, OrderState.FAILED}:
        waits = money_on_its_way or hold is HoldReason.AWAITING_FUNDS
        return Standing.ON_ITS_WAY if waits else Standing.WAITING
    return {
        OrderState.PAID: Standing.PAID,
        OrderState.CANCELLED: Standing.CANCELLED,
        OrderState.REFUNDED: Standing.REFUNDED,
    }[state]
