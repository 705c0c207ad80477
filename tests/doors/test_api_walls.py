"""Every operation of the document, called by the wrong firm, the wrong key and nobody (R122)."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from bursar.core.kinds import AgentRole
from bursar.tenancy.rules import SCOPES
from tests.makers.api import Program, a_program, footprint, operations
from tests.makers.api_rows import some_of_everything
from tests.makers.outbox import BODY
from tests.makers.story import the_library

pytestmark = pytest.mark.anyio

AED = {"amount": "1.00", "currency": "AED"}
WORDS = {"locale": "en", "subject": "Open invoices", "body": BODY}
SEQUENCE = {"name": "X", "touches": [{"offset_days": 1, "template": "overdue_gentle", "severity": 1}]}
CAMPAIGN = {"name": "November", "kind": "overdue_notice"}
DRAFT = {
    "customer_id": "customer_id",
    "currency": "AED",
    "lines": [{"description": "x", "unit_price": "1.00"}],
}
REASON = {"reason": "because"}
DEAL = {
    "customer_id": "customer_id",
    "product_id": "product_id",
    "day_of_month": 1,
    "start_date": "2026-11-01",
}
PRICE_CHANGE = {"product_id": "product_id", "effective_from": "2027-01-01", "way": "set", "amount": AED}
PAIR = {"customer_id": "customer_id", "product_id": "product_id"}

BODIES: dict[str, Any] = {
    "create_customer": {"company_name": "X"},
    "edit_customer": {"city": "X"},
    "suspend_customer": REASON,
    "add_contact": {"name": "X", "email": "x@example.com"},
    "edit_contact": {"name": "X"},
    "record_consent": {"channel": "email", "purpose": "marketing", "consent": "denied"},
    "create_draft": DRAFT,
    "replace_draft": DRAFT,
    "cancel_invoice": REASON,
    "credit_invoice": {**REASON, "amount": AED},
    "edit_billing_settings": {"due_days": 14},
    "edit_onboarding_settings": {"contact_email": "ask@example.com"},
    "add_exchange_rate": {"currency": "EUR", "on_date": "2026-11-01", "rate": "4.25", "source": "x"},
    "record_payment": {"amount": AED, "received_on": "2026-11-01", "allocate_to": [{"invoice_id": "invoice_id"}]},
    "reverse_payment": REASON,
    "apply_credit": {},
    "reverse_allocation": REASON,
    "refund_payment": {**REASON, "payment_id": "payment_id", "amount": AED},
    "fail_refund": REASON,
    "refund_invoice": REASON,
    "accept_sure_lines": {"ids": ["line_id"]},
    "match_bank_line": {"customer_id": "customer_id"},
    "unmatch_bank_line": REASON,
    "set_bank_line_aside": REASON,
    "make_promise": {"invoice_id": "invoice_id", "promised_for": "2026-11-20"},
    "move_promise": {"promised_for": "2026-11-20"},
    "open_dispute": {"invoice_id": "invoice_id", "reason": "other", "statement": "x"},
    "comment_dispute": {"body": "x"},
    "accept_dispute": {**REASON, "credit": AED},
    "reject_dispute": REASON,
    "create_sequence": SEQUENCE,
    "replace_sequence": SEQUENCE,
    "order_sequences": {"ids": ["sequence_id"]},
    "announce_sequence_list": {"at": "11:00"},
    "name_chases": {"customer_id": "customer_id"},
    "stop_chase": REASON,
    "send_rows": {"kind": "customers", "header": ["Company"], "rows": [["X"]]},
    "set_import_mapping": {"columns": {"0": "company_name"}},
    "add_smtp_account": {"address": "x@example.com", "host": "127.0.0.1", "port": 1},
    "begin_gmail_account": {"address": "x@example.com"},
    "begin_outlook_account": {"address": "x@example.com"},
    "add_ses_account": {"address": "x@example.com", "host": "127.0.0.1", "port": 1, "username": "u", "password": "p"},
    "ask_for_consent_again": {},
    "edit_sending_account": {"batch_size": 2},
    "reconnect_sending_account": {"password": "x"},
    "create_recurring": DEAL,
    "replace_recurring": DEAL,
    "preview_plan": DEAL,
    "create_order": PAIR,
    "cancel_order": {},
    "resolve_order": {**REASON, "how": "keep"},
    "connect_till": {"key": "not one"},
    "replace_key": {"key": "not one"},
    "set_webhook_secret": {"webhook_secret": "not one"},
    "create_product": {"code": "X", "name": "X", "tax_rate": "5"},
    "edit_product": {"name": "X"},
    "create_payment_link": {"product_id": "product_id", "email": "x@example.com"},
    "extend_payment_link": {"until": "2026-12-24"},
    "revoke_payment_link": {},
    "reissue_payment_link": {},
    "add_price": {**PAIR, "unit_price": AED, "effective_from": "2027-01-01"},
    "edit_price": {"unit_price": AED},
    "end_price": {"effective_to": "2027-12-01"},
    "preview_price_change": PRICE_CHANGE,
    "make_price_change": PRICE_CHANGE,
    "add_units": {"units": [{**PAIR, "label": "X", "active_from": "2026-11-01"}]},
    "retire_units": {"ids": ["unit_id"], "on": "2027-01-01"},
    "create_campaign": {**CAMPAIGN, "sending_account_id": "account_id"},
    "replace_campaign": CAMPAIGN,
    "schedule_campaign": {"at": "2026-11-20T09:00"},
    "clone_campaign": {"name": "X"},
    "leave_out_of_campaign": {"customers": ["customer_id"]},
    "exclude": {"customer_id": "customer_id", **REASON},
    "resolve_send": {"became": "sent", **REASON},
    "send_test": {"send_id": "send_id", "to": "x@example.com"},
    "create_template": {"code": "mine", "name": "Mine", "category": "overdue_notice", "first": WORDS},
    "edit_template": {"name": "X"},
    "save_draft": WORDS,
    "preview_words": {**WORDS, "category": "overdue_notice"},
    "import_html": {"name": "Theirs", "category": "overdue_notice", "locale": "en", "source": WORDS["body"], "subject": "S"},
    "handle_reply": {"handled_as": "seen"},
    "reclassify_reply": {"kind": "auto_reply"},
    "answer_reply": {"body": "Words"},
    "start_reading": {"imap": {"host": "127.0.0.1", "port": 1, "tls": "none"}},
    "suppress_address": {"address": "x@example.com"},
    "edit_tenant": {"city": "X"},
    "create_api_key": {"name": "X", "scopes": ["customers:read"]},
}  # fmt: skip
"""A good body of each operation that needs one; ids stand in it by the name that paths give them."""

OUR_OWN = {"create_customer", "create_product", "edit_billing_settings", "edit_onboarding_settings", "add_exchange_rate", "send_rows", "add_smtp_account", "begin_gmail_account", "begin_outlook_account", "add_ses_account", "connect_till", "create_template", "preview_words", "import_html", "create_sequence",
           "suppress_address", "edit_tenant", "create_api_key", "upload_sheet"}  # fmt: skip
"""Operations that name nothing of anybody else."""


@pytest.fixture(scope="module")
async def theirs(api) -> tuple[Program, dict[str, str]]:
    program = await a_program(api)
    return program, await some_of_everything(program)


def filled(value: Any, ids: dict[str, str]) -> Any:
    """`value` with each name of an id replaced by that id."""
    if isinstance(value, dict):
        return {name: filled(inner, ids) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, ids) for inner in value]
    return ids.get(value, value) if isinstance(value, str) else value


def requests(api: Any, ids: dict[str, str]) -> Iterator[tuple[str, str, str, Any]]:
    """Operation, method, path and body of everything that can be asked about these ids."""
    for name, method, path, needs_body in operations(api):
        body = BODIES[name] if needs_body else None
        yield name, method, path.format_map(ids), filled(body, ids)


def names_an_id(name: str, path: str) -> bool:
    return "{" in path or (name in BODIES and name not in OUR_OWN)


async def test_a_firm_reaches_nothing_of_another(api, theirs):
    owner, ids = theirs
    stranger = await a_program(api)
    async with stranger.work() as work:
        await the_library(work)
    before = [await footprint(api, firm.tenant_id) for firm in (owner, stranger)]
    nowhere = {name: str(uuid4()) for name in ids}
    templates = {name: path for name, _, path, _ in operations(api)}

    for (name, method, path, body), (_, _, other_path, other_body) in zip(
        requests(api, ids), requests(api, nowhere), strict=True
    ):
        if not names_an_id(name, templates[name]):
            continue
        answer = await stranger(method, path, body)
        unknown = await stranger(method, other_path, other_body)
        in_path = "{" in templates[name]
        assert answer.status_code in ({404} if in_path else {404, 422}), (name, answer.text)
        assert without_request(answer.json()) == without_request(unknown.json()), name

    assert [await footprint(api, firm.tenant_id) for firm in (owner, stranger)] == before


async def test_lists_about_another_firms_things_are_empty_or_not_there(api, theirs):
    _, ids = theirs
    stranger = await a_program(api)

    for path in ("/invoices", "/payments", "/promises", "/disputes", "/events"):
        page = await stranger.get(path, customer_id=ids["customer_id"])
        assert page == {"items": [], "next_cursor": None}


async def test_every_operation_needs_its_scope(api, theirs):
    owner, ids = theirs
    needed = scopes_needed(api)
    keys = {}
    for scope in set(needed.values()):
        others = {
            other for other in SCOPES if other != "*" and other.partition(":")[0] != scope.partition(":")[0]
        }
        reading = {scope.replace(":write", ":read")} if scope.endswith(":write") else set()
        keys[scope] = await a_program(api, of=owner.tenant_id, scopes=others | reading)
    before = await footprint(api, owner.tenant_id)

    for name, method, path, body in requests(api, ids):
        assert await keys[needed[name]].refused(method, path, body) == (403, "scope_missing"), name

    assert await footprint(api, owner.tenant_id) == before


async def test_a_viewers_key_changes_nothing_whatever_its_scopes(api, theirs):
    owner, ids = theirs
    viewer = await a_program(api, of=owner.tenant_id, role=AgentRole.VIEWER)
    before = await footprint(api, owner.tenant_id)

    for name, method, path, body in requests(api, ids):
        if method != "GET" and name not in {"preview_plan", "preview_words", "upload_sheet"}:
            answer = await viewer(method, path, body)
            assert answer.status_code == 403, (name, answer.text)

    assert await footprint(api, owner.tenant_id) == before


async def test_nobody_gets_anything_without_a_key(api, theirs):
    owner, ids = theirs
    for name, method, path, body in requests(api, ids):
        for header in ("", "Basic dTpw", "Bearer bursar_x", f"Bearer {owner.key[:-1]}", owner.key):
            answer = await owner(method, path, body, Authorization=header)
            assert answer.status_code in {401, 429}, name
            if answer.status_code == 401:
                assert answer.headers["www-authenticate"].startswith("Bearer")


def scopes_needed(api: Any) -> dict[str, str]:
    document = operations(api, document=True)
    return {
        told["operationId"]: told["security"][0]["ApiKey"][0]
        for path in document["paths"].values()
        for told in path.values()
    }


def without_request(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "request_id"}
