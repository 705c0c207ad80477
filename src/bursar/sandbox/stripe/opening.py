"""A new checkout: what has to be true of what is asked, and what comes of it."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bursar.sandbox.stripe import currencies, resources
from bursar.sandbox.stripe.ledger import Aside, Thing
from bursar.sandbox.stripe.refusing import Refusal, missing
from bursar.sandbox.stripe.world import Act

SHORTEST_S, LONGEST_S = 30 * 60, 24 * 3600
LONGEST_REFERENCE = 200
ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
MOST_METADATA, LONGEST_NAME, LONGEST_VALUE = 50, 40, 500


def open_checkout(act: Act, asked: Mapping[str, Any]) -> Thing:
    """Raises `Refusal`."""
    _check(act, asked)
    items = [_item(act, one, place) for place, one in enumerate(asked["line_items"])]
    currency = items[0]["currency"]
    if any(item["currency"] != currency for item in items):
        raise _no("The Checkout Session's line items have to be of one currency.", "line_items")
    total = sum(item["amount_total"] for item in items)
    currencies.check_total(total, currency)
    session = resources.session(act.ledger, asked, total, currency, act.now)
    if not session["payment_method_types"]:
        raise _no("No valid payment method types for this Checkout Session.", "excluded_payment_method_types")
    session["url"] = f"{act.world.pages_url}/c/pay/{session['id']}"
    data = asked.get("payment_intent_data") or {}
    act.ledger.asides[session["id"]] = Aside(items, data, session["url"])
    return act.ledger.put(session)


def _no(words: str, param: str, name: str = "parameter_invalid") -> Refusal:
    return Refusal(name, words, param=param)


def _check(act: Act, asked: Mapping[str, Any]) -> None:
    if asked["mode"] != "payment":
        raise _no("This sandbox takes single payments only.", "mode")
    if asked.get("ui_mode", "hosted_page") != "hosted_page":
        raise _no("This sandbox shows whole pages only.", "ui_mode")
    if asked.get("customer") and asked.get("customer_email"):
        words = "You may only specify one of these parameters: customer, customer_email."
        raise Refusal("parameters_exclusive", words)
    if asked.get("customer") and act.ledger.find("customer", asked["customer"]) is None:
        raise missing("customer", asked["customer"], param="customer")
    if len(asked.get("client_reference_id", "")) > LONGEST_REFERENCE:
        words = f"Invalid string: must be at most {LONGEST_REFERENCE} characters"
        raise _no(words, "client_reference_id")
    _check_email(asked.get("customer_email"), "customer_email")
    _check_email((asked.get("payment_intent_data") or {}).get("receipt_email"), "receipt_email")
    for name in ("success_url", "cancel_url"):
        _check_url(act, asked.get(name), name)
    for told, param in ((asked, "metadata"), (asked.get("payment_intent_data") or {}, "payment_intent_data")):
        check_metadata(told.get("metadata") or {}, param)
    _check_time(act, asked.get("expires_at"))
    _check_methods(asked.get("allowed_payment_method_types"))


def check_metadata(told: Mapping[str, str], param: str = "metadata") -> None:
    """Raises `Refusal` for too many, too long."""
    if len(told) > MOST_METADATA:
        raise _no(f"You may have at most {MOST_METADATA} keys of metadata.", param)
    for name, value in told.items():
        if len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE:
            words = (
                f"Metadata keys have {LONGEST_NAME} characters at most, values {LONGEST_VALUE}: {name[:60]}"
            )
            raise _no(words, param)


def _check_email(told: str | None, param: str) -> None:
    if told is not None and not ADDRESS.fullmatch(told):
        raise _no(f"Invalid email address: {told}", param, "email_invalid")


def _check_url(act: Act, told: str | None, param: str) -> None:
    if told is None:
        return
    parts = urlsplit(told)
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", told):
        raise _no("Not a valid URL. URLs must begin with http or https.", param, "url_invalid")
    if act.ledger.live and parts.scheme != "https":
        raise _no("Livemode requests must always be redirected via HTTPS.", param, "url_invalid")


def _check_time(act: Act, told: int | None) -> None:
    if told is None:
        return
    if told < act.now + SHORTEST_S:
        words = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise _no(words, "expires_at")
    if told > act.now + LONGEST_S:
        words = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise _no(words, "expires_at")


def _check_methods(allowed: list[str] | None) -> None:
    strange = [one for one in allowed or () if one not in resources.METHODS]
    if strange:
        words = f"The payment method type provided: {strange[0]} is invalid for this account."
        raise _no(words, "allowed_payment_method_types")


def _item(act: Act, told: Mapping[str, Any], place: int) -> Thing:
    at = f"line_items[{place}]"
    quantity = told.get("quantity")
    if quantity is None:
        raise _no(f"Missing required param: {at}[quantity].", f"{at}[quantity]", "parameter_missing")
    if quantity < 1:
        raise _no(
            "This value must be greater than or equal to 1.", f"{at}[quantity]", "parameter_invalid_integer"
        )
    if ("price" in told) == ("price_data" in told):
        words = "You must specify either `price` or `price_data` for each line item."
        raise Refusal("parameters_exclusive", words, param=at)
    price = _price(act, told, at)
    product = act.ledger.get("product", price["product"])
    return resources.item(price, quantity, product["name"])


def _price(act: Act, told: Mapping[str, Any], at: str) -> Thing:
    """The one named, or a new one for this checkout alone."""
    if "price" in told:
        price = act.ledger.get("price", told["price"], param=f"{at}[price]")
        if not price["active"]:
            raise _no(
                "The price specified is inactive. This field only accepts active prices.", f"{at}[price]"
            )
        return price
    data = told["price_data"]
    if ("product" in data) == ("product_data" in data):
        words = "You must specify either `product` or `product_data` when creating a price."
        raise Refusal("parameters_exclusive", words, param=f"{at}[price_data]")
    if "unit_amount" not in data:
        param = f"{at}[price_data][unit_amount]"
        raise _no(f"Missing required param: {param}.", param, "parameter_missing")
    return act.ledger.put(new_price(act, data, f"{at}[price_data]"))


def new_price(act: Act, data: Mapping[str, Any], at: str = "") -> Thing:
    """Not yet in the ledger. Raises `Refusal`."""
    currency = data["currency"].lower()
    if not currencies.known(currency):
        raise _no(f"Invalid currency: {data['currency']}.", f"{at}[currency]" if at else "currency")
    if data["unit_amount"] < 0:
        param = f"{at}[unit_amount]" if at else "unit_amount"
        raise _no("Invalid non-negative integer", param, "parameter_invalid_integer")
    if "product" in data:
        product = act.ledger.get("product", data["product"], param="product")
    else:
        product = act.ledger.put(resources.product(act.ledger, data["product_data"], act.now))
    return resources.price(act.ledger, {**data, "currency": currency}, product["id"], act.now)
