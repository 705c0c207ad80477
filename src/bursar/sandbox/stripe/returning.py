"""Money that goes back: refunds by the firm, and what payers fight over with their banks."""

from collections.abc import Mapping
from typing import Any

from bursar.sandbox.stripe import money
from bursar.sandbox.stripe.ledger import Thing, new_id
from bursar.sandbox.stripe.refusing import Refusal
from bursar.sandbox.stripe.world import Act

STANDING = ("pending", "requires_action", "succeeded")
"""Refunds whose money is gone or going."""


class Settled(Exception):
    """It is over already."""


def refund(act: Act, charge: Thing, asked: Mapping[str, Any]) -> Thing:
    """Raises `Refusal` if so much is not left. `asked` may say that it is "pending" at first."""
    if charge["status"] != "succeeded":
        raise Refusal("payment_intent_unexpected_state")
    if charge["refunded"]:
        words = f"Charge {charge['id']} has already been refunded."
        raise Refusal("charge_already_refunded", words)
    if charge["disputed"] and not _is_won(act, charge):
        raise Refusal(
            "charge_disputed", f"Charge {charge['id']} has been charged back; cannot issue a refund."
        )
    left = charge["amount"] - charge["amount_refunded"]
    amount = asked.get("amount", left)
    if amount < 1:
        raise Refusal("parameter_invalid_integer", f"Invalid positive integer: {amount}", param="amount")
    if amount > left:
        words = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise Refusal("parameter_invalid", words, param="amount")
    made = act.ledger.put(money.refund(charge, asked, amount, act.now))
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    act.tell("charge.refunded", charge, before)
    act.tell("refund.created", made)
    return made


def decide_refund(act: Act, made: Thing, status: str) -> Thing:
    """A refund that was pending succeeds, or the bank sends it back (also one that had succeeded). Raises `Settled`."""
    allowed = {
        "succeeded": ("pending", "requires_action"),
        "failed": STANDING,
        "canceled": ("requires_action",),
    }
    if made["status"] not in allowed[status]:
        raise Settled(made["id"])
    before = {"status": made["status"]}
    made["status"] = status
    made.pop("pending_reason", None)
    if status != "succeeded":
        made["failure_reason"], made["failure_balance_transaction"] = (
            "expired_or_canceled_card",
            new_id("txn"),
        )
        charge = act.ledger.get("charge", made["charge"])
        charge["amount_refunded"] -= made["amount"]
        charge["refunded"] = False
    act.tell("refund.updated", made, before)
    act.tell("charge.refund.updated", made, before)
    if status == "failed":
        act.tell("refund.failed", made, before)
    return made


def open_dispute(act: Act, charge: Thing, reason: str) -> Thing:
    """Raises `Settled` if there was one, or there is no money."""
    if charge["disputed"] or charge["status"] != "succeeded":
        raise Settled(charge["id"])
    amount = charge["amount"] - charge["amount_refunded"]
    charge["disputed"] = True
    made = act.ledger.put(money.dispute(charge, reason, amount or charge["amount"], act.now))
    act.tell("charge.dispute.created", made)
    act.tell("charge.dispute.funds_withdrawn", made)
    return made


def decide_dispute(act: Act, made: Thing, status: str) -> Thing:
    """Won by the firm, or lost. Raises `Settled`."""
    if made["status"] in {"won", "lost"}:
        raise Settled(made["id"])
    before = {"status": made["status"]}
    made["status"] = status
    act.tell("charge.dispute.closed", made, before)
    if status == "won":
        act.tell("charge.dispute.funds_reinstated", made)
    return made


def _is_won(act: Act, charge: Thing) -> bool:
    return any(one["status"] == "won" for one in act.ledger.of("dispute", charge=charge["id"]))
