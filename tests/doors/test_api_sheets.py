"""Sheets brought in over the API: dry run, mapping, application, report."""

import pytest

from tests.makers.api import a_program

pytestmark = pytest.mark.anyio

SHEET = b"Company,E-mail\r\nSand & Sons,pay@sand.example\r\nDune,not an address\r\n"


async def upload(program, kind="customers", data=SHEET, name="customers.csv"):
    return await program.client.post(
        "/api/v1/imports/files", data={"kind": kind}, files={"file": (name, data, "text/csv")}
    )


async def test_a_sheet_is_judged_applied_and_reported(program):
    answer = await upload(program)
    assert answer.status_code == 201, answer.text
    run = answer.json()
    assert (run["state"], run["counts"]["created"], run["counts"]["refused"]) == ("ready", 1, 1)
    assert (await program.get("/customers"))["items"] == [], "a dry run writes nothing"

    path = f"/imports/{run['id']}"
    [good, bad] = (await program.get(f"{path}/rows"))["items"]
    assert (good["outcome"], bad["outcome"], bad["field"]) == ("created", "refused", "email")
    assert (await program.get(f"{path}/rows", outcome="refused"))["items"] == [bad]

    applied = await program.post(f"{path}/application")
    assert (applied["state"], applied["counts"]["applied"]) == ("applied", 2)
    assert [row["company_name"] for row in (await program.get("/customers"))["items"]] == ["Sand & Sons"]
    assert await program.refused("POST", f"{path}/application") == (409, "illegal_move")
    report = await program("GET", f"{path}/report")
    assert report.headers["content-type"].startswith("text/csv")
    assert "Sand & Sons" in report.content.decode("utf-8-sig")


async def test_rows_come_in_pages(program):
    rows = {"kind": "customers", "header": ["Company"], "rows": [[f"C {n}"] for n in range(5)]}
    run = await program.post("/imports", rows)
    first = await program.get(f"/imports/{run['id']}/rows", limit=3)
    rest = await program.get(f"/imports/{run['id']}/rows", limit=3, cursor=first["next_cursor"])

    numbers = [row["number"] for page in (first, rest) for row in page["items"]]
    assert (numbers, rest["next_cursor"]) == (sorted(numbers), None)
    assert len(set(numbers)) == 5


async def test_a_header_that_says_too_little_is_mapped_by_hand(program):
    run = await program.post(
        "/imports", {"kind": "customers", "header": ["??", "?"], "rows": [["Dune", "x"]]}
    )
    path = f"/imports/{run['id']}"
    assert run["state"] == "reading"
    assert run["error"]

    assert (await program.refused("PUT", f"{path}/mapping", {"columns": {"7": "company_name"}}))[0] == 422
    assert (await program.refused("PUT", f"{path}/mapping", {"columns": {"0": "nothing"}}))[0] == 422
    mapped = (await program("PUT", f"{path}/mapping", {"columns": {"0": "company_name"}})).json()
    assert (mapped["state"], mapped["columns"], mapped["error"]) == ("ready", {"0": "company_name"}, None)


async def test_a_sheet_can_be_given_up(program):
    run = (await upload(program)).json()

    assert (await program("DELETE", f"/imports/{run['id']}")).status_code == 204
    assert (await program.get(f"/imports/{run['id']}"))["state"] == "refused"
    assert [row["id"] for row in (await program.get("/imports"))["items"]] == [run["id"]]


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02", b"PK\x03\x04 no workbook"])
async def test_a_file_that_cannot_be_read_is_refused(program, data):
    answer = await upload(program, data=data)

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_a_form_that_is_none_is_refused(program):
    answer = await program.client.post(
        "/api/v1/imports/files", content=b"x", headers={"Content-Type": "multipart/form-data"}
    )

    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("kind", ["invoices", "payments"])
async def test_a_sheet_of_money_needs_the_scope_of_money(api, kind):
    program = await a_program(api, scopes=["customers:write"])

    for answer in (
        await upload(program, kind),
        await program("POST", "/imports", {"kind": kind, "header": ["Number"], "rows": [["1"]]}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
