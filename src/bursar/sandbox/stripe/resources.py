"""New objects, with every name that Stripe's have."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from bursar.sandbox.stripe.ledger import Ledger, Thing, new_id

NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
METHODS = ("card", "sepa_debit")
"""The second comes days later; here it takes any currency."""


def _nothing(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names)


def account(name: str, country: str, currency: str, created: int) -> Thing:
    return {
        "id": new_id("acct", 16),
        "object": "account",
        "business_profile": {"name": name, "url": None},
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": country,
        "created": created,
        "default_currency": currency,
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": name, "timezone": "Etc/UTC"}},
        "type": "standard",
    }


def session(ledger: Ledger, asked: Mapping[str, Any], total: int, currency: str, now: int) -> Thing:
    """Open, and not yet with an address."""
    allowed = asked.get("allowed_payment_method_types")
    excluded = asked.get("excluded_payment_method_types") or []
    unsaid = _nothing(
        *("after_expiration", "client_secret", "collected_information", "consent", "consent_collection"),
        *("currency_conversion", "customer_account", "customer_details", "discounts"),
        *("integration_identifier", "invoice", "managed_payments", "origin_context", "payment_intent"),
        *("payment_link", "payment_method_configuration_details", "permissions", "recovered_from"),
        *("saved_payment_method_options", "setup_intent", "shipping_address_collection", "shipping_cost"),
        *("subscription", "url"),
    )
    as_asked = {
        name: asked.get(name)
        for name in (
            *("allow_promotion_codes", "billing_address_collection", "cancel_url", "client_reference_id"),
            *("customer", "customer_creation", "customer_email", "locale", "submit_type", "success_url"),
        )
    }
    return {
        **unsaid,
        **as_asked,
        "id": new_id(f"cs_{ledger.mode}", 58),
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "allowed_payment_method_types": allowed,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "created": now,
        "currency": currency,
        "custom_fields": [],
        "custom_text": _nothing("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"),
        "customer_creation": asked.get("customer_creation")
        or (None if asked.get("customer") else "if_required"),
        "excluded_payment_method_types": asked.get("excluded_payment_method_types"),
        "expires_at": asked.get("expires_at") or now + 86_400,
        "invoice_creation": {"enabled": False, "invoice_data": {}},
        "livemode": ledger.live,
        "metadata": asked.get("metadata") or {},
        "mode": asked["mode"],
        "payment_method_collection": "if_required",
        "payment_method_options": {},
        "payment_method_types": [one for one in allowed or METHODS if one not in excluded],
        "payment_status": "unpaid",
        "phone_number_collection": asked.get("phone_number_collection") or {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": asked.get("ui_mode") or "hosted_page",
        "wallet_options": {},
    }


def item(price: Thing, quantity: int, description: str) -> Thing:
    total = price["unit_amount"] * quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price["currency"],
        "description": description,
        "metadata": {},
        "price": price,
        "quantity": quantity,
    }


def product(ledger: Ledger, asked: Mapping[str, Any], now: int) -> Thing:
    unsaid = _nothing(
        *("default_price", "package_dimensions", "shippable", "statement_descriptor", "tax_code"),
        *("unit_label", "url"),
    )
    return {
        **unsaid,
        "id": new_id("prod", 14),
        "object": "product",
        "active": asked.get("active", True),
        "created": now,
        "description": asked.get("description"),
        "images": [],
        "livemode": ledger.live,
        "marketing_features": [],
        "metadata": asked.get("metadata") or {},
        "name": asked["name"],
        "type": "service",
        "updated": now,
    }


def price(ledger: Ledger, asked: Mapping[str, Any], product_id: str, now: int) -> Thing:
    unsaid = _nothing("custom_unit_amount", "lookup_key", "recurring", "tiers_mode", "transform_quantity")
    return {
        **unsaid,
        "id": new_id("price"),
        "object": "price",
        "active": asked.get("active", True),
        "billing_scheme": "per_unit",
        "created": now,
        "currency": asked["currency"],
        "livemode": ledger.live,
        "metadata": asked.get("metadata") or {},
        "nickname": asked.get("nickname"),
        "product": product_id,
        "tax_behavior": asked.get("tax_behavior", "unspecified"),
        "type": "one_time",
        "unit_amount": asked["unit_amount"],
        "unit_amount_decimal": str(asked["unit_amount"]),
    }


def customer(ledger: Ledger, asked: Mapping[str, Any], now: int) -> Thing:
    unsaid = _nothing("address", "currency", "default_source", "discount", "shipping", "test_clock")
    return {
        **unsaid,
        "id": new_id("cus", 14),
        "object": "customer",
        "balance": 0,
        "created": now,
        "delinquent": False,
        "description": asked.get("description"),
        "email": asked.get("email"),
        "invoice_prefix": token_hex(4).upper(),
        "invoice_settings": _nothing(
            "custom_fields", "default_payment_method", "footer", "rendering_options"
        ),
        "livemode": ledger.live,
        "metadata": asked.get("metadata") or {},
        "name": asked.get("name"),
        "next_invoice_sequence": 1,
        "phone": asked.get("phone"),
        "preferred_locales": asked.get("preferred_locales") or [],
        "tax_exempt": "none",
    }
