"""For tests about mailboxes at Google and Microsoft: either of the two, a house that speaks with it, a new firm."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.house import House
from tests.makers.api import a_site
from tests.makers.tenancy import a_tenant
from tests.makers.vendors import settings_of
from tests.vendors import Vendor


@pytest.fixture(params=["gmail", "graph"])
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return request.getfixturevalue(request.param)


@pytest.fixture
async def house(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring, vendor: Vendor
) -> AsyncIterator[House]:
    async with a_site(shared_addresses, clock, keyring, **settings_of(vendor)) as house:
        yield house


@pytest.fixture
async def tenant(house: House) -> UUID:
    return await a_tenant(house.office)
