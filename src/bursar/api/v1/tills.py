"""Tills: where customers pay by card, and whether they are ready."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, Call, Calling, door
from bursar.api.pagination import Listed
from bursar.api.values import Shown, Strict
from bursar.billing.states import TillProvider, TillState
from bursar.billing.tills import connecting, tills
from bursar.billing.tills.tills import TillShown
from bursar.core.work import Work

router = door("/tills", "settings", tag="tills")
beats = door("/tills", "settings", tag="tills", in_one_work=False)

Secret = Annotated[str, Field(min_length=1, max_length=500)]
Name = Annotated[str, Field(max_length=200)]


class TillIn(Strict):
    """The provider's secret key, which is tried before it is kept. Without a webhook secret the till is not ready."""

    key: Secret
    webhook_secret: Secret | None = None
    provider: TillProvider = TillProvider.STRIPE
    display_name: Name | None = None


class KeyIn(Strict):
    key: Secret


class WebhookSecretIn(Strict):
    webhook_secret: Secret


class Till(Shown):
    """`live` money is real, other money is for trying out. `hook_url` is where the provider is to report, signed with
    the webhook secret: `reports` says whether we have it. Customers pay at the primary till, if it is active.
    """

    id: UUID
    version: int
    provider: TillProvider
    account_id: str | None
    live: bool
    display_name: str | None
    state: TillState
    is_primary: bool
    reports: bool
    hook_url: str
    last_error: str | None
    validated_at: datetime | None
    created_at: datetime


@router.get("")
async def list_tills(work: Acting, call: Calling) -> Listed[Till]:
    """The primary one first; disabled ones stay."""
    found = await tills.list_tills(work)
    return Listed(items=[_till(call, work, one) for one in found], next_cursor=None)


@beats.post("", status_code=201)
async def connect_till(call: Calling, given: TillIn, response: Response) -> Till:
    """For owners. The same call again goes on where it stopped; test and live money are two tills."""
    till_id = await connecting.connect_till(
        call.house.office,
        call.house.tills,
        call.caller.tenant_id,
        call.caller.actor,
        key=given.key,
        webhook_secret=given.webhook_secret or "",
        provider=given.provider,
        display_name=given.display_name,
        origin=call.origin,
    )
    response.headers["Location"] = f"/api/v1/tills/{till_id}"
    return await _read(call, till_id, response)


@router.get("/{till_id}")
async def get_till(work: Acting, call: Calling, till_id: UUID, response: Response) -> Till:
    return await _shown(call, work, till_id, response)


@beats.put("/{till_id}/key")
async def replace_key(call: Calling, till_id: UUID, given: KeyIn, response: Response) -> Till:
    """Another key of the same account; the old one stays until this one was tried."""
    await connecting.replace_key(
        call.house.office,
        call.house.tills,
        call.caller.tenant_id,
        call.caller.actor,
        till_id,
        key=given.key,
        origin=call.origin,
    )
    return await _read(call, till_id, response)


@router.put("/{till_id}/webhook-secret")
async def set_webhook_secret(
    work: Acting, call: Calling, till_id: UUID, given: WebhookSecretIn, response: Response
) -> Till:
    """What the provider signs its reports with; with it the till is ready."""
    await connecting.set_webhook_secret(work, till_id, given.webhook_secret)
    return await _shown(call, work, till_id, response)


@beats.post("/{till_id}/check", status_code=201)
async def check_till(call: Calling, till_id: UUID, response: Response) -> Till:
    """Ask the provider whether it still takes the key."""
    await connecting.check_till(
        call.house.office,
        call.house.tills,
        call.caller.tenant_id,
        call.caller.actor,
        till_id,
        origin=call.origin,
    )
    return await _read(call, till_id, response)


@router.post("/{till_id}/primary", status_code=201)
async def make_till_primary(work: Acting, call: Calling, till_id: UUID, response: Response) -> Till:
    """Customers pay here from now on."""
    await tills.make_primary(work, till_id)
    return await _shown(call, work, till_id, response)


@router.post("/{till_id}/disablement", status_code=201)
async def disable_till(work: Acting, call: Calling, till_id: UUID, response: Response) -> Till:
    """Its open pages are closed at the provider, then its secrets are destroyed."""
    await tills.disable(work, till_id)
    return await _shown(call, work, till_id, response)


async def _read(call: Call, till_id: UUID, response: Response) -> Till:
    async with call.house.office.work(call.caller.tenant_id, read_only=True, **call.act) as work:
        return await _shown(call, work, till_id, response)


async def _shown(call: Call, work: Work, till_id: UUID, response: Response) -> Till:
    found = await tills.get_till(work, till_id)
    etags.tag(response, found.version)
    return _till(call, work, found)


def _till(call: Call, work: Work, found: TillShown) -> Till:
    hook = tills.hook_url(work, call.house.settings.base_url, found)
    named = {name: getattr(found, name) for name in Till.model_fields if name != "hook_url"}
    return Till(hook_url=hook, **named)
