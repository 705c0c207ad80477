"""Billable units: who has how many on a day, and units put into service, retired, taken out."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.catalog import units
from bursar.catalog.prices import names_of
from bursar.catalog.products import Product, get_products, offered_products
from bursar.catalog.unit_book import NewUnit
from bursar.catalog.units import Unit, clean_label
from bursar.core.errors import N_, Conflict, Invalid, Refusal
from bursar.core.work import Work
from bursar.tenancy.customers import Customer, get_customer
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask
from bursar.web.staff.drafts import choose_customer

router = staff_router()

ONE = "/units/{unit_id:uuid}"
OF = "/customers/{customer_id:uuid}/units"
PAGE = 50
MOST_LABELS = 2_000

RETIREMENT = (Ask("date", "active_to", N_("The first day without it")),)


@router.get("/units")
async def show_units(
    request: Request, q: str = "", product: str = "", on: str = "", after: str = ""
) -> Response:
    async with viewer_work(request) as work:
        try:
            day = reading.day_or_none({"on": on}, "on") or work.today
        except Invalid:
            day = work.today
        chosen, text = reading.cursor(product), reading.search(q)
        page = await units.list_units(
            work, text=text, product_id=chosen, on=day, cursor=reading.cursor(after), limit=PAGE
        )
        counts = await units.count_units(work, day, product_id=chosen, text=text)
        names = await names_of(work, [who for who, _ in counts])
        sold = {one.id: one for one in await get_products(work, [what for _, what in counts])}
        offered = await offered_products(work)
    asked = {"q": q, "product": product, "on": day.isoformat()}
    rows = [(who, names[who], sold[what], many) for (who, what), many in counts.items()]
    return pages.render(
        request,
        "staff/units.html",
        fragment="results",
        page_of=page,
        asked=asked,
        products=offered,
        total=sum(counts.values()),
        counts=sorted(rows, key=lambda row: -row[3])[:PAGE],
        day=day,
    )


@router.get("/units/new")
async def choose(request: Request, customer: str = "", q: str = "") -> Response:
    chosen = reading.cursor(customer)
    async with viewer_work(request) as work:
        if chosen is None:
            return await choose_customer(work, request, q, "/units/new", "prices")
        await get_customer(work, chosen)
    return pages.see_other(request, f"/customers/{chosen}/units/new")


@router.get(OF + "/new")
async def new_units(request: Request, customer_id: UUID, product: str = "") -> Response:
    async with viewer_work(request) as work:
        customer, sold = await _choice(work, customer_id)
        values = {"product": product, "active_from": work.today.isoformat()}
    return _form(request, customer, sold, Form(values))


@router.post(OF)
async def add_units(request: Request, customer_id: UUID) -> Response:
    typed = await reading.typed(request)
    async with viewer_work(request, read_only=True) as work:
        customer, sold = await _choice(work, customer_id)
    try:
        given = _given(typed, customer_id, sold)
        async with viewer_work(request) as work:
            for answer in await units.add_units(work, given):
                if isinstance(answer, Refusal):
                    raise answer
    except (Invalid, Conflict) as refusal:
        return _form(request, customer, sold, Form(typed).refused(refusal))
    return pages.see_other(
        request, f"/units?on={given[0].active_from}", toast=N_("The units are in service.")
    )


@router.get(ONE + "/retirement/new")
async def ask_retirement(request: Request, unit_id: UUID) -> Response:
    return await _ask(request, unit_id, Form())


@router.post(ONE + "/retirement")
async def retire(request: Request, unit_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await units.retire_units(work, [unit_id], reading.day(typed, "active_to"))
    except (Invalid, Conflict) as refusal:
        return await _ask(request, unit_id, Form(typed).refused(refusal))
    return pages.see_other(request, "/units", toast=N_("The unit is retired."))


@router.post(ONE + "/removal")
async def remove(request: Request, unit_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await units.remove_unit(work, unit_id)
    return pages.see_other(request, "/units", toast=N_("The unit was taken out."))


async def _choice(work: Work, customer_id: UUID) -> tuple[Customer, list[Product]]:
    sold = await offered_products(work, active=True)
    return await get_customer(work, customer_id), sold


def _given(typed: dict[str, str], customer_id: UUID, sold: list[Product]) -> list[NewUnit]:
    """One unit a line. Raises `Invalid` by field."""
    product = next((one for one in sold if str(one.id) == typed.get("product")), None)
    if product is None:
        raise Invalid(N_("Choose one of the list."), code="not_offered", field="product")
    labels = [line.strip() for line in typed.get("label", "").splitlines() if line.strip()]
    if not labels:
        raise Invalid(N_("Give the unit's name or serial number."), code="label_missing", field="label")
    if len(labels) > MOST_LABELS:
        raise Invalid(
            N_("These are more than %(most)s units. Import them as a sheet."),
            code="too_many",
            field="label",
            most=MOST_LABELS,
        )
    start = reading.day(typed, "active_from")
    return [NewUnit(customer_id, product.id, clean_label(label), start) for label in labels]


def _form(request: Request, customer: Customer, sold: list[Product], form: Form) -> Response:
    return pages.render(
        request, "staff/unit_form.html", status=form.status, customer=customer, products=sold, form=form
    )


async def _ask(request: Request, unit_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        unit = await units.get_unit(work, unit_id)
    return ask(request, _retirement(unit), form, at="prices", trail=[(unit.customer_name, "/units")])


def _retirement(unit: Unit) -> Act:
    return Act(
        N_("Retire this unit?"),
        N_("Retire"),
        f"/units/{unit.id}/retirement",
        RETIREMENT,
        N_("From that day on it is not counted. What was billed stays."),
        f"{unit.label} · {unit.product_name}",
    )
