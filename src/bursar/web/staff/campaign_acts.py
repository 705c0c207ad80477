"""What is done to a campaign: each act is a resource of its own that is posted."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form as Typed
from fastapi import Request
from starlette.responses import Response

from bursar.chasing import campaigns, leaving_out, previews
from bursar.chasing.planning import LONGEST_NAME
from bursar.chasing.results import show
from bursar.core.errors import N_, Conflict, Invalid, Refusal
from bursar.web import pages, reading
from bursar.web.campaign_forms import numbers_in
from bursar.web.campaign_values import outlook
from bursar.web.forms import Form
from bursar.web.sessions import signed_in, staff_router, viewer_work
from bursar.web.staff.campaign_pages import left_out_page

router = staff_router()
ONE = "/campaigns/{campaign_id:uuid}"
TEST_SENT = N_("The test is on its way.")


@router.post(ONE + "/release")
async def release(
    request: Request,
    campaign_id: UUID,
    when: Annotated[str, Typed()] = "now",
    at: Annotated[str, Typed()] = "",
    any_hour: Annotated[str, Typed()] = "",
    version: Annotated[int | None, Typed()] = None,
) -> Response:
    """Now, or at a local time of the firm. `version` is what the releaser looked at."""
    chosen: dict[str, Any] = {"any_hour": any_hour == "yes", "version": version}
    try:
        async with viewer_work(request) as work:
            if when == "at":
                await campaigns.schedule(work, campaign_id, _local(at), **chosen)
            else:
                await campaigns.send_now(work, campaign_id, **chosen)
    except (Invalid, Conflict) as refusal:
        form = Form({"when": when, "at": at, "any_hour": any_hour}).refused(refusal)
        return await _asked_again(request, campaign_id, form)
    toast = N_("It leaves at the time you chose.") if when == "at" else N_("It is on its way.")
    return pages.see_other(request, f"/campaigns/{campaign_id}", toast=toast)


async def _asked_again(request: Request, campaign_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        campaign = await show(work, campaign_id)
        values = await outlook(work, campaign)
    return pages.render(
        request, "staff/campaign_release.html", status=form.status, campaign=campaign, form=form, **values
    )


def _local(text: str) -> datetime:
    """What `<input type=datetime-local>` sends. Raises `Invalid`."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise Invalid(N_("Choose a day and a time."), code="time_unreadable", field="at") from None


@router.post(ONE + "/freeze")
async def freeze_again(request: Request, campaign_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await campaigns.prepare(work, campaign_id)
    return _back(request, campaign_id, N_("The list was made again."))


@router.post(ONE + "/unscheduling")
async def unschedule(request: Request, campaign_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await campaigns.unschedule(work, campaign_id)
    return _back(request, campaign_id, N_("It is a draft again, with its list made again."))


@router.post(ONE + "/pause")
async def pause(request: Request, campaign_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await campaigns.pause(work, campaign_id)
    return _back(request, campaign_id, N_("Paused. What is on the wire right now still arrives."))


@router.post(ONE + "/resumption")
async def resume(request: Request, campaign_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await campaigns.resume(work, campaign_id)
    return _back(request, campaign_id, N_("It goes on."))


@router.post(ONE + "/cancellation")
async def cancel(request: Request, campaign_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await campaigns.cancel(work, campaign_id)
    return _back(request, campaign_id, N_("Cancelled. What was sent stays sent."))


@router.post(ONE + "/retry")
async def retry_failed(request: Request, campaign_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await campaigns.retry_failed(work, campaign_id)
    return _back(request, campaign_id, N_("The failed ones are tried again."))


@router.post(ONE + "/clones")
async def clone(request: Request, campaign_id: UUID) -> Response:
    """The same choice as a new draft, looked at before anything leaves."""
    async with viewer_work(request) as work:
        old = await show(work, campaign_id)
        name = f"{old.name[: LONGEST_NAME - 13]} ({work.today.isoformat()})"
        clone_id = await campaigns.clone(work, campaign_id, name)
    return _back(request, clone_id, N_("A new draft with the same choice, as it stands today."))


@router.post(ONE + "/exclusions")
async def leave_out(request: Request, campaign_id: UUID) -> Response:
    """One customer of the list, or invoices by the numbers that were pasted."""
    typed = await reading.typed(request)
    customer = reading.cursor(typed.get("customer"))
    try:
        async with viewer_work(request) as work:
            await leaving_out.leave_out(
                work,
                campaign_id,
                customers=[customer] if customer else [],
                numbers=numbers_in(typed.get("invoices", "")),
                reason=typed.get("reason") or None,
            )
    except Invalid as refusal:
        return await left_out_page(request, campaign_id, Form(typed).refused(refusal))
    place = f"/campaigns/{campaign_id}" + ("" if customer else "/left-out")
    return pages.see_other(request, place, toast=N_("Taken out of this campaign."))


@router.post(ONE + "/exclusions/{left_out_id:uuid}/removal")
async def put_back(request: Request, campaign_id: UUID, left_out_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await leaving_out.put_back(work, campaign_id, left_out_id)
    toast = N_("Put back; the list was made again.")
    return pages.see_other(request, f"/campaigns/{campaign_id}/left-out", toast=toast)


@router.post(ONE + "/messages/{send_id:uuid}/tests")
async def send_test(
    request: Request, campaign_id: UUID, send_id: UUID, to: Annotated[str, Typed()] = ""
) -> Response:
    """To oneself, unless another address was typed."""
    form = Form({"to": to.strip() or signed_in(request).email})
    try:
        async with viewer_work(request) as work:
            await previews.send_test(work, campaign_id, send_id, form.value("to"))
    except Refusal as refusal:
        if not pages.wants_fragment(request):
            raise
        return _test_form(request, campaign_id, send_id, form.refused(refusal))
    if pages.wants_fragment(request):
        return _test_form(request, campaign_id, send_id, form, toast=TEST_SENT)
    return _back(request, campaign_id, TEST_SENT)


def _test_form(
    request: Request, campaign_id: UUID, send_id: UUID, form: Form, toast: str | None = None
) -> Response:
    action = f"/campaigns/{campaign_id}/messages/{send_id}/tests"
    return pages.render(
        request, "staff/campaign_test.html", status=form.status, toast=toast, form=form, action=action
    )


def _back(request: Request, campaign_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/campaigns/{campaign_id}", toast=toast)
