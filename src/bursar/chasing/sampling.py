"""Values of a real customer for whoever writes a template: what they owe today, as a reminder would say it."""

from typing import Any
from uuid import UUID

from bursar.billing.facts import Fact, invoice_values
from bursar.billing.filters import Chosen
from bursar.billing.finding import open_invoices
from bursar.core.formats import format_day
from bursar.core.work import Work
from bursar.outbox import tags
from bursar.outbox.accounts import list_accounts
from bursar.outbox.tags import Category
from bursar.tenancy.customers import get_customer
from bursar.tenancy.tenants import this_tenant

OFFERED = 50  # invoices that are looked through for names


async def who_owes(work: Work) -> list[tuple[UUID, str]]:
    """Some customers with open invoices, the longest due first: id and name."""
    found = await open_invoices(work, limit=OFFERED)
    return list(dict.fromkeys((one.customer_id, one.customer_name) for one in found))


async def values_of(work: Work, customer_id: UUID, category: Category, locale: str) -> dict[str, Any]:
    """In the shape of `tags.sample_values`, which still fills in what a payment alone has, and addresses: a look at a
    message gives no key to a customer's page. Raises `NotFound`.
    """
    customer, firm = await get_customer(work, customer_id), await this_tenant(work)
    account = next((one for one in await list_accounts(work) if one.is_primary), None)
    values = tags.sample_values(category, locale)
    values["customer"] = {
        "name": customer.full_name or customer.company_name,
        "company": customer.company_name,
        "code": customer.external_code,
    }
    address = ", ".join([*firm.address_lines, *([firm.city] if firm.city else [])])
    values["tenant"] = {"name": firm.name, "address": address or None}
    if account is not None:
        values["sender"] = {"name": account.display_name or firm.name, "email": account.address}
        values["reply_to"] = account.reply_to or account.address
    values["today"] = format_day(work.today, locale)
    if "invoices" not in values:  # an offer, an order, a sign-in: what they name is nobody's yet
        return values
    link, page = values["invoices"][0]["link"], values.get("pay_link")
    facts = await _facts(work, customer_id)
    return values | invoice_values(facts, work.today, locale, lambda _id: link, all_of_it=page)


async def _facts(work: Work, customer_id: UUID) -> list[Fact]:
    owed = await open_invoices(work, Chosen(customer_id=customer_id, open_only=True))
    return [
        Fact(
            one.id,
            one.number or "",
            one.balance.currency,
            one.total.minor,
            one.balance.minor,
            one.issue_date,
            one.due_date,
        )
        for one in owed
        if one.issue_date and one.due_date
    ]
