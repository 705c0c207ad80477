"""Rows of everything that the API shows, for whoever walks all of it."""

from uuid import UUID

import sqlalchemy as sa

from bursar.core.tables import inbounds
from tests.makers.api import Program
from tests.makers.incoming import a_reply
from tests.makers.outbox import BODY
from tests.makers.recurring import a_product
from tests.makers.story import an_account, late_customers, the_library
from tests.makers.tills import a_checkout, a_till


async def some_of_everything(program: Program, called: str = "Dune") -> dict[str, str]:
    """One of each thing in the program's firm, by the name that paths give its id; names have `called` in them."""
    host = f"{called.lower()}.example"
    firm = {
        "company_name": f"{called} Trading",
        "email": f"pay@{host}",
        "address_lines": [f"{called} Road 1"],
    }
    customer = await program.post("/customers", firm)
    contact = await program.post(
        f"/customers/{customer['id']}/contacts", {"name": f"Rim {called}", "email": f"rim@{host}"}
    )
    rows = {"kind": "customers", "header": ["Company", "E-mail"], "rows": [["Sand", "a@sand.example"]]}
    sheet = await program.post("/imports", rows)
    key = await program.post("/api-keys", {"name": "Spare", "scopes": ["customers:read"]})
    return {
        "customer_id": customer["id"],
        "contact_id": contact["id"],
        "import_id": sheet["id"],
        "key_id": key["id"],
        **await _of_the_books(program, called, customer["id"]),
        **await _of_the_tills(program, called, customer["id"]),
        **await _of_the_catalog(program, called, customer["id"]),
        **await _of_the_mail(program, called, host, customer["id"]),
    }


async def _of_the_books(program: Program, called: str, customer: str) -> dict[str, str]:
    draft = {
        "customer_id": customer,
        "currency": "AED",
        "lines": [{"description": "Season", "unit_price": "100.00"}],
    }
    invoice = await program.post("/invoices", draft)
    issued = await program.post(f"/invoices/{invoice['id']}/issuance")
    today = issued["issue_date"]
    share = {"invoice_id": invoice["id"], "amount": {"amount": "10.00", "currency": "AED"}}
    payment = await program.post(
        "/payments",
        {"amount": {"amount": "15.00", "currency": "AED"}, "received_on": today, "allocate_to": [share]},
    )
    returned = {"payment_id": payment["id"], "amount": {"amount": "1.00", "currency": "AED"}, "done": False}
    refund = await program.post("/refunds", {**returned, "reason": f"{called} paid too much"})
    statement = {
        "kind": "bank_lines",
        "header": ["Date", "Amount", "Payer", "Reference"],
        "rows": [[today, "44.00", f"{called} Trading", f"To {called}"]],
    }
    brought = await program.post("/imports", statement)
    await program.post(f"/imports/{brought['id']}/application")
    [line] = (await program.get("/bank-lines"))["items"]
    credit = {"amount": {"amount": "1.00", "currency": "AED"}, "reason": f"{called} was late"}
    credit_note = await program.post(f"/invoices/{invoice['id']}/credit-notes", credit)
    rate = {"currency": "USD", "on_date": today, "rate": "3.6725", "source": f"Bank of {called}"}
    exchange_rate = await program.post("/exchange-rates", rate)
    promise = await program.post("/promises", {"invoice_id": invoice["id"], "promised_for": today})
    dispute = await program.post(
        "/disputes",
        {"invoice_id": invoice["id"], "reason": "other", "statement": f"{called} ordered grey ones."},
    )
    return {
        "invoice_id": invoice["id"],
        "allocation_id": payment["allocations"][0]["id"],
        "payment_id": payment["id"],
        "refund_id": refund["id"],
        "line_id": line["id"],
        "credit_note_id": credit_note["id"],
        "rate_id": exchange_rate["id"],
        "promise_id": promise["id"],
        "dispute_id": dispute["id"],
    }


async def _of_the_tills(program: Program, called: str, customer: str) -> dict[str, str]:
    async with program.work() as work:
        till = await a_till(work, display_name=f"Till of {called}")
        checkout = await a_checkout(work, till, customer_id=UUID(customer))
    async with program.house.office.work(program.tenant_id) as work:
        row = {
            "tenant_id": work.tenant_id,
            "provider": "stripe",
            "external_id": f"evt_{called}",
            "kind": "other",
        }
        told = sa.insert(inbounds).values(**row, payload={"till_id": str(till)}, received_at=work.now)
        inbound = (await work.db.scalars(told.returning(inbounds.c.id))).one()
    return {"till_id": str(till), "checkout_id": str(checkout), "inbound_id": str(inbound)}


async def _of_the_catalog(program: Program, called: str, customer: str) -> dict[str, str]:
    async with program.work() as work:
        product, today = await a_product(work, name=f"Hosting {called}"), work.today.isoformat()
    theirs = {"customer_id": customer, "product_id": str(product)}
    recurring = await program.post("/recurring-invoices", {**theirs, "day_of_month": 1, "start_date": today})
    run = await program.post("/recurring-runs")
    agreed = {"effective_from": "2027-06-01", "unit_price": {"amount": "12.00", "currency": "AED"}}
    price = await program.post("/prices", {**theirs, **agreed})
    counted = {"label": f"Rack {called}", "active_from": "2026-11-01"}
    units = await program.post("/units", {"units": [{**theirs, **counted}]})
    offer = {"product_id": str(product), "email": f"prospect@{called.lower()}.example"}
    link = await program.post("/payment-links", offer)
    order = await program.post("/orders", theirs)
    return {
        "product_id": str(product),
        "price_id": price["id"],
        "unit_id": units["ids"][0],
        "recurring_id": recurring["id"],
        "link_id": link["id"],
        "order_id": order["id"],
        "run_id": run["id"],
    }


async def _of_the_mail(program: Program, called: str, host: str, customer: str) -> dict[str, str]:
    async with program.work() as work:
        account = await an_account(work, 1, address=f"billing@{customer}.example")
        await the_library(work)
        await late_customers(work, 2)
    campaign = await program.post("/campaigns", {"name": f"November {called}", "kind": "overdue_notice"})
    messages = await program.get(f"/campaigns/{campaign['id']}/previews")
    first = {"locale": "en", "subject": "Open invoices", "body": BODY}
    words = {"code": "ours", "name": f"Ours {called}", "category": "overdue_notice", "first": first}
    template = await program.post("/templates", words)
    suppression = await program.post("/suppressions", {"address": f"never@{host}"})
    other = messages["items"][1]["customer_id"]
    kept_out = {"customer_id": other, "reason": f"{called} calls them", "covers": "campaigns"}
    exclusion = await program.post("/exclusions", kept_out)
    await program.post(f"/campaigns/{campaign['id']}/exclusions", {"customers": [other]})
    [left_out] = (await program.get(f"/campaigns/{campaign['id']}/exclusions"))["items"]
    sequence = await program.post("/sequences/default-ladder")
    await program.post(f"/sequences/{sequence['id']}/activation")
    [day] = (await program.post("/sequence-lists"))["items"]
    listed = await program.get(f"/sequence-lists/{day['run_id']}/messages")
    chases = (await program.get("/chases"))["items"]
    send = messages["items"][0]["send_id"]
    async with program.work() as work:
        reply = await a_reply(
            work, UUID(customer), UUID(send), body=f"{called} pays on Thursday, says {called}."
        )
    return {
        "reply_id": str(reply),
        "sequence_id": sequence["id"],
        "day_run_id": day["run_id"],
        "listed_send_id": listed["items"][0]["send_id"],
        "chase_id": chases[0]["id"],
        "account_id": str(account),
        "campaign_id": campaign["id"],
        "send_id": send,
        "template_id": template["id"],
        "version_id": template["versions"][0]["id"],
        "suppression_id": suppression["id"],
        "exclusion_id": exclusion["id"],
        "left_out_id": left_out["id"],
    }
