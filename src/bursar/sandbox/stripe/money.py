"""New objects of money that comes and goes: intents, charges, refunds, disputes."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from bursar.sandbox.stripe.ledger import Ledger, Thing, new_id
from bursar.sandbox.stripe.resources import NO_ADDRESS

ANSWER_WITHIN_S = 7 * 86_400
"""How long a firm has to answer a dispute."""


def intent(ledger: Ledger, session: Thing, data: Mapping[str, Any], now: int) -> Thing:
    """Made at the first try, not with the session, whose metadata it does not have."""
    told = new_id("pi")
    unsaid = dict.fromkeys(
        (
            *("allowed_payment_method_types", "application", "application_fee_amount", "canceled_at"),
            *("cancellation_reason", "customer_account", "excluded_payment_method_types"),
            *("last_payment_error", "latest_charge", "managed_payments", "next_action", "on_behalf_of"),
            *("payment_method", "payment_method_configuration_details", "processing", "review", "shipping"),
            *("source", "transfer_data", "transfer_group"),
        )
    )
    as_asked = {
        name: data.get(name)
        for name in (
            *("description", "receipt_email", "setup_future_usage", "statement_descriptor"),
            "statement_descriptor_suffix",
        )
    }
    return {
        **unsaid,
        **as_asked,
        "id": told,
        "object": "payment_intent",
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": None,
        "capture_method": data.get("capture_method", "automatic_async"),
        "client_secret": f"{told}_secret_{token_hex(12)}",
        "confirmation_method": "automatic",
        "created": now,
        "currency": session["currency"],
        "customer": session["customer"],
        "livemode": ledger.live,
        "metadata": data.get("metadata") or {},
        "payment_method_options": {},
        "payment_method_types": session["payment_method_types"],
        "status": "requires_payment_method",
    }


def charge(ledger: Ledger, intent: Thing, method: Thing, payer: Mapping[str, str], now: int) -> Thing:
    """Pending, until it is said what became of it."""
    unsaid = dict.fromkeys(
        (
            *("application", "application_fee", "application_fee_amount", "balance_transaction"),
            *("failure_balance_transaction", "failure_code", "failure_message", "on_behalf_of", "outcome"),
            *("receipt_number", "receipt_url", "review", "shipping", "source", "source_transfer"),
            *("statement_descriptor", "statement_descriptor_suffix", "transfer_data", "transfer_group"),
        )
    )
    return {
        **unsaid,
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": {
            "address": NO_ADDRESS,
            "email": payer.get("email"),
            "name": payer.get("name"),
            "phone": None,
            "tax_id": None,
        },
        "calculated_statement_descriptor": ledger.account["business_profile"]["name"][:22].upper(),
        "captured": False,
        "created": now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": ledger.live,
        "metadata": dict(intent["metadata"]),
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": new_id("pm"),
        "payment_method_details": method,
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "status": "pending",
    }


def outcome(kind: str, words: str, reason: str | None = None) -> Thing:
    """Of a charge, in the words of its network."""
    status = "approved_by_network" if kind == "authorized" else "declined_by_network"
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": status,
        "reason": reason,
        "seller_message": words,
        "type": kind,
    }


def refund(charge: Thing, asked: Mapping[str, Any], amount: int, now: int) -> Thing:
    told = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": new_id("txn"),
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "customer": None,
        "customer_account": None,
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": asked.get("metadata") or {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": asked.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": asked.get("status", "succeeded"),
        "transfer_reversal": None,
    }
    return told | ({"pending_reason": "processing"} if told["status"] == "pending" else {})


def dispute(charge: Thing, reason: str, amount: int, now: int) -> Thing:
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": now + ANSWER_WITHIN_S,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": charge["livemode"],
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }
