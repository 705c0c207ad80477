"""The payment link's lifecycle, every state against every event; expectations typed from section 2."""

from datetime import timedelta
from uuid import UUID

import pytest

from bursar.core.errors import IllegalMove, NotFound
from bursar.core.work import Work
from bursar.onboarding.offers import find_offer
from bursar.onboarding.payment_links import (
    Issued,
    claim_link,
    expire_links,
    extend_link,
    reissue_link,
    revoke_link,
    revoke_links,
    use_links,
)
from tests.makers.payment_links import OVER, a_link, footprint, the_link
from tests.makers.tenancy import a_customer, events_of

pytestmark = pytest.mark.anyio

REFUSED = "refused"
# fmt: off
MATRIX: dict[tuple[str, str], tuple[str, str | None]] = {
    ("active", "open"):                 ("active", None),
    ("active", "register"):             ("claimed", "payment_link.register"),
    ("active", "payment_confirmed"):    ("active", None),
    ("active", "expire"):               ("expired", "payment_link.expire"),
    ("active", "revoke"):               ("revoked", "payment_link.revoke"),
    ("active", "give_up"):              ("revoked", "payment_link.revoke"),
    ("active", "reissue"):              (REFUSED, None),
    ("active", "extend"):               ("active", "payment_link.extend"),

    ("claimed", "open"):                ("claimed", None),
    ("claimed", "register"):            (REFUSED, None),
    ("claimed", "payment_confirmed"):   ("used", "payment_link.payment_confirmed"),
    ("claimed", "expire"):              ("claimed", None),
    ("claimed", "revoke"):              ("revoked", "payment_link.revoke"),
    ("claimed", "give_up"):             ("revoked", "payment_link.revoke"),
    ("claimed", "reissue"):             (REFUSED, None),
    ("claimed", "extend"):              (REFUSED, None),

    ("used", "open"):                   ("used", None),
    ("used", "register"):               (REFUSED, None),
    ("used", "payment_confirmed"):      ("used", None),
    ("used", "expire"):                 ("used", None),
    ("used", "revoke"):                 (REFUSED, None),
    ("used", "give_up"):                ("used", None),
    ("used", "reissue"):                (REFUSED, None),
    ("used", "extend"):                 (REFUSED, None),

    ("expired", "open"):                ("expired", None),
    ("expired", "register"):            (REFUSED, None),
    ("expired", "payment_confirmed"):   ("expired", None),
    ("expired", "expire"):              ("expired", None),
    ("expired", "revoke"):              (REFUSED, None),
    ("expired", "give_up"):             ("expired", None),
    ("expired", "reissue"):             ("active", "payment_link.reissue"),
    ("expired", "extend"):              (REFUSED, None),

    ("revoked", "open"):                ("revoked", None),
    ("revoked", "register"):            (REFUSED, None),
    ("revoked", "payment_confirmed"):   ("revoked", None),
    ("revoked", "expire"):              ("revoked", None),
    ("revoked", "revoke"):              (REFUSED, None),
    ("revoked", "give_up"):             ("revoked", None),
    ("revoked", "reissue"):             (REFUSED, None),
    ("revoked", "extend"):              (REFUSED, None),
}
# fmt: on


async def do(work: Work, event: str, link: Issued, customer: UUID) -> None:
    match event:
        case "open":
            await find_offer(work, link.token)
        case "register":
            await claim_link(work, link.link_id, customer)
        case "payment_confirmed":
            await use_links(work, {link.link_id: customer})
        case "expire":
            work.now += OVER
            await expire_links(work)
        case "revoke":
            await revoke_link(work, link.link_id, because="a mistake")
        case "give_up":
            await revoke_links(work, [link.link_id], because="given_up")
        case "reissue":
            await reissue_link(work, link.link_id)
        case _:
            await extend_link(work, link.link_id, work.today + timedelta(days=40))


@pytest.mark.parametrize(("state", "event"), MATRIX)
async def test_an_event_in_a_state(work: Work, state: str, event: str) -> None:
    target, told = MATRIX[state, event]
    link = await a_link(work, state)
    customer = await a_customer(work)
    before, events = await footprint(work), await events_of(work, link.link_id)

    if target is REFUSED:
        with pytest.raises((IllegalMove, NotFound)):
            await do(work, event, link, customer)
        assert await footprint(work) == before
        return

    await do(work, event, link, customer)

    assert (await the_link(work, link.link_id)).state == target
    assert await events_of(work, link.link_id) == [*events, *([told] if told else [])]
    if told is None:
        assert await footprint(work) == before


async def test_every_state_can_be_reached_from_a_new_link(work: Work) -> None:
    for state in ("active", "claimed", "used", "expired", "revoked"):
        assert (await the_link(work, (await a_link(work, state)).link_id)).state == state
