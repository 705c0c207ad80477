"""Customers: the list, one of them with all that concerns them, and what the firm changes about them."""

from typing import Any, cast
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.ageing import credit_of
from bursar.billing.filters import Chosen
from bursar.billing.finding import open_invoices
from bursar.billing.links import CUSTOMER_PATH, customer_token
from bursar.billing.showing import balances_of, customers_overdue, payment_lines
from bursar.billing.tills.checkout_list import list_checkouts
from bursar.chasing.sequences.chases import list_chases
from bursar.chasing.why import why
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.journal import timeline_of_customer
from bursar.core.work import Work
from bursar.tenancy import customers
from bursar.tenancy.consents import consents_of
from bursar.tenancy.contacts import list_contacts
from bursar.tenancy.customer_fields import CustomerInput
from bursar.tenancy.customers import Customer, CustomerFilter
from bursar.tenancy.rules import COUNTRIES
from bursar.tenancy.states import CustomerState
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.telling import tell

router = staff_router()

PAGE = 50
FIELDS = (
    *("kind", "company_name", "full_name", "email", "phone", "locale", "external_code"),
    *("tax_number", "registration_number", "registration_authority", "address_lines", "city"),
    *("subdivision", "country", "name_local", "tags"),
)


@router.get("/customers")
async def list_customers(
    request: Request,
    q: str = "",
    tag: str = "",
    state: str = "",
    late: str = "",
    after: str = "",
) -> Response:
    asked = {"q": q, "tag": tag, "state": state, "late": late}
    async with viewer_work(request) as work:
        wanted = CustomerFilter(
            text=reading.search(q),
            tags=[tag] if tag else [],
            state=CustomerState(state) if reading.one_of(state, CustomerState) else None,
            ids=await customers_overdue(work) if late else None,
        )
        page = await customers.list_customers(work, wanted, cursor=reading.cursor(after), limit=PAGE)
        values = {
            "page_of": page,
            "total": await customers.count_customers(work, wanted),
            "balances": await balances_of(work, [one.id for one in page.rows]),
            "tags": await customers.tags_in_use(work),
        }
    return pages.render(request, "staff/customers.html", fragment="results", asked=asked, **values)


@router.get("/customers/new")
async def new_customer(request: Request) -> Response:
    return _form(request, Form({"kind": "firm"}))


@router.post("/customers")
async def create_customer(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            customer_id = await customers.create_customer(work, _given(typed))
    except (Invalid, Conflict) as refusal:
        return _form(request, Form(typed).refused(refusal))
    return pages.see_other(request, f"/customers/{customer_id}", toast=N_("The customer was added."))


@router.get("/customers/{customer_id}")
async def show_customer(request: Request, customer_id: UUID) -> Response:
    async with viewer_work(request) as work:
        values = await _about(work, request, customer_id)
    return pages.render(request, "staff/customer.html", **values)


async def _about(work: Work, request: Request, customer_id: UUID) -> dict[str, Any]:
    customer = await customers.get_customer(work, customer_id)
    balances = await balances_of(work, [customer_id])
    return {
        "customer": customer,
        "contacts": await list_contacts(work, customer_id),
        "consents": await consents_of(work, customer_id),
        "invoices": await open_invoices(work, Chosen(customer_id=customer_id, open_only=True)),
        "balances": balances.get(customer_id, []),
        "credit": await credit_of(work, customer_id),
        "payments": await payment_lines(work, customer_id=customer_id, limit=10),
        "checkouts": await list_checkouts(work, customer_id=customer_id, limit=5),
        "why": await why(work, "customer", str(customer_id)),
        "chases": (await list_chases(work, customer_id=customer_id)).rows,
        "page_path": CUSTOMER_PATH
        + customer_token(work.keyring, work.tenant_id, customer_id, customer.link_version),
        "told": await tell(work, request, await timeline_of_customer(work, customer_id, limit=30)),
    }


@router.get("/customers/{customer_id}/edit")
async def edit_customer(request: Request, customer_id: UUID) -> Response:
    async with viewer_work(request) as work:
        customer = await customers.get_customer(work, customer_id)
    return _form(request, Form(_values(customer)), customer)


@router.post("/customers/{customer_id}")
async def save_customer(request: Request, customer_id: UUID) -> Response:
    typed = await reading.typed(request)
    version = reading.version(typed)
    try:
        async with viewer_work(request) as work:
            await customers.edit_customer(work, customer_id, _given(typed), version=version)
    except (Invalid, Conflict) as refusal:
        async with viewer_work(request, read_only=True) as work:
            customer = await customers.get_customer(work, customer_id)
        return _form(request, Form(typed).refused(refusal), customer)
    return pages.see_other(request, f"/customers/{customer_id}", toast=N_("Saved."))


def _given(typed: dict[str, str]) -> CustomerInput:
    given: dict[str, Any] = {name: typed[name] for name in FIELDS if name in typed}
    return cast("CustomerInput", given)


def _values(customer: Customer) -> dict[str, Any]:
    values = {name: getattr(customer, name) for name in (*FIELDS, "version")}
    lists = {"address_lines": "\n".join(customer.address_lines), "tags": ", ".join(customer.tags)}
    return {name: "" if value is None else value for name, value in {**values, **lists}.items()}


def _form(request: Request, form: Form, customer: Customer | None = None) -> Response:
    return pages.render(
        request,
        "staff/customer_form.html",
        status=form.status,
        form=form,
        customer=customer,
        countries=sorted(COUNTRIES),
    )
