"""What people, banks and time do to a payment, by name: for the control door and for the buttons on the pages."""

from collections.abc import Mapping
from typing import Any

from bursar.sandbox.stripe import paying, returning
from bursar.sandbox.stripe.cards import BY_NAME, CARDS
from bursar.sandbox.stripe.ledger import Thing
from bursar.sandbox.stripe.world import Act, NoSuch, World

LATER = "later"
"""A card's name for the method whose money comes after days."""


class Unheard(Exception):
    """No such card, or not such a thing to say."""


def session_of(world: World, session_id: str) -> tuple[Act, Thing]:
    """Raises `NoSuch`."""
    paying.expire_due(world)
    ledger, session = world.holding("checkout.session", session_id)
    return Act(world, ledger), session


def attempt(act: Act, session: Thing, card: str, payer: Mapping[str, str]) -> Thing:
    """Somebody tries to pay by a card, or by the method that comes later. Raises `NotOpen`, `Unheard`."""
    act.ledger.asides[session["id"]].payer = {
        "email": payer.get("email") or session["customer_email"] or "",
        "name": payer.get("name") or "",
    }
    method = "sepa_debit" if card == LATER else "card"
    if method not in session["payment_method_types"]:
        raise Unheard(f"this checkout does not take {method}")
    if card == LATER:
        return paying.try_later(act, session)
    if card not in BY_NAME:
        raise Unheard(f"no card is called {card!r}; there are {', '.join([*BY_NAME, LATER])}")
    return paying.try_card(act, session, BY_NAME[card])


def confirm(act: Act, session: Thing, *, agreed: bool) -> Thing:
    """The holder of the card answers their bank. Raises `NotOpen`."""
    card = CARDS.get(act.ledger.asides[session["id"]].waiting)
    if card is None:
        raise paying.NotOpen(session["id"])
    return paying.confirm(act, session, card, agreed=agreed)


def charge_of(world: World, intent_id: str) -> tuple[Act, Thing]:
    """The last charge of a payment intent. Raises `NoSuch`."""
    ledger, intent = world.holding("payment_intent", intent_id)
    charge = ledger.find("charge", intent["latest_charge"])
    if charge is None:
        raise NoSuch(intent_id)
    return Act(world, ledger), charge


def refund(world: World, intent_id: str, asked: Mapping[str, Any]) -> Thing:
    """By the firm, on Stripe's own pages. Raises `NoSuch`, `Refusal`."""
    act, charge = charge_of(world, intent_id)
    return returning.refund(act, charge, asked)


def decide_refund(world: World, refund_id: str, status: str) -> Thing:
    """Raises `NoSuch`, `Settled`, `Unheard`."""
    if status not in {"succeeded", "failed", "canceled"}:
        raise Unheard(f"a refund cannot become {status!r}")
    ledger, made = world.holding("refund", refund_id)
    return returning.decide_refund(Act(world, ledger), made, status)


def dispute(world: World, intent_id: str, reason: str = "fraudulent") -> Thing:
    """The payer told their bank that they did not owe this. Raises `NoSuch`, `Settled`."""
    act, charge = charge_of(world, intent_id)
    return returning.open_dispute(act, charge, reason)


def decide_dispute(world: World, dispute_id: str, status: str) -> Thing:
    """Raises `NoSuch`, `Settled`, `Unheard`."""
    if status not in {"won", "lost"}:
        raise Unheard(f"a dispute cannot become {status!r}")
    ledger, made = world.holding("dispute", dispute_id)
    return returning.decide_dispute(Act(world, ledger), made, status)
