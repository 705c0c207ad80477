"""The API's tests share one database: each makes firms of its own, and firms do not see each other."""

from collections.abc import AsyncIterator, Iterator

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.house import House
from tests import databases
from tests.conftest import NOW
from tests.makers.api import Program, a_program, a_site
from tests.makers.cli import Shell, SinkProcess, a_sink_process, untouched_logging


@pytest.fixture(scope="session")
def api_addresses(server: databases.Server, template: str) -> Iterator[Addresses]:
    name = databases.copy(server, template)
    yield server.addresses(name)
    databases.drop(server, name)


@pytest.fixture(scope="session")
async def api(api_addresses: Addresses, keyring: Keyring) -> AsyncIterator[House]:
    """The whole product, committing."""
    async with a_site(api_addresses, FixedClock(NOW), keyring, private_hosts="127.0.0.0/8") as house:
        yield house


@pytest.fixture
async def program(api: House) -> Program:
    """A program of the owner of a new firm."""
    return await a_program(api)


@pytest.fixture
def shell(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> Iterator[Shell]:
    """Commands on a database of this test alone."""
    with untouched_logging():
        yield Shell(addresses, clock, keyring)


@pytest.fixture(scope="module")
def sink() -> Iterator[SinkProcess]:
    """A mail server that wants a password."""
    with a_sink_process("--password", "let-me-in") as sink:
        yield sink
