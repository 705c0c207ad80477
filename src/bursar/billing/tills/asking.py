"""Asking a provider how things are, at a pace that leaves it room for others, with no Work open.

Stripe answers some 100 questions a second to an account, 25 where money is only played with; what is told of is asked
about once, however many events speak of it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog

from bursar.billing.tills.cashier import Cashier
from bursar.billing.tills.ports import (
    SeenCheckout,
    SeenMoney,
    Till,
    TillError,
    TillRefused,
    TillThrottled,
    TillUnauthorised,
)
from bursar.core.errors import N_, Refusal

log = structlog.get_logger(__name__)

PAUSE_S = 0.05  # between two questions to one account
AT_ONCE = 4
WHEN_SILENT, WHEN_THROTTLED = timedelta(minutes=5), timedelta(seconds=30)
WHEN_LOCKED_OUT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Question:
    """About a checkout, or about all that became of a payment."""

    till_id: UUID
    session_id: str | None = None
    payment_intent: str | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no answer, when to ask again, and whether that counts as a try: a silent provider's does not."""

    text: str
    pause: timedelta | None = None
    spend: bool = False


@dataclass(slots=True)
class Answers:
    checkouts: dict[Question, SeenCheckout] = field(default_factory=dict)
    money: dict[Question, SeenMoney] = field(default_factory=dict)
    troubles: dict[Question, Trouble] = field(default_factory=dict)


async def ask(cashier: Cashier, tenant_id: UUID, questions: Sequence[Question | None]) -> Answers:
    """Each question once; nothing is raised."""
    answers = Answers()
    by_till: dict[UUID, list[Question]] = {}
    for question in dict.fromkeys(one for one in questions if one is not None):
        by_till.setdefault(question.till_id, []).append(question)
    for till_id, theirs in by_till.items():
        try:
            async with cashier.at(tenant_id, till_id) as till:
                await _ask_till(till, theirs, answers)
        except (TillUnauthorised, Refusal) as error:  # no way in: the till's owner is told of that
            left = [one for one in theirs if one not in answers.checkouts and one not in answers.money]
            log.warning("till_not_asked", tenant=str(tenant_id), till=str(till_id), reason=str(error))
            trouble = Trouble(N_("the till cannot be asked: it needs a new key"), WHEN_LOCKED_OUT)
            answers.troubles.update({one: answers.troubles.get(one, trouble) for one in left})
    return answers


async def _ask_till(till: Till, questions: Sequence[Question], answers: Answers) -> None:
    """Raises `TillUnauthorised`. Once the provider says that it is too much, the rest is left for later."""
    room = asyncio.Semaphore(AT_ONCE)
    throttled: list[Trouble] = []
    refused: list[TillUnauthorised] = []

    async def one(question: Question) -> None:
        async with room:
            if throttled or refused:
                answers.troubles[question] = throttled[0] if throttled else Trouble("", WHEN_LOCKED_OUT)
                return
            try:
                await _answer(till, question, answers)
            except TillThrottled as error:
                seconds = error.retry_after
                pause = timedelta(seconds=seconds) if seconds else WHEN_THROTTLED
                throttled.append(Trouble(N_("the provider asks for a pause"), pause))
                answers.troubles[question] = throttled[0]
            except TillUnauthorised as error:
                refused.append(error)
            except TillRefused as error:
                answers.troubles[question] = Trouble(f"the provider refused: {error.text}", spend=True)
            except TillError as error:
                log.warning("provider_silent", reason=str(error))
                answers.troubles[question] = Trouble(N_("the provider did not answer"), WHEN_SILENT)

    async with asyncio.TaskGroup() as group:
        for question in questions:
            group.create_task(one(question))
            await asyncio.sleep(PAUSE_S if len(questions) > 1 else 0)
    if refused:
        raise refused[0]


async def _answer(till: Till, question: Question, answers: Answers) -> None:
    if question.session_id is not None:
        answers.checkouts[question] = await till.retrieve(question.session_id)
    elif question.payment_intent is not None:
        answers.money[question] = await till.money_of(question.payment_intent)
