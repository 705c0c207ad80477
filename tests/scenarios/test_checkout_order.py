"""Whatever Stripe tells of an order, in whatever sequence and however often: it is activated, billed and welcomed once.

Stripe's side really happens, in a process of its own; what it says comes through the till's own address, and what
does not prove itself is looked at there (R128).
"""

import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from random import Random
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from tests.conftest import NOW
from tests.makers.till_story import TOTAL, Sold, TillStory, a_till_story
from tests.payments import StripeProcess

BACK = 10_00
TOLD = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.expired",
    "charge.refunded",
    "charge.dispute.created",
)
"""The five of R128."""


@pytest.fixture
async def story(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, stripe: StripeProcess
) -> AsyncIterator[TillStory]:
    async with a_till_story(addresses, clock, keyring, stripe) as made:
        yield made


def the_five(story: TillStory, sold: Sold) -> None:
    """Two tabs: one runs out; by the other the money comes later, some of it goes back, and the rest is disputed."""
    first, second = sold.sessions
    story.stripe.act(f"/sessions/{first}/expiry")
    story.stripe.pay(second, "later")
    story.stripe.act(f"/sessions/{second}/settlement", came=True)
    intent = story.stripe.seen(second)["intent"]["id"]
    story.stripe.act(f"/payments/{intent}/refunds", amount=BACK)
    story.stripe.act(f"/payments/{intent}/disputes")


@pytest.mark.anyio
async def test_in_whatever_sequence_the_five_are_told_they_end_the_same(story: TillStory) -> None:
    """Eleven of the 120: each of the five is told first in one of them, and last in one."""
    await end_the_same(story, list(itertools.permutations(TOLD))[::11])


@pytest.mark.proof
@pytest.mark.anyio
async def test_in_each_of_120_sequences_the_five_end_the_same(story: TillStory) -> None:
    await end_the_same(story, list(itertools.permutations(TOLD)))


async def end_the_same(story: TillStory, sequences: Sequence[tuple[str, ...]]) -> None:
    """An order for each sequence. The first report of all is heard and applied, then the second of all, and so on."""
    lives: list[tuple[tuple[str, ...], Sold, dict[str, dict[str, Any]]]] = []
    for sequence in sequences:
        sold = await story.order()
        for _ in range(2):
            await story.tab(sold)
        the_five(story, sold)
        lives.append((sequence, sold, {one["type"]: one for one in story.told(sold)}))
    for place in range(len(TOLD)):
        for sequence, sold, told in lives:
            await story.hear(sold, told[sequence[place]])
        await story.apply()
    await story.until_quiet()
    ends: dict[str, list[tuple[str, ...]]] = {}
    for sequence, sold, _ in lives:
        ends.setdefault(str(await story.stands(sold)), []).append(sequence)

    assert len(ends) == 1, {end: (len(ways), ways[0]) for end, ways in ends.items()}
    assert await story.stands(lives[0][1]) == {
        "order": ("paid", "chargeback"),
        "customer": ("active", None),
        "link": "used",
        "activations": 1,
        "invoices": ["paid"],
        "payments": [TOTAL],
        "credit notes": [BACK],
        "refunds": [(BACK, "succeeded")],
        "welcomes": 1,
    }


@pytest.mark.anyio
async def test_ten_copies_of_everything_at_once_are_one(story: TillStory) -> None:
    sold = await story.order()
    session = await story.tab(sold)
    assert session is not None
    story.stripe.pay(session)

    await story.many_at_once(sold, story.told(sold), copies=10)
    await story.look(sold)
    await story.until_quiet()

    stands = await story.stands(sold)
    assert stands["order"] == ("paid", None)
    assert (stands["activations"], stands["welcomes"], stands["payments"]) == (1, 1, [TOTAL])
    assert stands["invoices"] == ["paid"]


# What people, banks, networks and our own house may do, in any sequence. The number says to which tab.

ACTS = (
    *("paid", "later", "declined", "came", "bounced", "expired"),
    *("refund", "refund_all", "dispute", "won", "lost"),
    *("hear_first", "hear_last", "again", "apply", "success_page", "success_page"),
)


def happens(story: TillStory, session: str, act: str) -> None:
    """At Stripe, if it can."""
    control = story.stripe.control
    seen = story.stripe.seen(session)
    match act:
        case "paid" | "later" | "declined":
            control.post(f"/sessions/{session}/attempts", json={"card": act})
        case "came" | "bounced":
            control.post(f"/sessions/{session}/settlement", json={"came": act == "came"})
        case "expired":
            control.post(f"/sessions/{session}/expiry")
        case "refund" | "refund_all" if seen["intent"]:
            asked = {"amount": BACK} if act == "refund" else {}
            control.post(f"/payments/{seen['intent']['id']}/refunds", json=asked)
        case "dispute" if seen["intent"]:
            control.post(f"/payments/{seen['intent']['id']}/disputes")
        case "won" | "lost" if seen["disputes"]:
            control.post(f"/disputes/{seen['disputes'][0]['id']}/outcome", json={"status": act})
        case _:
            pass


async def heard(story: TillStory, sold: Sold, act: str, chance: Random) -> None:
    """At our door, if there is anything."""
    waiting = story.not_heard(sold)
    match act:
        case "hear_first" if waiting:
            await story.hear(sold, waiting[0])
        case "hear_last" if waiting:
            await story.hear(sold, waiting[-1])
        case "again" if sold.heard:
            await story.hear(sold, chance.choice(sold.heard))
        case "apply":
            await story.apply()
        case "success_page":
            await story.look(sold)
        case _:
            pass


async def lived(
    story: TillStory, acts: Sequence[tuple[str, int]], tabs: int, chance: Random
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Two orders to which the same happens at Stripe. Of one the firm hears as chance has it, of the other at once and
    in sequence; both must end the same. Gives the end, and what Stripe knows.
    """
    wild, tame = await story.order(), await story.order()
    for sold in (wild, tame):
        for _ in range(tabs):
            assert await story.tab(sold) is not None
    for act, number in acts:
        happens(story, wild.sessions[number % tabs], act)
        await heard(story, wild, act, chance)
        happens(story, tame.sessions[number % tabs], act)
        await story.hear(tame, *story.not_heard(tame))
        await story.apply()
    rest = story.not_heard(wild) + chance.choices(wild.heard, k=2) if wild.heard else story.not_heard(wild)
    chance.shuffle(rest)
    await story.hear(wild, *rest)
    await story.until_quiet()
    ends = await story.stands(wild)
    told = [story.stripe.seen(session) for session in wild.sessions]
    charged = [one for one in told if one["charge"] and one["charge"]["paid"]]
    if len(charged) < 2:  # with two, which of them pays the order is who was heard of first
        assert ends == await story.stands(tame), (acts, [one["type"] for one in wild.heard])
    return ends, charged


def is_true(ends: dict[str, Any], charged: Sequence[dict[str, Any]]) -> None:
    """Our books say what Stripe's say."""
    once = 1 if charged else 0
    assert (ends["activations"], ends["welcomes"], len(ends["invoices"])) == (once, once, once)
    lost = any(dispute["status"] == "lost" for one in charged for dispute in one["disputes"])
    gone = sum(one["charge"]["amount_refunded"] for one in charged)
    if not lost:
        assert ends["payments"] == [TOTAL] * len(charged)
        assert sum(minor for minor, state in ends["refunds"] if state == "succeeded") == gone
    if not charged:
        assert ends["order"][0] == "pending"
        assert ends["customer"][0] in {"pending", "suspended"}
        return
    assert ends["order"][0] in {"paid", "refunded"}
    assert ends["link"] == "used"
    if not gone and not lost:
        assert ends["order"][0] == "paid"
        assert ends["customer"] == ("active", None)


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture
def lives(
    portal: BlockingPortal, addresses: Addresses, keyring: Keyring, stripe: StripeProcess
) -> Iterator[Any]:
    """Live one life: what happened, how many tabs, and chance."""
    clock = FixedClock(NOW)
    with portal.wrap_async_context_manager(a_till_story(addresses, clock, keyring, stripe)) as story:

        def live(acts: Sequence[tuple[str, int]], tabs: int, seed: int) -> None:
            stripe.clock(now=clock.now().timestamp() + 5)
            ends, charged = portal.call(lived, story, acts, tabs, Random(seed))
            event(f"{len(charged)} paid, order {ends['order'][0]}")
            is_true(ends, charged)

        yield live


LIVES = {
    "acts": st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 1)), max_size=14),
    "tabs": st.integers(1, 2),
    "seed": st.integers(0, 10_000),
}
USUAL = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    "print_blob": True,
}


@settings(max_examples=15, **USUAL)
@given(**LIVES)
def test_whatever_happens_ends_in_one_activation_one_invoice_one_welcome(lives, acts, tabs, seed) -> None:
    lives(acts, tabs, seed)


@pytest.mark.proof
@settings(max_examples=400, **USUAL)
@given(**LIVES)
def test_it_does_so_400_times(lives, acts, tabs, seed) -> None:
    lives(acts, tabs, seed)
