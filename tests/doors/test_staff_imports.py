"""The import wizard: file, columns, dry run, writing with progress, report."""

from collections.abc import AsyncIterator

import pytest
from httpx2 import Response

from bursar.billing.finding import by_number
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from tests.makers.staff import HTMX, Staff, sign_in, staff_of

pytestmark = pytest.mark.anyio

SHEET = (
    "Invoice number,Customer,Email,Total,Due date\n"
    'A-1,Atelier Noor,noor@noor.example,"1,250.00",2026-10-01\n'
    "A-2,Dar Al Qamar,qamar@qamar.example,80.00,2026-10-05\n"
    "A-3,Maison Lavande,accounts@,15.00,2026-10-05\n"
)


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def upload(staff: Staff, text: str = SHEET, kind: str = "invoices", **headers: str) -> Response:
    return await staff.browser.post(
        "/imports", data={"kind": kind}, files={"file": ("open.csv", text.encode())}, headers=headers
    )


async def test_a_sheet_is_read_looked_at_written_and_reported(staff: Staff):
    assert "Nothing imported yet" in (await staff.get("/imports")).text
    await staff.get("/imports/new", kind="invoices")
    taken = await upload(staff)
    columns = await staff.get(taken.headers["location"])
    assert "Atelier Noor" in columns.text
    path = taken.headers["location"].removesuffix("/columns")

    dry = (await staff.get(path)).text
    assert "Nothing is changed yet" in dry
    assert "is not an e-mail address" in dry
    async with staff.work() as work:
        with pytest.raises(Exception, match="no such invoice"):
            await by_number(work, "A-1")

    written = await staff.post(f"{path}/application")
    assert written.status_code == 303
    page = (await staff.get(path)).text
    assert "Applied" in page
    assert f"{path}/application" not in page
    async with staff.work() as work:
        assert (await by_number(work, "A-1")).balance.plain() == "1250.00"
    refused = (await staff.get(path, outcome="refused")).text
    assert "A-3" in refused
    assert "A-1" not in refused.split('id="results"')[1]
    report = await staff.get(f"{path}/report")
    assert report.headers["content-type"].startswith("text/csv")
    assert "sandbox" in report.headers["content-security-policy"]
    assert "A-3" in report.text
    assert (await staff.post(f"{path}/application")).status_code == 409


async def test_reasons_are_in_the_readers_language(staff: Staff):
    taken = await upload(staff)
    path = taken.headers["location"].removesuffix("/columns")

    page = (await staff.get(path, lang="ar")).text

    assert 'dir="rtl"' in page
    assert "is not an e-mail address" not in page


async def test_columns_can_be_said_otherwise_and_what_is_missing_is_named(staff: Staff):
    taken = await upload(staff, "No,Who,How much,When\nB-1,Noor,90,2026-10-01\n")
    path = taken.headers["location"]
    assert "Say which column is" in (await staff.get(path)).text
    twice = await staff.browser.post(path, data={"column-0": "number", "column-1": "number"})
    assert twice.status_code == 422

    names = {"column-0": "number", "column-1": "company_name", "column-2": "total", "column-3": "due_date"}
    said = await staff.browser.post(path, data=names)

    assert said.status_code == 303, said.text
    assert "Nothing is changed yet" in (await staff.get(said.headers["location"])).text


async def test_a_file_that_cannot_be_read_is_refused_with_the_reason(staff: Staff):
    empty = await upload(staff, "")
    assert empty.status_code == 422
    assert 'id="error-file"' in empty.text or "notice" in empty.text
    part = await upload(staff, "", **HTMX)
    assert part.status_code == 422
    assert part.text.strip().startswith('<div id="import-form">')
    nothing = await staff.browser.post("/imports", data={"kind": "invoices"})
    assert nothing.status_code == 422
    assert "Choose a file." in nothing.text


async def test_a_sheet_can_be_put_away(staff: Staff):
    taken = await upload(staff)
    path = taken.headers["location"].removesuffix("/columns")
    assert (await staff.post(f"{path}/refusal")).headers["location"] == "/imports"
    assert "Refused" in (await staff.get("/imports")).text
    assert (await staff.post(f"{path}/application")).status_code == 409


async def test_progress_is_told_until_nothing_runs(staff: Staff):
    taken = await upload(staff)
    path = taken.headers["location"].removesuffix("/columns")
    stream = await staff.get(f"{path}/progress")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert "event: progress" in stream.text
    assert stream.text.rstrip().endswith("data:")


async def test_a_viewer_imports_nothing(staff: Staff):
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)
    assert (await upload(viewer)).status_code == 403


async def test_another_firms_sheet_is_not_there(
    staff: Staff, addresses: Addresses, clock: FixedClock, keyring: Keyring
):
    async with staff_of(addresses, clock, keyring) as other:
        taken = await upload(other)
        path = taken.headers["location"].removesuffix("/columns")
        for part in ("", "/columns", "/report", "/progress"):
            assert (await staff.browser.get(path + part)).status_code == 404, part
        for part in ("/columns", "/application", "/refusal"):
            assert (await staff.post(path + part)).status_code == 404, part
