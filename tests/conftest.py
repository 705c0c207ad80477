"""What every test may ask for: a database, an Office on it, a Work inside a tenant, a clock that stands still."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from secrets import token_hex

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.work import Actor, Office, Work
from bursar.tenancy import passwords
from tests import databases, stripping
from tests.mail_servers import imap, imap_process, ses, ses_process  # noqa: F401  fixtures
from tests.makers.tenancy import a_tenant
from tests.payments import listener, stripe, stripe_process  # noqa: F401  fixtures
from tests.slate import Slate
from tests.vendors import gmail, gmail_process, graph, graph_process  # noqa: F401  fixtures

NOW = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
"""A Wednesday noon in Dubai: inside every default window."""

COUNTED = "counted: "
"""Begins the names of a report's properties that proofs counted."""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> None:
    """Argon2id still, at a thousandth of its cost; what the real cost is, tests/tenancy/test_passwords.py holds."""
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=128, parallelism=1),))
    passwords.hash_by(passwords.Hashing(hasher, hasher.hash(token_hex(32))))


@pytest.fixture(scope="session")
def server() -> databases.Server:
    return databases.start()


@pytest.fixture(scope="session")
def template(server: databases.Server) -> Iterator[str]:
    name = databases.template(server)
    if stripping.REPORT is None:
        yield name
    else:
        with stripping.neighbourhood(server, name) as crowded:
            yield crowded


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring.parse(new_entry("k1"))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture(scope="session")
def slate(server: databases.Server, template: str) -> Iterator[Slate]:
    slate = Slate(server, template)
    yield slate
    slate.drop()


@pytest.fixture
def addresses(server: databases.Server, slate: Slate) -> Iterator[Addresses]:
    """An empty database of this test alone: for doors, the three beats and scenarios, which commit."""
    yield server.addresses(slate.take())
    if stripping.REPORT is None:
        slate.wipe()
    else:
        slate.drop()  # its neighbours would go with the rest


@pytest.fixture
async def engine(addresses: Addresses) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(addresses.app, pool_size=10)
    yield engine
    await engine.dispose()


@pytest.fixture
def office(engine: AsyncEngine, clock: FixedClock, keyring: Keyring) -> Office:
    """Opens Works that commit, on this test's own database."""
    return Office(engine, clock, keyring)


@pytest.fixture(scope="session")
def shared_addresses(server: databases.Server, template: str) -> Iterator[Addresses]:
    """One database for all tests of this process that roll back."""
    name = databases.copy(server, template)
    yield server.addresses(name)
    databases.drop(server, name)


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Callable[[str, Counter[str]], None]:
    """Say what a proof counted, as words to numbers; the summary adds up what has one name."""

    def count(name: str, found: Counter[str]) -> None:
        request.node.user_properties.append((f"{COUNTED}{name}", dict(found)))

    return count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was counted, whether its tests passed or not, and by however many processes."""
    sums: dict[str, Counter[str]] = {}
    for report in (one for reports in terminalreporter.stats.values() for one in reports):
        if getattr(report, "when", None) == "call":
            for name, found in report.user_properties:
                if name.startswith(COUNTED):
                    sums.setdefault(name.removeprefix(COUNTED), Counter()).update(found)
    if sums:
        terminalreporter.section("counted")
    for name, found in sums.items():
        told = ", ".join(f"{word} {number:,}" for word, number in found.items())
        terminalreporter.write_line(f"{name} ({found.total():,}): {told}")


class _Undone(Exception):
    """Ends a test's Work without a commit."""


@pytest.fixture
async def work(shared_addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Work]:
    """A Work of an owner in a new tenant; rolled back after the test."""
    engine = create_async_engine(shared_addresses.app, pool_size=1)
    office = Office(engine, clock, keyring)
    async with office.work(await a_tenant(office)) as system:
        tenant_id = system.tenant_id
    try:
        async with office.work(tenant_id, actor=Actor(ActorType.AGENT, None, AgentRole.OWNER)) as work:
            yield work
            raise _Undone
    except _Undone:
        pass
    finally:
        await engine.dispose()
