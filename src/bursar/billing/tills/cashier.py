"""The cashier: opens checkouts at a till, looks at them and closes them, each in three beats.

A row is committed, the provider is asked with no Work open, and what it says goes through `checkouts.see`. Whoever
dies in between leaves a row that the clock asks about: an answer that was lost is nobody's page to pay on.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog

from bursar.billing.queries import checkouts as queries
from bursar.billing.queries import tills as till_queries
from bursar.billing.states import CheckoutState, TillProvider, TillState
from bursar.billing.tills import checkouts, tills
from bursar.billing.tills.checkouts import RUNS_OUT, Begun, NewCheckout
from bursar.billing.tills.connecting import no_key
from bursar.billing.tills.ports import (
    CheckoutRequest,
    SeenCheckout,
    Till,
    TillError,
    TillFactory,
    TillRefused,
    TillThrottled,
    TillUnauthorised,
    TillUnsure,
)
from bursar.billing.tills.rules import Standing
from bursar.core.errors import N_, Conflict, NotFound
from bursar.core.work import SYSTEM, Actor, Office, Origin, Work

log = structlog.get_logger(__name__)

ASK_AGAIN_AFTER = (timedelta(milliseconds=200), timedelta(seconds=1))
"""While a person waits for their page: after a lost answer the provider is asked again under the same key."""
OPEN_AGAIN = timedelta(minutes=30)
"""How long an open checkout is believed to be open; a report of the provider may be lost."""
UNDER_WAY_AGAIN = timedelta(hours=6)
"""Money of a delayed method takes days."""
OF_A_TURN = 200
"""Checkouts of one tenant that the clock asks about in one turn."""


@dataclass(frozen=True, slots=True)
class Cashier:
    """What taking money needs of the house. It knows no tenant."""

    office: Office
    tills: TillFactory

    async def open(
        self,
        tenant_id: UUID,
        begin: Callable[[Work], Awaitable[NewCheckout]],
        *,
        actor: Actor | None = None,
        origin: Origin = Origin(),
    ) -> str:
        """The address of the provider's page on which what `begin` names can be paid.

        `begin` locks what is paid and raises what speaks against it. An earlier page of the same thing is closed by
        a job. Raises `Conflict`: "no_till" where nobody can pay by card, "till_silent" when the provider does not
        answer, "till_unavailable" when it refuses; a new attempt may always be made.
        """
        async with self.office.work(tenant_id, actor=actor or SYSTEM, origin=origin) as work:
            new = await begin(work)
            row = (await work.db.execute(till_queries.taking_money(work))).one_or_none()
            if row is None:
                raise no_till()
            begun = await checkouts.begin(work, new, row.id)
        try:
            async with self.at(tenant_id, row.id) as till:
                seen = await _page(till, _request(new, begun))
        except TillError as error:
            await self._note(tenant_id, begun.id, error)
            raise _unavailable(error) from error
        async with self.office.work(tenant_id) as work:
            await checkouts.see(work, [(begun.id, seen)])
        if seen.url is None:
            raise _unavailable(TillRefused("there is no page to pay on"))
        return seen.url

    async def look(self, tenant_id: UUID, checkout_id: UUID) -> None:
        """Ask the provider how a checkout is, and apply what it says. Safe at any time, and twice.

        Nothing is asked of one that is paid, and nothing raised where the provider does not answer: the clock asks
        again. Raises `NotFound`.
        """
        async with self.office.work(tenant_id, read_only=True) as work:
            row = (await work.db.execute(queries.one(work, checkout_id))).one_or_none()
        if row is None:
            raise NotFound("checkout")
        if row.session_id is not None and not _is_over(row):
            await self._ask(tenant_id, row, lambda till, session_id: till.retrieve(session_id))

    async def look_at_latest(self, tenant_id: UUID, about: str, about_id: UUID) -> None:
        """The same for the last two attempts to pay for a thing: its payer has come back, from one of them."""
        async with self.office.work(tenant_id, read_only=True) as work:
            rows = (await work.db.execute(queries.about(work, about, [about_id]))).all()
        for row in rows[:2]:
            await self.look(tenant_id, row.id)

    async def expire(self, tenant_id: UUID, checkout_ids: Sequence[UUID]) -> None:
        """Close open checkouts at the provider; what was paid meanwhile is applied. Raises what may be tried again."""
        async with self.office.work(tenant_id, read_only=True) as work:
            found = [(await work.db.execute(queries.one(work, id_))).one_or_none() for id_ in checkout_ids]
        failed: TillError | None = None
        for row in found:
            if row is None or row.state != CheckoutState.OPEN or row.session_id is None:
                continue
            error = await self._ask(tenant_id, row, lambda till, session_id: till.expire(session_id))
            if isinstance(error, TillThrottled | TillUnsure):
                failed = error
        if failed is not None:
            raise failed

    async def tend(self, tenant_id: UUID) -> None:
        """The clock's turn: ask about checkouts that ran out, or of which nothing was heard for a while."""
        async with self.office.work(tenant_id, read_only=True) as work:
            due = queries.to_look_at(
                work,
                open_before=work.now - OPEN_AGAIN,
                under_way_before=work.now - UNDER_WAY_AGAIN,
                limit=OF_A_TURN,
            )
            rows = (await work.db.execute(due)).all()
            over = work.now - RUNS_OUT
        if not rows:
            return
        lost: list[UUID] = []
        for row in rows:
            error = None
            if row.session_id is not None:
                error = await self._ask(tenant_id, row, lambda till, session_id: till.retrieve(session_id))
            if isinstance(error, TillThrottled):
                break
            unknown = row.session_id is None or isinstance(error, TillRefused | Conflict)
            if row.state == CheckoutState.OPEN and unknown and row.expires_at <= over:
                lost.append(row.id)
        async with self.office.work(tenant_id, cause="clock") as work:
            await checkouts.run_out(work, lost, because="no_answer")
            await work.db.execute(queries.stamp(work, [row.id for row in rows], seen_at=work.now))

    async def tenants_waiting(self) -> list[UUID]:
        """Who has checkouts that are not at their end, read by a scan."""
        async with self.office.scan() as work:
            return list(await work.db.scalars(queries.tenants_waiting()))

    async def close_till(self, tenant_id: UUID, till_id: UUID, *, is_last_try: bool) -> None:
        """After a till was disabled: its open checkouts are closed at the provider, and its secrets destroyed.

        Raises `TillError` where the provider does not answer, to be tried again, unless it `is_last_try`.
        """
        async with self.office.work(tenant_id, read_only=True) as work:
            rows = (await work.db.execute(queries.at_till(work, till_id))).all()
        still_open = [row.id for row in rows if row.state == CheckoutState.OPEN]
        try:
            await self.expire(tenant_id, still_open)
        except TillError:
            if not is_last_try:
                raise
        async with self.office.work(tenant_id, cause="till disabled") as work:
            if (await tills.locked(work, till_id)).state != TillState.DISABLED:
                return
            await checkouts.run_out(work, still_open, because="till_disabled")
            await checkouts.give_up_money(work, [row.id for row in rows], because="till_disabled")
            await tills.forget_secrets(work, till_id)

    @asynccontextmanager
    async def at(self, tenant_id: UUID, till_id: UUID) -> AsyncIterator[Till]:
        """The way to a till's provider, with its key. No Work may be open.

        Raises `Conflict` for a till that has none. A key that the provider no longer takes is noticed on the way
        out: the till then needs its owner.
        """
        async with self.office.work(tenant_id, read_only=True) as work:
            row = (await work.db.execute(till_queries.one(work, till_id))).one_or_none()
            if row is None:
                raise NotFound("till")
            if row.secret_id is None:
                raise no_key()
            key = await work.vault.get(row.secret_id)
        till = self.tills(TillProvider(row.provider), key)
        try:
            yield till
        except TillUnauthorised as error:
            async with self.office.work(tenant_id) as work:
                await tills.refuse(work, till_id, error.text)
            raise
        finally:
            await till.close()

    async def _ask(
        self,
        tenant_id: UUID,
        row: sa.Row[Any],
        question: Callable[[Till, str], Awaitable[SeenCheckout]],
    ) -> TillError | Conflict | None:
        """Ask and apply; what kept the provider from answering is noted and returned."""
        try:
            async with self.at(tenant_id, row.till_id) as till:
                seen = await question(till, row.session_id)
        except (TillError, Conflict) as error:
            log.warning("checkout_not_seen", id=str(row.id), reason=str(error))
            return error
        async with self.office.work(tenant_id) as work:
            await checkouts.see(work, [(row.id, seen)])
        return None

    async def _note(self, tenant_id: UUID, checkout_id: UUID, error: TillError) -> None:
        said = (error.code or error.text or type(error).__name__)[:500]
        async with self.office.work(tenant_id) as work:
            await work.db.execute(queries.stamp(work, [checkout_id], last_error=said))


def no_till() -> Conflict:
    return Conflict(N_("Paying by card is not possible here. Please pay another way."), code="no_till")


async def _page(till: Till, request: CheckoutRequest) -> SeenCheckout:
    """The provider's page. A lost answer is asked for again under the same key, which makes nothing twice."""
    for pause in ASK_AGAIN_AFTER:
        try:
            return await till.open(request)
        except (TillUnsure, TillThrottled) as error:
            log.warning("checkout_asked_again", reference=request.reference, reason=str(error))
            await asyncio.sleep(pause.total_seconds())
    return await till.open(request)


def _request(new: NewCheckout, begun: Begun) -> CheckoutRequest:
    """The key is the thing and the attempt (R130), the reference our row."""
    return CheckoutRequest(
        key=f"{new.about}-{new.about_id}-{begun.attempt}",
        reference=begun.id.hex,
        amount=new.amount,
        description=new.description,
        success_url=new.success_url,
        cancel_url=new.cancel_url,
        expires_at=begun.expires_at,
        locale=new.locale,
        email=new.email,
        metadata={"about": new.about, "about_id": str(new.about_id), "checkout": begun.id.hex},
    )


def _unavailable(error: TillError) -> Conflict:
    if isinstance(error, TillUnsure | TillThrottled):
        return Conflict(
            N_("The payment page does not answer. Nothing was taken: try again in a moment."),
            code="till_silent",
        )
    return Conflict(
        N_("Paying by card is not possible at the moment. Please try later, or pay another way."),
        code="till_unavailable",
    )


def _is_over(row: sa.Row[Any]) -> bool:
    """Nothing that the provider says of it can change it any more, or it says so by itself."""
    return row.state == CheckoutState.EXPIRED or checkouts.known_of(row).standing > Standing.FAILED
