"""What customers see and change of themselves in the portal: how to reach them, and what may be sent to them.

Questions run as the customer (`queries.portal` names the columns they may read); acts begin so and go on as the system.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.errors import N_, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.on_behalf import go_on_as_system
from bursar.core.work import Work
from bursar.tenancy import customers
from bursar.tenancy.consents import record_consent
from bursar.tenancy.customer_fields import CustomerInput
from bursar.tenancy.queries import portal as queries
from bursar.tenancy.states import ConsentPurpose, ConsentState

ONES_OWN = frozenset({"full_name", "phone", "locale", "address_lines", "city", "country"})
"""What customers may change themselves. The firm's name and tax number stand in documents, and the e-mail address is
how they sign in: an agent changes those.
"""

OFFERED = (
    (ConsentPurpose.MARKETING, "email"),
    (ConsentPurpose.MARKETING, "whatsapp"),
    (ConsentPurpose.MARKETING, "sms"),
    (ConsentPurpose.REVIEW, "email"),
    (ConsentPurpose.REVIEW, "whatsapp"),
)
"""What a customer is asked about, by purpose and channel."""

TEXT_VERSION = "portal-1"
"""Of the words beside each choice (`web.portal.words`): whoever changes what they promise counts it up."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How a customer can be reached, as they may read it."""

    full_name: str | None
    company_name: str | None
    email: str | None
    phone: str | None
    locale: str | None
    address_lines: tuple[str, ...]
    city: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What they said last about one purpose and channel, None for nothing yet: which is a no (R51)."""

    purpose: ConsentPurpose
    channel: str
    consent: ConsentState | None
    at: datetime | None


async def profile_of(work: Work, customer_id: UUID) -> Profile:
    """Raises `NotFound`."""
    row = (await work.db.execute(queries.profile(work, customer_id))).one_or_none()
    if row is None:
        raise NotFound("customer")
    return Profile(**{**row._asdict(), "address_lines": tuple(row.address_lines)})


async def edit_profile(work: Work, customer_id: UUID, given: CustomerInput) -> None:
    """Raises `NotFound`, `Invalid` by field, also for one that is not theirs to change."""
    if foreign := sorted(given.keys() - ONES_OWN):
        raise Invalid(
            N_("There is no field %(name)s."), code="field_unknown", field=foreign[0], name=foreign[0]
        )
    await profile_of(work, customer_id)
    await go_on_as_system(work)
    work.allow(AgentRole.AGENT, customer=True)
    await customers.change(work, customer_id, given)


async def answers_of(work: Work, customer_id: UUID) -> list[Answer]:
    """The present answer to everything that is asked."""
    rows = (await work.db.execute(queries.answers(work, customer_id))).all()
    last = {(row.purpose, row.channel): row for row in rows}
    return [_answer(purpose, channel, last.get((purpose, channel))) for purpose, channel in OFFERED]


async def answer(
    work: Work, customer_id: UUID, given: Mapping[tuple[ConsentPurpose, str], ConsentState], *, proof: str
) -> int:
    """Record each answer that is another than before; how many those are. `proof` says how it was given.

    What nobody has answered stays unknown until they say yes: a box that was left empty is no statement.
    """
    before = {(one.purpose, one.channel): one.consent for one in await answers_of(work, customer_id)}
    changed = {
        asked: consent
        for asked, consent in given.items()
        if asked in before
        and consent is not before[asked]
        and (before[asked] is not None or consent is ConsentState.GRANTED)
    }
    if not changed:
        return 0
    await go_on_as_system(work)
    for (purpose, channel), consent in changed.items():
        await record_consent(
            work,
            customer_id,
            channel=channel,
            purpose=purpose,
            consent=consent,
            proof=proof,
            text_version=TEXT_VERSION,
        )
    return len(changed)


def _answer(purpose: ConsentPurpose, channel: str, row: sa.Row[Any] | None) -> Answer:
    return (
        Answer(purpose, channel, ConsentState(row.consent), row.at)
        if row
        else Answer(purpose, channel, None, None)
    )
