"""Kill the web or the worker at any moment between a payment at Stripe and its order: nothing is lost, nothing doubled."""

import random
import socket
import subprocess
import sys
import time
from asyncio import sleep
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bursar.billing.tills.applying import STRIPE
from bursar.billing.tills.inbound_jobs import apply_soon
from bursar.core import inbounds
from bursar.core.clock import SystemClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from tests.makers.till_story import TOTAL, Sold, TillStory, a_till_story
from tests.payments import StripeProcess
from tests.processes import environment

pytestmark = pytest.mark.anyio

Popen = subprocess.Popen[bytes]

READY_WITHIN = 120.0
"""Seconds for a process to be there, on a machine with other work."""
QUIET_WITHIN = 180.0


@pytest.fixture
def keys() -> str:
    return new_entry("k1")


@pytest.fixture
async def story(addresses: Addresses, keys: str, stripe: StripeProcess) -> AsyncIterator[TillStory]:
    async with a_till_story(addresses, SystemClock(), Keyring.parse(keys), stripe) as made:
        stripe.behave(attempts=14, retry_s=0.1)  # for minutes, as the real one does for days
        yield made


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(env: dict[str, str], log: Path, *words: str, ready: Callable[[], bool]) -> Iterator[Popen]:
    """`bursar …words`, once it is ready; killed with its `with` at the latest."""
    command = [sys.executable, "-m", "bursar", *words]
    with log.open("wb") as out, subprocess.Popen(command, env=env, stdout=out, stderr=out) as process:
        try:
            deadline = time.monotonic() + READY_WITHIN
            while not ready():
                assert process.poll() is None, log.read_text()[-3000:]
                assert time.monotonic() < deadline, f"{words} was never ready"
                time.sleep(0.05)
            yield process
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        httpx2.get(f"http://127.0.0.1:{port}/sign-in", timeout=5, trust_env=False)
    except httpx2.HTTPError:
        return False
    return True


Survive = Callable[[int, int, random.Random], Awaitable[Counter[str]]]


@pytest.fixture
def survive(story: TillStory, addresses: Addresses, keys: str, tmp_path: Path) -> Survive:
    """So many rounds: some pay, and the web or the worker is killed a moment later. Asserts the promise."""
    port = a_free_port()
    told = {
        "BURSAR_STRIPE_URL": story.stripe.told["url"],
        "BURSAR_BASE_URL": f"http://127.0.0.1:{port}",
        "BURSAR_DATA_DIR": str(tmp_path),
    }
    env = environment(addresses, keys, **told)
    story.stripe.listen(
        f"http://127.0.0.1:{port}{story.hook}",
        secret="whsec_of_this_story",
        events=["checkout.session.completed"],
    )

    def a_web() -> Any:
        words = ("serve", "--port", str(port))
        return running(env, tmp_path / "web.log", *words, ready=lambda: _answers(port))

    def a_worker() -> Any:
        told = tmp_path / "worker.log"
        return running(env, told, "worker", ready=lambda: "worker_started" in told.read_text())

    async def survived(rounds: int, payers: int, chance: random.Random) -> Counter[str]:
        sold = [await story.order() for _ in range(rounds * payers)]
        for one in sold:
            await story.tab(one)
        killed: Counter[str] = Counter()
        for number in range(rounds):
            mine = sold[number * payers : (number + 1) * payers]
            killed += Counter(await a_round(mine, ("worker", "web")[number % 2], chance))
        with a_web(), a_worker():
            story.stripe.idle(QUIET_WITHIN)
            waiting = await inbounds.tenants_waiting(story.house.office, STRIPE, for_=timedelta(0))
            await apply_soon(story.house.office, waiting)  # what the clock does each minute
            await until_applied(story)
        for one in sold:
            await is_paid_once(story, one)
        return killed

    async def a_round(payers: list[Sold], whom: str, chance: random.Random) -> list[str]:
        """Who was killed, and how far the payments of this round were by then."""
        with a_web() as web, a_worker() as worker:
            for one in payers:
                story.stripe.pay(one.sessions[-1])
            await sleep(chance.uniform(0, 0.8))  # any moment: before it is heard, while it is applied, after
            (web if whom == "web" else worker).kill()
            applied = [(await story.stands(one))["activations"] for one in payers]
            await sleep(0.3)  # the other goes on for a moment
        return [whom, "before" if not any(applied) else "after" if all(applied) else "in between"]

    return survived


async def until_applied(story: TillStory) -> None:
    deadline = time.monotonic() + QUIET_WITHIN
    while waiting := await story.waiting():
        assert time.monotonic() < deadline, waiting
        await sleep(0.1)


async def is_paid_once(story: TillStory, sold: Sold) -> None:
    stands = await story.stands(sold)
    assert (stands["order"], stands["customer"]) == (("paid", None), ("active", None))
    assert (stands["activations"], stands["welcomes"], stands["link"]) == (1, 1, "used")
    assert (stands["invoices"], stands["payments"]) == (["paid"], [TOTAL])


async def test_what_was_paid_while_the_web_or_the_worker_was_killed_is_applied_once(survive: Survive) -> None:
    killed = await survive(2, 4, random.Random(4))

    assert (killed["worker"], killed["web"]) == (1, 1)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(5))
async def test_20_kills_lose_nothing(survive: Survive, seed: int, counted: Callable[..., None]) -> None:
    killed = await survive(20, 5, random.Random(seed))

    counted("processes killed, and how far the payments were", killed)
    assert (killed["worker"], killed["web"]) == (10, 10)
    assert killed["before"]  # else nothing was at stake
