"""Sheets of customers and contacts: who is the same, what changes, what is refused."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.core.tables import events
from bursar.core.work import Office
from bursar.tenancy.merging import merge
from bursar.tenancy.states import ImportKind
from bursar.tenancy.tables import customer_contacts, customers
from tests.makers.sheets import CLERK, a_desk, bring, count, csv_of, told, xlsx_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(shared_addresses, clock, keyring):
    """Works that commit, in tenants of their own: a database for each of these tests would cost more than they."""
    engine = create_async_engine(shared_addresses.app, pool_size=4)
    yield Office(engine, clock, keyring)
    await engine.dispose()


CUSTOMER_SHEET = ImportKind.CUSTOMERS
CUSTOMERS = ("Customer code", "Name", "Company", "E-mail", "Phone")


async def customers_here(desk, tenant):
    async with desk.work(tenant, CLERK) as work:
        found = await work.db.execute(
            sa.select(customers).where(customers.c.tenant_id == tenant).order_by(customers.c.id)
        )
        return found.all()


async def test_customers_are_made_then_changed_then_left_alone(office):
    desk, tenant = await a_desk(office)
    first = csv_of(CUSTOMERS, ["C1", "Mona", "Harbour", "m@harbour.example", "0501234567"])
    changed = csv_of(CUSTOMERS, ["C1", "Mona", "Harbour", "new@harbour.example", ""])

    assert told(await bring(desk, tenant, "customers", first)) == [(2, "created")]
    assert told(await bring(desk, tenant, "customers", first)) == [(2, "unchanged")]
    assert told(await bring(desk, tenant, "customers", changed)) == [(2, "updated")]
    assert told(await bring(desk, tenant, "customers", changed)) == [(2, "unchanged")]

    [row] = await customers_here(desk, tenant)
    assert (row.email, row.email_key, row.phone) == ("new@harbour.example",) * 2 + ("+971501234567",)


async def test_every_refusal_names_row_field_and_reason_and_the_other_rows_are_taken(office):
    desk, tenant = await a_desk(office)
    data = csv_of(
        CUSTOMERS,
        ["C1", "Mona", "", "m@x.example", ""],
        ["C2", "Omar", "", "o@x.example\nBcc: all@x.example", ""],
        ["C3", "", "=cmd|calc", "c@x.example", ""],
        ["C4", "x" * 201, "", "d@x.example", ""],
        ["C5", "Noor", "", "n@x.example", "12"],
        ["", "", "", "lonely@x.example", ""],
    )

    report = await bring(desk, tenant, "customers", data)

    assert told(report) == [(2, "created"), *((number, "refused") for number in range(3, 8))]
    assert [row.field for row in report.rows[1:]] == [
        "email",
        "company_name",
        "full_name",
        "phone",
        "full_name",
    ]
    assert all(row.reason for row in report.rows[1:])
    assert len(await customers_here(desk, tenant)) == 1


async def test_several_rows_of_one_customer_are_merged_and_the_first_one_counts(office):
    desk, tenant = await a_desk(office)
    data = csv_of(
        CUSTOMERS,
        ["C1", "Mona", "Harbour", "m@harbour.example", ""],
        ["C1", "Mona", "Harbour", "other@harbour.example", "0501234567"],
        ["", "Mona", "Harbour", "M@harbour.example", ""],
    )

    report = await bring(desk, tenant, "customers", data)

    assert told(report) == [(2, "created"), (3, "unchanged"), (4, "unchanged")]
    assert "Row 2 says otherwise about this customer (email)" in report.rows[1].reason
    [row] = await customers_here(desk, tenant)
    assert (row.email, row.phone) == ("m@harbour.example", "+971501234567")
    assert told(await bring(desk, tenant, "customers", data)) == [(n, "unchanged") for n in (2, 3, 4)]


async def test_one_bookkeepers_address_serves_two_firms(office):
    desk, tenant = await a_desk(office)
    data = csv_of(
        CUSTOMERS, ["", "", "Harbour", "books@x.example", ""], ["", "", "Marina", "books@x.example", ""]
    )

    assert (await bring(desk, tenant, "customers", data)).created == 2
    assert (await bring(desk, tenant, "customers", data)).unchanged == 2


async def test_an_address_of_several_lines_is_kept_as_lines(office):
    desk, tenant = await a_desk(office)
    data = csv_of(
        ("Name", "E-mail", "Address", "Country"), ["Mona", "m@x.example", "Office 12\nPier 3", "Emirates"]
    )

    await bring(desk, tenant, "customers", data)

    [row] = await customers_here(desk, tenant)
    assert (row.address_lines, row.country) == (["Office 12", "Pier 3"], "AE")


async def test_contacts_find_their_customer_by_code_address_or_name(office):
    desk, tenant = await a_desk(office)
    await bring(desk, tenant, "customers", csv_of(CUSTOMERS, ["C1", "", "Harbour", "m@harbour.example", ""]))
    data = csv_of(
        ("Customer", "Contact", "E-mail", "Phone", "Role"),
        ["C1", "Mona", "mona@harbour.example", "", "billing"],
        ["M@harbour.example", "Omar", "", "0501234567", "signatory"],
        ["harbour", "Mona", "mona@harbour.example", "0507654321", ""],
        ["Nobody", "Zed", "z@x.example", "", ""],
        ["C1", "Without", "", "", ""],
    )

    report = await bring(desk, tenant, "contacts", data)

    assert told(report) == [(2, "created"), (3, "created"), (4, "updated"), (5, "refused"), (6, "refused")]
    assert "no customer “Nobody”" in report.rows[3].reason
    async with desk.work(tenant, CLERK) as work:
        assert await count(work, customer_contacts) == 2
    again = await bring(desk, tenant, "contacts", data)
    assert (again.created, again.updated, again.unchanged, again.refused) == (0, 0, 3, 2)


async def test_what_an_import_changed_of_a_person_is_not_in_the_journal_in_clear(office):
    desk, tenant = await a_desk(office)
    await bring(
        desk, tenant, "customers", csv_of(CUSTOMERS, ["C1", "", "Harbour", "canary@harbour.example", ""])
    )
    await bring(
        desk, tenant, "customers", csv_of(CUSTOMERS, ["C1", "", "Harbour", "canary2@harbour.example", ""])
    )
    await bring(
        desk,
        tenant,
        "contacts",
        csv_of(("Customer", "Contact", "E-mail"), ["C1", "Canary", "canary3@x.example"]),
    )

    async with desk.work(tenant, CLERK) as work:
        rows = (await work.db.execute(sa.select(events).where(events.c.tenant_id == tenant))).all()
    assert {"customer.edit", "customer_contact.add", "import_run.apply"} <= {row.type for row in rows}
    assert "canary" not in " ".join(f"{row.changes}{row.payload}" for row in rows).lower()


async def test_typed_cells_of_a_workbook_are_judged_as_they_were_read(office):
    desk, tenant = await a_desk(office)
    data = xlsx_of(("Customer code", "Name"), [1001, "Mona"], [1002, "=A1"])

    rows = (await bring(desk, tenant, "customers", data)).rows

    assert [row.outcome for row in rows] == ["created", "refused"]
    assert (await customers_here(desk, tenant))[0].external_code == "1001"


PARTIES = st.lists(
    st.fixed_dictionaries(
        {"full_name": st.sampled_from(["Mona", "Omar", "mona"])},
        optional={
            "external_code": st.sampled_from(["C1", "C2"]),
            "tax_number": st.sampled_from(["T1", "T2"]),
            "email_key": st.sampled_from(["a@x.example", "b@x.example"]),
        },
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.pure
@given(PARTIES)
def test_no_two_codes_are_ever_merged_and_one_code_never_parted(rows):
    parties = merge(list(enumerate(rows)))

    for row, party in zip(rows, parties, strict=True):
        if "external_code" in row:
            assert party.values["external_code"] == row["external_code"]
    by_code = {
        row["external_code"]: party
        for row, party in zip(rows, parties, strict=True)
        if "external_code" in row
    }
    assert len({id(party) for party in by_code.values()}) == len(by_code)


SHEETS = st.lists(
    st.tuples(
        st.sampled_from(["", "C1", "C2", "=1"]),
        st.sampled_from(["Mona", "أحمد", "", "-"]),
        st.sampled_from(["", "a@x.example", "b@x.example", "two@x.example, x@x.example"]),
        st.sampled_from(["", "0501234567", "٠٥٠١٢٣٤٥٦٧", "12"]),
    ),
    min_size=1,
    max_size=8,
).filter(lambda rows: any(any(cell.strip("-") for cell in row) for row in rows))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SHEETS)
async def test_whatever_the_sheet_the_dry_run_tells_what_applying_does_and_a_second_time_changes_nothing(
    office, rows
):
    desk, tenant = await a_desk(office)
    data = csv_of(("Customer code", "Name", "E-mail", "Phone"), *rows)

    dry = await bring(desk, tenant, "customers", data, apply=False)
    done = await bring(desk, tenant, "customers", data)
    again = await bring(desk, tenant, "customers", data)

    assert [(row.number, row.outcome, row.reason) for row in dry.rows] == [
        (row.number, row.outcome, row.reason) for row in done.rows
    ]
    assert done.created == len(await customers_here(desk, tenant))
    assert again.created == again.updated == 0
    assert again.refused == done.refused
