"""Sequences: the ladders that write by themselves, in their order; one of them, its form, and its switch."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form as Field
from fastapi import Request
from starlette.responses import Response

from bursar.billing.aged import aged_report
from bursar.chasing.sequences import lists, sequences, staging
from bursar.chasing.sequences.chases import list_chases
from bursar.chasing.sequences.rehearsing import Covered, count_covered, rehearse
from bursar.chasing.sequences.sequences import Sequence
from bursar.chasing.states import ChaseState
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.work import Work
from bursar.outbox.accounts import Account, list_accounts
from bursar.outbox.states import Channel
from bursar.outbox.templates import list_templates
from bursar.tenancy.customers import tags_in_use
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages
from bursar.web.forms import Form
from bursar.web.segment_words import segment_sentence
from bursar.web.sequence_forms import Typed, again, blank, read_form
from bursar.web.sessions import office_of, signed_in, staff_router, viewer_work

router = staff_router()
ONE = "/sequences/{sequence_id:uuid}"
AT_ONCE_S = 2.0
"""A list of a usual day is made before the answer; a longer one while the page says so."""
CHASES = frozenset({"invoice_reminder", "overdue_notice", "payment_follow_up"})
"""Categories of templates that a touch can use."""
_BACKGROUND: set["asyncio.Task[Any]"] = set()


@router.get("/sequences")
async def show_sequences(request: Request) -> Response:
    code = pages.page_view(request).language.code
    async with viewer_work(request) as work:
        found = await sequences.list_sequences(work)
        firm = await this_tenant(work)
        rows = [
            {
                "sequence": one,
                "covered": await count_covered(work, one.applies_to, before=one.id),
                "sentence": segment_sentence(code, one.applies_to, firm.currency),
            }
            for one in found
        ]
        held = await lists.held_lists(work)
    return pages.render(request, "staff/sequences.html", rows=rows, held=held)


@router.get("/sequences/new")
async def new_sequence(request: Request) -> Response:
    return await _form(request, blank())


@router.post("/sequences/estimate")
async def count_segment(request: Request) -> Response:
    """What the form as it stands would chase; nothing is written, and what cannot be read counts nothing."""
    typed = await read_form(request)
    async with viewer_work(request, read_only=True) as work:
        shown = await _covered(request, work, typed)
    return pages.render(request, "staff/sequence_covered.html", **shown)


@router.post("/sequences/default-ladder")
async def install_ladder(request: Request) -> Response:
    async with viewer_work(request) as work:
        made = await sequences.install_default_ladder(work)
    return pages.see_other(request, f"/sequences/{made}", toast=N_("The ladder is there, switched off."))


@router.post("/sequences")
async def add_sequence(request: Request) -> Response:
    typed = await read_form(request)
    try:
        async with viewer_work(request) as work:
            made = await sequences.create_sequence(work, typed.plan((await this_tenant(work)).currency))
    except (Invalid, Conflict) as refusal:
        return await _form(request, typed, refusal)
    return pages.see_other(request, f"/sequences/{made}", toast=N_("The sequence is there, switched off."))


@router.get(ONE)
async def show_sequence(request: Request, sequence_id: UUID) -> Response:
    code = pages.page_view(request).language.code
    async with viewer_work(request) as work:
        sequence = await sequences.get_sequence(work, sequence_id)
        firm = await this_tenant(work)
        accounts = await list_accounts(work)
        values = {
            "covered": await count_covered(work, sequence.applies_to, before=sequence_id),
            "sentence": segment_sentence(code, sequence.applies_to, firm.currency),
            "days": await lists.recent_lists(work, sequence_id, limit=14),
            "account": _account_of(sequence, accounts),
            "waiting": {
                state: (await list_chases(work, sequence_id=sequence_id, state=state, limit=10)).rows
                for state in (ChaseState.PAUSED, ChaseState.STOPPED)
            },
        }
    return pages.render(request, "staff/sequence.html", sequence=sequence, **values)


@router.get(ONE + "/edit")
async def edit_sequence(request: Request, sequence_id: UUID) -> Response:
    async with viewer_work(request) as work:
        sequence = await sequences.get_sequence(work, sequence_id)
        typed = again(sequence, (await this_tenant(work)).currency)
    return await _form(request, typed, sequence=sequence)


@router.post(ONE)
async def save_sequence(request: Request, sequence_id: UUID) -> Response:
    typed = await read_form(request)
    async with viewer_work(request, read_only=True) as work:
        sequence = await sequences.get_sequence(work, sequence_id)
    try:
        async with viewer_work(request) as work:
            plan = typed.plan((await this_tenant(work)).currency)
            await sequences.edit_sequence(work, sequence_id, plan)
    except (Invalid, Conflict) as refusal:
        return await _form(request, typed, refusal, sequence)
    if sequence.active:
        await _make_lists(request)
    return _back(request, sequence_id, N_("Saved. A list that was waiting is made again."))


@router.get(ONE + "/activation")
async def ask_activation(request: Request, sequence_id: UUID) -> Response:
    """Who would hear what on the next working day, before anything is switched on."""
    return await _rehearsed(request, sequence_id, Form())


@router.post(ONE + "/activation")
async def activate(request: Request, sequence_id: UUID) -> Response:
    try:
        async with viewer_work(request) as work:
            await sequences.activate(work, sequence_id)
    except (Invalid, Conflict) as refusal:
        return await _rehearsed(request, sequence_id, Form().refused(refusal))
    await _make_lists(request)
    return _back(request, sequence_id, N_("It is on. Nothing leaves before its list is let go."))


@router.post(ONE + "/deactivation")
async def deactivate(request: Request, sequence_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await sequences.deactivate(work, sequence_id)
    return _back(request, sequence_id, N_("It is off. What was let go goes its way."))


@router.post(ONE + "/archiving")
async def archive(request: Request, sequence_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await sequences.archive(work, sequence_id)
    return pages.see_other(request, "/sequences", toast=N_("The sequence is put away."))


@router.post(ONE + "/place")
async def change_place(request: Request, sequence_id: UUID, way: Annotated[str, Field()] = "up") -> Response:
    """One place up or down: the first that applies to an invoice chases it."""
    async with viewer_work(request) as work:
        await sequences.get_sequence(work, sequence_id)
        order = [one.id for one in await sequences.list_sequences(work)]
        if sequence_id in order:
            at = order.index(sequence_id)
            other = max(at - 1, 0) if way == "up" else min(at + 1, len(order) - 1)
            order[at], order[other] = order[other], order[at]
        await sequences.reorder(work, order or [sequence_id])
    return pages.see_other(request, "/sequences")


async def _make_lists(request: Request) -> None:
    """The worker does it too; twice is once. Who waits no longer leaves it running."""
    made = asyncio.create_task(staging.stage_all(office_of(request), signed_in(request).tenant_id))
    _BACKGROUND.add(made)
    made.add_done_callback(_BACKGROUND.discard)
    done, _ = await asyncio.wait({made}, timeout=AT_ONCE_S)
    if done:
        made.result()


async def _rehearsed(request: Request, sequence_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=False) as work:
        sequence = await sequences.get_sequence(work, sequence_id)
        found = await rehearse(work, sequence_id)
        account = _account_of(sequence, await list_accounts(work))
    return pages.render(
        request,
        "staff/sequence_activation.html",
        status=form.status,
        sequence=sequence,
        rehearsal=found,
        account=account,
        form=form,
    )


async def _form(
    request: Request,
    typed: Typed,
    refusal: Invalid | Conflict | None = None,
    sequence: Sequence | None = None,
) -> Response:
    form = Form(typed.values, (refusal,) if refusal else ())
    async with viewer_work(request, read_only=True) as work:
        firm = await this_tenant(work)
        accounts = [one for one in await list_accounts(work) if one.channel == Channel.EMAIL]
        offered = {
            "accounts": [one for one in accounts if one.state not in ("disabled", "connecting")],
            "templates": [
                one
                for one in await list_templates(work, active_only=True)
                if one.category in CHASES and one.published
            ],
            "currencies": sorted({firm.currency, *(await aged_report(work, limit=0)).totals}),
            "tags": await tags_in_use(work),
            "firm": firm,
            **await _covered(request, work, typed),
        }
    return pages.render(
        request,
        "staff/sequence_form.html",
        status=form.status,
        form=form,
        rungs=typed.rungs,
        sequence=sequence,
        **offered,
    )


async def _covered(request: Request, work: Work, typed: Typed) -> dict[str, Any]:
    """What the segment of a form holds, said as a sentence; or why it cannot be read."""
    code, home = pages.page_view(request).language.code, (await this_tenant(work)).currency
    found: Covered | None = None
    try:
        segment = typed.segment(home)
        found = await count_covered(work, segment)
        return {"covered": found, "sentence": segment_sentence(code, segment, home), "unclear": None}
    except Invalid as refusal:
        return {"covered": None, "sentence": None, "unclear": refusal}


def _account_of(sequence: Sequence, accounts: list[Account]) -> Account | None:
    """The mailbox that it writes from: its own, or the primary one of the day."""
    if sequence.sending_account_id is not None:
        return next((one for one in accounts if one.id == sequence.sending_account_id), None)
    return next((one for one in accounts if one.is_primary and one.channel == Channel.EMAIL), None)


def _back(request: Request, sequence_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/sequences/{sequence_id}", toast=toast)
