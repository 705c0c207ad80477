"""Payment links: an offer to one person, whose address registers once and is shown once (R126, lifecycle 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.billing.states import PaidFor
from bursar.billing.tills.checkouts import call_off
from bursar.catalog import products
from bursar.core.errors import N_, Conflict, IllegalMove, NotFound, Refusal, StaleVersion
from bursar.core.kinds import AgentRole
from bursar.core.moves import move, move_all, move_rows
from bursar.core.states import allowed_from
from bursar.core.tokens import derived_token
from bursar.core.work import Record, Work
from bursar.onboarding import link_fields
from bursar.onboarding.link_fields import NewLink
from bursar.onboarding.queries import payment_links as queries
from bursar.onboarding.states import (
    EXPIRE_LINK,
    PAYMENT_LINK_MOVES,
    REGISTER,
    REISSUE_LINK,
    REVOKE_LINK,
    USE_LINK,
    PaymentLinkState,
)
from bursar.tenancy.cells import parse_text
from bursar.tenancy.tenants import this_tenant

NOUN = "payment_link"
LONGEST_REASON = 500  # characters


@dataclass(frozen=True, slots=True)
class Issued:
    """A link with its token: shown to whoever made it, now and never again."""

    link_id: UUID
    token: str

    def __repr__(self) -> str:
        return f"<Issued {self.link_id}>"


async def create_link(work: Work, given: NewLink) -> Issued:
    """Raises `Invalid` by field, `NotFound` for an unknown product, `Conflict` for one that is sold no more."""
    [answer] = await create_links(work, [given])
    if isinstance(answer, Refusal):
        raise answer
    return answer


async def create_links(work: Work, given: Sequence[NewLink]) -> list[Issued | Refusal]:
    """New links in one statement, each wholly or not at all; one answer for each."""
    work.allow(AgentRole.AGENT)
    checked = await check_links(work, given)
    good = [values for values in checked if not isinstance(values, Refusal)]
    ids = list(await work.db.scalars(queries.new_ids(len(good)))) if good else []
    tokens = [derived_token(work.keyring, work.tenant_id, link_id, 1) for link_id in ids]
    new = [
        {**values, "id": link_id, "token_hash": token.hash}
        for values, link_id, token in zip(good, ids, tokens, strict=True)
    ]
    if new:
        cells = [[values[name] for name in queries.COLUMNS] for values in new]
        await work.db.execute(queries.add_links(work, cells))
    made = iter([Issued(link_id, token.text) for link_id, token in zip(ids, tokens, strict=True)])
    return [values if isinstance(values, Refusal) else next(made) for values in checked]


async def check_links(work: Work, given: Sequence[NewLink]) -> list[dict[str, Any] | Refusal]:
    """The columns of each, or why it cannot be; nothing is written."""
    sold = {one.id: one for one in await products.get_products(work, [each.product_id for each in given])}
    firm = await this_tenant(work)
    answers: list[dict[str, Any] | Refusal] = []
    for each in given:
        try:
            answers.append(link_fields.columns_of(work, each, sold.get(each.product_id), firm.locale))
        except Refusal as refusal:
            answers.append(refusal)
    return answers


async def extend_link(work: Work, link_id: UUID, until: date, *, version: int | None = None) -> None:
    """Its offer holds to the end of `until`, where the firm is. The address stays; the same day twice is once.

    Raises `NotFound`, `Invalid` for a day that is over, `StaleVersion`, `IllegalMove` for a link nobody can register
    with any more: that is reissued.
    """
    work.allow(AgentRole.AGENT)
    expires_at = link_fields.end_of(work, until)
    link = await _locked(work, link_id, version)
    if link.state != PaymentLinkState.ACTIVE:
        raise _refused(link, "extend")
    if link.expires_at == expires_at:
        return
    await work.db.execute(queries.edit(work, link_id, {"expires_at": expires_at}))
    await work.record("payment_link.extend", Record(link_id, payload={"until": until.isoformat()}))


async def revoke_link(
    work: Work, link_id: UUID, *, because: str | None = None, version: int | None = None
) -> None:
    """The offer is taken back: nobody registers with it, and what is on its way to be paid is closed there.

    Raises `NotFound`, `StaleVersion`, `IllegalMove` for one that was paid, has run out or was revoked before.
    """
    work.allow(AgentRole.AGENT)
    link = await _locked(work, link_id, version)
    if link.state not in REVOKE_LINK.sources:
        raise _refused(link, "revoke")
    await move(work, REVOKE_LINK, link_id, because=_because(because))
    await _close_checkouts(work, [link_id])


async def revoke_links(work: Work, ids: Sequence[UUID], *, because: str) -> list[UUID]:
    """The same for a set, those that cannot be passed over: nobody is expected to buy any more. Returns the others."""
    revoked = await move_all(work, REVOKE_LINK, sorted(set(ids)), because=because)
    await _close_checkouts(work, revoked)
    return revoked


async def reissue_link(
    work: Work, link_id: UUID, until: date | None = None, *, version: int | None = None
) -> Issued:
    """A link that ran out holds again, for as long as a new one if `until` is not said, under another address.

    The old address opens nothing any more. Raises `NotFound`, `Invalid`, `StaleVersion`, `IllegalMove` for one that
    did not run out, `Conflict` for a product that is sold no more.
    """
    work.allow(AgentRole.AGENT)
    expires_at = link_fields.end_of(work, until)
    link = await _locked(work, link_id, version)
    if link.state not in REISSUE_LINK.sources:
        raise _refused(link, "reissue")
    link_fields.check_offered(await products.get_product(work, link.product_id), link.price_minor)
    issue = link.issue + 1
    token = derived_token(work.keyring, work.tenant_id, link_id, issue)
    values = {"token_hash": token.hash, "issue": issue, "expires_at": expires_at, "mailed_at": None}
    await move(work, REISSUE_LINK, link_id, **values)
    return Issued(link_id, token.text)


async def claim_link(work: Work, link_id: UUID, customer_id: UUID) -> None:
    """Somebody registered with it as this customer: nobody else can any more.

    Raises `NotFound` for one that cannot be registered with, whatever the reason: its page is the same for all.
    """
    work.allow(AgentRole.AGENT, customer=True)
    link = await _locked(work, link_id, None)
    if link.state not in REGISTER.sources or link.expires_at <= work.now:
        raise NotFound("link")
    await move(work, REGISTER, link_id, claimed_at=work.now, claimed_by=customer_id)


async def use_links(work: Work, used: Mapping[UUID, UUID]) -> list[UUID]:
    """The orders of these links were paid, each by its customer. Returns the links that are used now.

    One that ran out or was revoked meanwhile stays so: its money counts all the same, and the caller says so.
    """
    if not used:
        return []
    return await move_rows(work, USE_LINK, queries.use(work, used))


async def expire_links(work: Work, *, limit: int = 5_000) -> list[UUID]:
    """Those whose time is over and that nobody registered with. Safe to repeat; returns which."""
    work.allow(AgentRole.ADMIN)
    return await move_all(work, EXPIRE_LINK, list(await work.db.scalars(queries.past(work, limit))))


async def lock_link(work: Work, link_id: UUID) -> Row[Any]:
    """Raises `NotFound`."""
    row = (await work.db.execute(queries.lock(work, [link_id]))).one_or_none()
    if row is None:
        raise NotFound(NOUN)
    return row


def must_be_open(work: Work, link: Row[Any], event: str) -> None:
    """Raises `IllegalMove` unless somebody can register with it now, `Conflict` if its time is over."""
    if link.state != PaymentLinkState.ACTIVE:
        raise _refused(link, event)
    if link.expires_at <= work.now:
        raise Conflict(N_("This link has run out. Extend it first."), code="link_over")


async def _close_checkouts(work: Work, ids: Sequence[UUID]) -> None:
    orders = list(await work.db.scalars(queries.orders_of(work, ids))) if ids else []
    await call_off(work, PaidFor.ORDER, orders, because="link_revoked")


def _because(text: str | None) -> str | None:
    if not text or not text.strip():
        return None
    return parse_text(text.strip(), field="because", limit=LONGEST_REASON)


async def _locked(work: Work, link_id: UUID, version: int | None) -> Row[Any]:
    link = await lock_link(work, link_id)
    if version is not None and link.version != version:
        raise StaleVersion(NOUN)
    return link


def _refused(link: Row[Any], event: str) -> IllegalMove:
    return IllegalMove(NOUN, link.state, event, allowed_from(PAYMENT_LINK_MOVES, link.state))
