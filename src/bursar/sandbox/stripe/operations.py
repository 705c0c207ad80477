"""The operations of Stripe's interface that we use. Each gets what was asked, already read, and gives an object."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bursar.sandbox.stripe import paying, resources
from bursar.sandbox.stripe.ledger import Thing
from bursar.sandbox.stripe.listing import in_span, page
from bursar.sandbox.stripe.opening import check_metadata, new_price, open_checkout
from bursar.sandbox.stripe.refusing import Refusal, missing
from bursar.sandbox.stripe.returning import refund
from bursar.sandbox.stripe.world import Act

KINDS = {
    "checkout.sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "customers": "customer",
    "products": "product",
    "prices": "price",
    "events": "event",
    "accounts": "account",
}


@dataclass(frozen=True)
class Asked:
    """`id`: of the object in the path. `url`: the path itself."""

    act: Act
    params: Mapping[str, Any]
    id: str
    url: str


Handler = Callable[[Asked], Thing]


def _retrieve(kind: str) -> Handler:
    def retrieve(asked: Asked) -> Thing:
        return _named(asked, kind)

    return retrieve


def _named(asked: Asked, kind: str) -> Thing:
    """Raises `Refusal`, in other words if the account's other mode has it."""
    ledger = asked.act.ledger
    thing = ledger.find(kind, asked.id)
    if thing is None:
        other = asked.act.world.other_mode(ledger)
        named = kind.replace(".", " ").replace("_", " ")
        raise missing(named, asked.id, other_mode=other.mode if other.find(kind, asked.id) else "")
    return thing


def _list(kind: str, *named: str) -> Handler:
    """`named`: parameters that an object has to fit by its own value of that name."""

    def rows(asked: Asked) -> Thing:
        told = {name: asked.params[name] for name in named if name in asked.params}
        found = asked.act.ledger.of(kind, **told)
        if "created" in asked.params:
            found = [one for one in found if in_span(one, asked.params["created"])]
        return page(found, asked.params, asked.url, kind)

    return rows


def _sessions(asked: Asked) -> Thing:
    found = _list("checkout.session", "customer", "payment_intent", "status")
    wanted = (asked.params.get("customer_details") or {}).get("email")
    if wanted is None:
        return found(asked)
    rows = [
        one
        for one in asked.act.ledger.newest("checkout.session")
        if ((one["customer_details"] or {}).get("email") or "").lower() == wanted.lower()
    ]
    return page(rows, asked.params, asked.url, "checkout.session")


def _items(asked: Asked) -> Thing:
    session = _named(asked, "checkout.session")
    return page(asked.act.ledger.asides[session["id"]].items, asked.params, asked.url, "item")


def _events(asked: Asked) -> Thing:
    types = asked.params.get("types") or ([asked.params["type"]] if "type" in asked.params else None)
    rows = [
        one
        for one in asked.act.ledger.newest("event")
        if (types is None or one["type"] in types) and in_span(one, asked.params.get("created", {}))
    ]
    return page(rows, asked.params, asked.url, "event")


def _open(asked: Asked) -> Thing:
    return open_checkout(asked.act, asked.params)


def _expire(asked: Asked) -> Thing:
    return paying.expire(asked.act, _named(asked, "checkout.session"))


def _refund(asked: Asked) -> Thing:
    params, ledger = asked.params, asked.act.ledger
    if ("charge" in params) == ("payment_intent" in params):
        words = "One of the following params should be provided for this request: payment_intent or charge."
        raise Refusal("parameters_exclusive" if "charge" in params else "parameter_missing", words)
    check_metadata(params.get("metadata") or {})
    if "charge" in params:
        return refund(asked.act, ledger.get("charge", params["charge"], param="charge"), params)
    intent = ledger.get("payment_intent", params["payment_intent"], param="payment_intent")
    charge = ledger.find("charge", intent["latest_charge"])
    if charge is None:
        raise Refusal("payment_intent_unexpected_state")
    return refund(asked.act, charge, params)


def _new_customer(asked: Asked) -> Thing:
    act = asked.act
    check_metadata(asked.params.get("metadata") or {})
    made = act.ledger.put(resources.customer(act.ledger, asked.params, act.now))
    act.tell("customer.created", made)
    return made


def _new_product(asked: Asked) -> Thing:
    act = asked.act
    check_metadata(asked.params.get("metadata") or {})
    return act.ledger.put(resources.product(act.ledger, asked.params, act.now))


def _new_price(asked: Asked) -> Thing:
    return asked.act.ledger.put(new_price(asked.act, asked.params))


def _own_account(asked: Asked) -> Thing:
    return asked.act.ledger.account


def _account(asked: Asked) -> Thing:
    if asked.id != asked.act.ledger.account["id"]:
        raise Refusal("account_invalid")
    return asked.act.ledger.account


HANDLERS: Mapping[str, Handler] = {
    **{f"{name}.retrieve": _retrieve(kind) for name, kind in KINDS.items()},
    "checkout.sessions.create": _open,
    "checkout.sessions.list": _sessions,
    "checkout.sessions.line_items": _items,
    "checkout.sessions.expire": _expire,
    "payment_intents.list": _list("payment_intent", "customer"),
    "charges.list": _list("charge", "customer", "payment_intent"),
    "refunds.create": _refund,
    "refunds.list": _list("refund", "charge", "payment_intent"),
    "disputes.list": _list("dispute", "charge", "payment_intent"),
    "customers.create": _new_customer,
    "products.create": _new_product,
    "prices.create": _new_price,
    "events.list": _events,
    "account.retrieve": _own_account,
    "accounts.retrieve": _account,
}
