"""Every event has its sentence, and every sentence its event."""

import ast
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import bursar
from bursar.core.registry import REGISTRY, describe
from bursar.core.states import Move

pytestmark = pytest.mark.pure

SOURCE = Path(bursar.__file__).parent
EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
BIRTHS = {
    "bank_line.unmatched", "campaign.draft", "chase.running", "customer.active", "dispute.open", "einvoice_document.queued",
    "file.clean", "file.quarantined", "import_run.reading", "invoice.draft", "invoice.issued", "invoice.paid", "promise.active",
    "recurring_invoice.active", "refund.pending", "run.held", "sending_account.connecting",
    "checkout_session.open", "customer.pending", "order.pending", "payment_link.active", "till.connecting",
}  # fmt: skip
"""In which states rows are born; the trigger names the event after the state."""


def recorded() -> set[str]:
    """Every event's name that is written in a call of `record`, or in a function that hands it one."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
            match call.func:
                case ast.Attribute(attr="record" | "record_each"):
                    told = call.args[0]
                case ast.Name(id="record_all"):
                    told = call.args[1]
                case _:
                    continue
            match told:
                case ast.Constant(value=str() as name):
                    found.add(name)
                case ast.Name(id=name) if name in names:
                    found.add(names[name])
                case ast.Name():  # a parameter: whoever calls writes the name out
                    found |= {
                        node.value
                        for node in ast.walk(tree)
                        if isinstance(node, ast.Constant)
                        and isinstance(node.value, str)
                        and EVENT.fullmatch(node.value)
                    }
    return found


def moves() -> set[str]:
    modules = (import_module(f"bursar.{path.parent.name}.states") for path in SOURCE.glob("*/states.py"))
    return {value.name for module in modules for value in vars(module).values() if isinstance(value, Move)}


def test_every_move_and_every_record_has_its_sentence() -> None:
    assert (moves() | recorded() | BIRTHS) - set(REGISTRY) == set()


def test_no_sentence_is_about_what_never_happens() -> None:
    assert set(REGISTRY) - (moves() | recorded() | BIRTHS) == set()


def test_types_are_a_noun_and_an_event_and_stand_in_order() -> None:
    assert all(EVENT.fullmatch(name) for name in REGISTRY)
    assert list(REGISTRY) == sorted(REGISTRY)


def plain(message: str, params: Mapping[str, Any]) -> str:
    return message % params


def test_details_are_told_when_they_are_known() -> None:
    assert describe("customer_contact.add", {"name": "Layla 100%"}, plain) == "Contact added: Layla 100%"
    assert describe("customer_contact.add", {}, plain) == "Contact added"


def test_an_event_of_another_version_is_shown_by_its_name() -> None:
    assert describe("parcel.lost", {}, plain) == "parcel.lost"
