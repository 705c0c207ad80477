"""The wall alone: suites that run with `tenant_id =` taken out of every statement, among neighbours (R113-R122)."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.core.database import Addresses
from bursar.core.work import Office
from bursar.tenancy.tables import customers
from tests import stripping
from tests.makers.everything import fill
from tests.makers.tenancy import a_customer, a_tenant

ROOT = Path(__file__).parents[2]
SUITES = (
    "tests/core/test_work.py",
    "tests/core/test_journal.py",
    "tests/tenancy/test_customers.py",
    "tests/tenancy/test_lifecycle_customer.py",
    "tests/billing/test_invoices.py",
    "tests/billing/test_payments.py",
    "tests/outbox/test_accounts.py",
    "tests/doors/test_every_web_route.py",
    "tests/doors/test_api_walls.py::test_a_firm_reaches_nothing_of_another",
    "tests/doors/test_api_walls.py::test_lists_about_another_firms_things_are_empty_or_not_there",
)
"""What counts rows of all tenants on purpose is marked `every_tenant` and left out."""

DOORS = (
    "tests/doors/test_api_walls.py",
    "tests/doors/test_api_customers.py",
    "tests/doors/test_api_money.py",
    "tests/doors/test_api_sheets.py",
    "tests/doors/test_api_twice.py",
    "tests/doors/test_campaign_pages.py",
    "tests/doors/test_campaign_review.py",
    "tests/doors/test_staff_customers.py",
    "tests/doors/test_staff_home.py",
    "tests/doors/test_staff_imports.py",
    "tests/doors/test_staff_invoices.py",
    "tests/doors/test_staff_payments.py",
    "tests/doors/test_template_pages.py",
)
"""Doors whose tests drain nothing: a pump would take up the neighbours' sends, which lead nowhere."""


@pytest.mark.parametrize(
    ("statement", "stripped"),
    [
        ("SELECT a FROM t WHERE t.tenant_id = %(tenant_id_1)s::UUID AND b", "SELECT a FROM t WHERE true AND b"),
        ("SELECT a FROM t AS s JOIN u ON u.tenant_id = s.tenant_id AND u.x = 1", "SELECT a FROM t AS s JOIN u ON true AND u.x = 1"),
        ("update t set a = 1 where tenant_id = %(tenant_id)s", "update t set a = 1 where true"),
        ("DELETE FROM t WHERE t.tenant_id = %(tenant_id_1)s", "DELETE FROM t WHERE true"),
        ("UPDATE t SET tenant_id=%(tenant_id)s::UUID WHERE b", "UPDATE t SET tenant_id=%(tenant_id)s::UUID WHERE b"),
        ("INSERT INTO t (tenant_id) VALUES (%(tenant_id)s)", "INSERT INTO t (tenant_id) VALUES (%(tenant_id)s)"),
        ("SELECT 1 FROM tenant_slugs WHERE tenant_slugs.tenant_id = %(x)s", "SELECT 1 FROM tenant_slugs WHERE tenant_slugs.tenant_id = %(x)s"),
    ],
)  # fmt: skip
def test_only_the_predicate_is_taken(statement: str, stripped: str) -> None:
    assert stripping.strip(statement) == stripped


@pytest.fixture
async def stripped(office: Office) -> AsyncIterator[Office]:
    await fill(office, await a_tenant(office))
    if stripping.REPORT is None:
        stripping.switch_on()
    yield office
    if stripping.REPORT is None:
        stripping.switch_off()


async def names(office: Office) -> tuple[set[str], str]:
    """The customers that a statement which names its tenant finds, and the one that is ours."""
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        await a_customer(work, company_name="Ours")
        found = sa.select(customers.c.company_name).where(customers.c.tenant_id == tenant)
        return set(await work.db.scalars(found)), "Ours"


@pytest.mark.anyio
async def test_behind_the_wall_a_stripped_statement_finds_its_own(stripped: Office) -> None:
    found, ours = await names(stripped)
    assert found == {ours}


@pytest.mark.anyio
async def test_without_the_wall_it_finds_the_neighbours(stripped: Office, addresses: Addresses) -> None:
    """Or else nothing was stripped, or nobody lived there."""
    root = create_async_engine(addresses.owner, poolclass=sa.NullPool)
    async with root.begin() as db:
        await db.execute(sa.text("alter table customers disable row level security"))

    found, ours = await names(stripped)
    assert found > {ours}


def test_whole_suites_pass_with_nothing_but_the_wall(tmp_path: Path) -> None:
    taken = taken_from(SUITES, tmp_path / "stripped.json")

    assert taken["select"] > 6_000
    assert taken["update"] > 150
    assert taken["delete"] > 0


@pytest.mark.proof
def test_the_doors_pass_with_nothing_but_the_wall(tmp_path: Path) -> None:
    taken = taken_from(DOORS, tmp_path / "stripped.json")

    assert taken["select"] > 6_000
    assert taken["update"] > 100


def taken_from(suites: Sequence[str], report: Path) -> dict[str, int]:
    """Run them stripped, all of which must pass; how many predicates were taken out of statements of each kind."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *suites, "-q", "-p", "no:cacheprovider", "--tb=short",
         "-m", "not pure and not proof and not browser and not every_tenant"],
        timeout=900, cwd=ROOT, env={**os.environ, "BURSAR_STRIPPED": str(report)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-2000:]
    return json.loads(report.read_text(encoding="utf-8"))
