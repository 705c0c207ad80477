"""What the tests of onboarding may ask for besides."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bursar.core.clock import FixedClock
from bursar.core.keys import Keyring
from tests.makers.orders import Shop, a_shop


@pytest.fixture
async def shop(engine: AsyncEngine, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Shop]:
    """A firm that sells, on this test's own database."""
    async with a_shop(engine, clock, keyring) as shop:
        yield shop
