"""The firm's people: invited, given roles, switched off."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.tenancy import agents
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import office_of, origin_of, signed_in, staff_router, viewer_work

router = staff_router()

REFUSED = (Invalid, Conflict)


@router.get("/settings/people")
async def show_people(request: Request) -> Response:
    return await _people(request, Form({"role": AgentRole.AGENT}))


async def _people(request: Request, form: Form, link: str | None = None) -> Response:
    signed = signed_in(request)
    people = await agents.list_agents(office_of(request), signed.tenant_id, signed.actor)
    return pages.render(
        request,
        "staff/people.html",
        status=form.status,
        form=form,
        people=people,
        roles=list(AgentRole),
        link=link,
        me=signed.agent_id,
    )


@router.post("/settings/people")
async def invite(request: Request) -> Response:
    """The link is shown to who invites: only they know how to reach the person."""
    typed, signed = await reading.typed(request), signed_in(request)
    try:
        invited = await agents.invite_agent(
            office_of(request),
            signed.tenant_id,
            signed.actor,
            email=typed.get("email", ""),
            name=typed.get("name", ""),
            role=AgentRole(reading.must_be(typed, "role", AgentRole)),
            origin=origin_of(request),
        )
    except REFUSED as refusal:
        return await _people(request, Form(typed).refused(refusal))
    return await _people(request, Form({"role": AgentRole.AGENT}), _link(request, invited.token))


@router.post("/settings/people/{agent_id}/invitation")
async def invite_again(request: Request, agent_id: UUID) -> Response:
    signed = signed_in(request)
    token = await agents.invite_again(
        office_of(request), signed.tenant_id, signed.actor, agent_id, origin=origin_of(request)
    )
    return await _people(request, Form({"role": AgentRole.AGENT}), _link(request, token))


def _link(request: Request, token: str | None) -> str:
    """Empty for who has a password already: they need no link."""
    return f"{request.app.state.site.base_url}/password/{token}" if token else ""


@router.post("/settings/people/{agent_id}/role")
async def change_role(request: Request, agent_id: UUID) -> Response:
    typed = await reading.typed(request)
    async with viewer_work(request) as work:
        role = AgentRole(reading.must_be(typed, "role", AgentRole))
        await agents.change_role(work, agent_id, role)
    return pages.see_other(request, "/settings/people", toast=N_("The role is changed."))


@router.post("/settings/people/{agent_id}/deactivation")
async def deactivate(request: Request, agent_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await agents.deactivate_agent(work, agent_id)
    return pages.see_other(request, "/settings/people", toast=N_("Switched off. Their sessions have ended."))
