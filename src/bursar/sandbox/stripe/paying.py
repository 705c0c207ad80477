"""What happens to a checkout: somebody tries to pay, the money comes later or not at all, time runs out."""

from collections.abc import Mapping
from typing import Any

from bursar.sandbox.stripe import money, resources
from bursar.sandbox.stripe.cards import Card
from bursar.sandbox.stripe.ledger import Ledger, Thing, new_id
from bursar.sandbox.stripe.refusing import Refusal
from bursar.sandbox.stripe.returning import open_dispute
from bursar.sandbox.stripe.world import Act, World

DEBIT = {"sepa_debit": {"bank_code": "37040044", "country": "DE", "last4": "3000"}, "type": "sepa_debit"}
NOT_CONFIRMED = "We are unable to authenticate your payment method. Please choose a different payment method."
BOUNCED = "The bank account was not able to be debited."


class NotOpen(Exception):
    """It was paid, or its time is over."""


def _still_open(session: Thing) -> None:
    if session["status"] != "open":
        raise NotOpen(session["id"])


def try_card(act: Act, session: Thing, card: Card) -> Thing:
    """By whoever the aside names. Raises `NotOpen`."""
    _still_open(session)
    intent = _intent(act, session)
    if card.asks:
        act.ledger.asides[session["id"]].waiting = card.number
        intent["status"], intent["last_payment_error"] = "requires_action", None
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        act.tell("payment_intent.requires_action", intent)
        return session
    charge = _charge(act, session, intent, card.method())
    if card.code:
        _decline(
            act, intent, charge, {"code": card.code, "decline_code": card.decline, "message": card.words}
        )
        return session
    _succeed(act, intent, charge)
    _complete(act, session, "paid")
    if card.disputes:
        open_dispute(act, charge, "fraudulent")
    return session


def confirm(act: Act, session: Thing, card: Card, *, agreed: bool) -> Thing:
    """What the holder told their bank. Raises `NotOpen`, also if nobody asked them."""
    _still_open(session)
    aside = act.ledger.asides[session["id"]]
    if not aside.waiting:
        raise NotOpen(session["id"])
    aside.waiting = ""
    intent = _intent(act, session)
    intent["next_action"] = None
    if agreed:
        _succeed(act, intent, _charge(act, session, intent, card.method()))
        return _complete(act, session, "paid")
    intent["status"] = "requires_payment_method"
    intent["last_payment_error"] = _error(
        {"code": "payment_intent_authentication_failure", "message": NOT_CONFIRMED}, "invalid_request_error"
    )
    act.tell("payment_intent.payment_failed", intent)
    return session


def try_later(act: Act, session: Thing) -> Thing:
    """By a method whose money comes after days: complete, and not paid. Raises `NotOpen`."""
    _still_open(session)
    intent = _intent(act, session)
    charge = _charge(act, session, intent, DEBIT)
    intent["status"] = "processing"
    act.tell("charge.pending", charge)
    act.tell("payment_intent.processing", intent)
    return _complete(act, session, "unpaid")


def settle(act: Act, session: Thing, *, came: bool) -> Thing:
    """The money that was on its way came, or did not. Raises `NotOpen` if none is on its way."""
    intent = act.ledger.find("payment_intent", session["payment_intent"])
    if session["status"] != "complete" or intent is None or intent["status"] != "processing":
        raise NotOpen(session["id"])
    charge = act.ledger.get("charge", intent["latest_charge"])
    if came:
        _succeed(act, intent, charge)
        session["payment_status"] = "paid"
        act.tell("checkout.session.async_payment_succeeded", session)
    else:
        _decline(act, intent, charge, {"code": "payment_intent_payment_attempt_failed", "message": BOUNCED})
        act.tell("checkout.session.async_payment_failed", session)
    return session


def expire(act: Act, session: Thing) -> Thing:
    """Raises `Refusal` if it is not open."""
    if session["status"] != "open":
        raise Refusal("status_transition_invalid")
    session["status"], session["url"] = "expired", None
    intent = act.ledger.find("payment_intent", session["payment_intent"])
    if intent is not None:
        intent |= {"status": "canceled", "canceled_at": act.now, "cancellation_reason": "expired"}
        act.tell("payment_intent.canceled", intent)
    act.tell("checkout.session.expired", session)
    return session


def expire_due(world: World) -> int:
    """Those whose time is over; how many."""
    now = world.clock.now()
    due = [
        (ledger, session)
        for ledger, session in world.sessions()
        if session["status"] == "open" and session["expires_at"] <= now
    ]
    for ledger, session in due:
        expire(Act(world, ledger), session)
    return len(due)


def _intent(act: Act, session: Thing) -> Thing:
    """The one of this session; made at its first try."""
    found = act.ledger.find("payment_intent", session["payment_intent"])
    if found is not None:
        return found
    data = act.ledger.asides[session["id"]].intent_data
    intent = act.ledger.put(money.intent(act.ledger, session, data, act.now))
    session["payment_intent"] = intent["id"]
    act.tell("payment_intent.created", intent)
    return intent


def _charge(act: Act, session: Thing, intent: Thing, method: Mapping[str, Any]) -> Thing:
    payer = act.ledger.asides[session["id"]].payer
    charge = act.ledger.put(money.charge(act.ledger, intent, dict(method), payer, act.now))
    intent["latest_charge"] = charge["id"]
    return charge


def _succeed(act: Act, intent: Thing, charge: Thing) -> None:
    charge |= {"status": "succeeded", "paid": True, "captured": True, "amount_captured": charge["amount"]}
    charge |= {
        "balance_transaction": new_id("txn"),
        "outcome": money.outcome("authorized", "Payment complete."),
    }
    intent |= {"status": "succeeded", "amount_received": intent["amount"], "last_payment_error": None}
    intent["payment_method"] = charge["payment_method"]
    act.tell("charge.succeeded", charge)
    act.tell("payment_intent.succeeded", intent)


def _decline(act: Act, intent: Thing, charge: Thing, told: Mapping[str, str]) -> None:
    reason = told.get("decline_code") or told["code"]
    charge |= {"status": "failed", "failure_code": told["code"], "failure_message": told["message"]}
    charge["outcome"] = money.outcome("issuer_declined", told["message"], reason)
    intent |= {"status": "requires_payment_method", "payment_method": None}
    intent["last_payment_error"] = _error({**told, "charge": charge["id"]}, "card_error")
    act.tell("charge.failed", charge)
    act.tell("payment_intent.payment_failed", intent)


def _error(told: Mapping[str, str], type_: str) -> Thing:
    url = f"https://stripe.com/docs/error-codes/{told['code'].replace('_', '-')}"
    return {**{key: value for key, value in told.items() if value}, "doc_url": url, "type": type_}


def _complete(act: Act, session: Thing, payment_status: str) -> Thing:
    payer = act.ledger.asides[session["id"]].payer
    session |= {"status": "complete", "payment_status": payment_status, "url": None}
    session["customer_details"] = {
        "address": resources.NO_ADDRESS,
        "business_name": None,
        "email": payer.get("email") or session["customer_email"],
        "individual_name": None,
        "name": payer.get("name"),
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    if session["customer_creation"] == "always":
        _remember(act, act.ledger, session)
    act.tell("checkout.session.completed", session)
    return session


def _remember(act: Act, ledger: Ledger, session: Thing) -> None:
    """Who paid is the account's customer from now on."""
    details = session["customer_details"]
    asked = {"email": details["email"], "name": details["name"]}
    customer = ledger.put(resources.customer(ledger, asked, act.now))
    session["customer"] = customer["id"]
    for kind, told in (("payment_intent", session["payment_intent"]),):
        ledger.get(kind, told)["customer"] = customer["id"]
    act.tell("customer.created", customer)
