"""Each firm's mailbox goes at its own pace, however many firms send at once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bursar.core.clock import SystemClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from bursar.house import House
from tests.makers.api import a_site
from tests.makers.pacing import Rush, shares
from tests.processes import environment

pytestmark = pytest.mark.anyio


@pytest.fixture
def keys() -> str:
    return new_entry("k1")


@pytest.fixture
async def house(addresses: Addresses, keys: str) -> AsyncIterator[House]:
    async with a_site(addresses, SystemClock(), Keyring.parse(keys)) as house:
        yield house


async def test_thirty_firms_each_go_at_their_own_pace(house: House, keys: str, tmp_path: Path) -> None:
    """Two mails every four seconds each, 15 a second in all: far below what one machine can do."""
    env = environment(house.addresses, keys, BURSAR_DATA_DIR=str(tmp_path))
    kept = await shares(house, env, tmp_path, Rush(firms=30, batch=2, every=4, seconds=12, workers=2))

    # A batch may fall on either side of an end of the measured time: one of three.
    assert min(kept) >= 0.6, f"somebody was left behind: {sorted(kept)}"
    assert max(kept) <= 1.34, f"somebody went ahead: {sorted(kept)}"
    assert 0.8 <= sum(kept) / len(kept) <= 1.1


@pytest.mark.proof
async def test_three_hundred_firms_each_keep_their_pace_within_a_tenth(
    house: House, keys: str, tmp_path: Path
) -> None:
    env = environment(house.addresses, keys, BURSAR_DATA_DIR=str(tmp_path))
    kept = await shares(house, env, tmp_path, Rush(firms=300, batch=5, every=3, seconds=120, workers=2))

    print(f"\n300 firms: from {min(kept):.2f} to {max(kept):.2f}, mean {sum(kept) / len(kept):.2f}")
    assert min(kept) >= 0.9
    assert max(kept) <= 1.1
