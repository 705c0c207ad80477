"""What is done to a customer: suspended and reinstated, people added and removed, consent written down."""

from typing import cast
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.tenancy import consents, contacts, customers
from bursar.tenancy.customer_fields import ContactInput
from bursar.tenancy.customers import Customer
from bursar.tenancy.states import ConsentPurpose, ConsentState
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask

router = staff_router()

SUSPEND = (Ask("area", "reason", N_("Why?"), N_("Stands in the journal.")),)
CONTACT = (
    Ask("text", "name", N_("Name")),
    Ask("text", "email", N_("E-mail"), required=False),
    Ask("text", "phone", N_("Phone"), required=False),
    Ask("text", "role", N_("Role"), N_("For instance billing or signatory."), required=False),
)
CONSENT = (
    Ask(
        "select",
        "purpose",
        N_("What for"),
        options=(
            (ConsentPurpose.MARKETING, N_("Marketing")),
            (ConsentPurpose.REVIEW, N_("Asking for a review")),
            (ConsentPurpose.TRACKING, N_("Seeing opens and clicks")),
        ),
    ),
    Ask(
        "select",
        "consent",
        N_("Answer"),
        options=((ConsentState.GRANTED, N_("Yes")), (ConsentState.DENIED, N_("No"))),
    ),
    Ask("text", "proof", N_("How and when they said so"), N_("A yes needs it."), required=False),
)


@router.get("/customers/{customer_id}/suspension/new")
async def ask_suspension(request: Request, customer_id: UUID) -> Response:
    return await _ask(request, customer_id, _suspension(customer_id), Form())


@router.post("/customers/{customer_id}/suspension")
async def suspend(request: Request, customer_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await customers.suspend_customer(work, customer_id, reason=typed.get("reason", ""))
    except (Invalid, Conflict) as refusal:
        return await _ask(request, customer_id, _suspension(customer_id), Form(typed).refused(refusal))
    return _back(request, customer_id, N_("Suspended. Nothing more is sent to this customer."))


@router.post("/customers/{customer_id}/reinstatement")
async def reinstate(request: Request, customer_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await customers.reinstate_customer(work, customer_id)
    return _back(request, customer_id, N_("Active again."))


@router.post("/customers/{customer_id}/link-revocation")
async def revoke_links(request: Request, customer_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await customers.revoke_links(work, customer_id)
    return _back(request, customer_id, N_("Every link this customer was sent is void now."))


@router.get("/customers/{customer_id}/contacts/new")
async def ask_contact(request: Request, customer_id: UUID) -> Response:
    return await _ask(request, customer_id, _contact(customer_id), Form())


@router.post("/customers/{customer_id}/contacts")
async def add_contact(request: Request, customer_id: UUID) -> Response:
    typed = await reading.typed(request)
    given = cast("ContactInput", {one.name: typed.get(one.name) for one in CONTACT})
    try:
        async with viewer_work(request) as work:
            await contacts.add_contact(work, customer_id, given)
    except (Invalid, Conflict) as refusal:
        return await _ask(request, customer_id, _contact(customer_id), Form(typed).refused(refusal))
    return _back(request, customer_id, N_("The contact was added."))


@router.post("/customers/{customer_id}/contacts/{contact_id}/removal")
async def remove_contact(request: Request, customer_id: UUID, contact_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await contacts.remove_contact(work, contact_id)
    return _back(request, customer_id, N_("The contact was removed."))


@router.get("/customers/{customer_id}/consents/new")
async def ask_consent(request: Request, customer_id: UUID) -> Response:
    return await _ask(request, customer_id, _consent(customer_id), Form())


@router.post("/customers/{customer_id}/consents")
async def record_consent(request: Request, customer_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await consents.record_consent(
                work,
                customer_id,
                channel="email",
                purpose=ConsentPurpose(reading.must_be(typed, "purpose", ConsentPurpose)),
                consent=ConsentState(reading.must_be(typed, "consent", ConsentState)),
                proof=typed.get("proof") or None,
            )
    except (Invalid, Conflict) as refusal:
        return await _ask(request, customer_id, _consent(customer_id), Form(typed).refused(refusal))
    return _back(request, customer_id, N_("Written down."))


def _suspension(customer_id: UUID) -> Act:
    return Act(
        N_("Suspend this customer?"),
        N_("Suspend"),
        f"/customers/{customer_id}/suspension",
        SUSPEND,
        N_("Nothing more is sent to them until you reinstate them. Their invoices stay as they are."),
        tone="danger",
    )


def _contact(customer_id: UUID) -> Act:
    return Act(N_("Add a contact"), N_("Add"), f"/customers/{customer_id}/contacts", CONTACT)


def _consent(customer_id: UUID) -> Act:
    return Act(
        N_("Write down a consent"),
        N_("Write down"),
        f"/customers/{customer_id}/consents",
        CONSENT,
        N_("The last answer counts. The earlier ones are kept."),
    )


async def _ask(request: Request, customer_id: UUID, act: Act, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        customer = await customers.get_customer(work, customer_id)
    return ask(request, act, form, at="customers", trail=_trail(customer))


def _trail(customer: Customer) -> list[tuple[str, str]]:
    return [(customer.name, f"/customers/{customer.id}")]


def _back(request: Request, customer_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/customers/{customer_id}", toast=toast)
