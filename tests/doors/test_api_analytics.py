"""Results over the API and from the command line: the same figures as on the page."""

import pytest

from tests.makers.api import Program
from tests.makers.chasing_cli import IN, a_late_firm
from tests.makers.cli import Shell
from tests.makers.results import some_results


@pytest.mark.anyio
async def test_results_by_template_with_money_promises_and_reasons(program: Program):
    async with program.work() as work:
        told = await some_results(work)

    found = await program.get("/analytics", by="template", days="7,30", interval="month")

    assert found["counts"]["ordered"] == 6
    assert found["counts"]["outcomes"] == {"sent": 3, "bounced": 1, "suppressed": 1, "waiting": 1}
    assert found["counts"]["figures"]["accepted"] == 4
    assert found["reasons"] == [
        {"outcome": "bounced", "reason": "hard_bounce", "many": 1},
        {"outcome": "suppressed", "reason": "paid", "many": 1},
    ]
    assert found["collected"]["USD"]["within"] == [
        {"amount": "0.00", "currency": "USD"},
        {"amount": "60.00", "currency": "USD"},
    ]
    assert found["promised"] == {"made": 1, "kept": 1, "broken": 0}
    assert found["median_days"] == 2
    [first, second] = found["parts"]["template"]
    assert (first["id"], first["name"], first["counts"]["ordered"]) == (str(told.template), "Gentle", 5)
    assert (second["id"], second["counts"]["ordered"]) == (None, 1)
    assert sum(part["counts"]["ordered"] for part in found["periods"]) == 6


@pytest.mark.anyio
async def test_the_messages_behind_a_number_come_in_pages(program: Program):
    async with program.work() as work:
        told = await some_results(work)
    first = await program.get("/analytics/sends", figure="accepted", limit=3)
    rest = await program.get("/analytics/sends", figure="accepted", limit=3, cursor=first["next_cursor"])
    ids = [one["id"] for one in (*first["items"], *rest["items"])]
    assert sorted(ids) == sorted(map(str, told.sends[:4]))
    assert rest["next_cursor"] is None
    held = await program.get(
        "/analytics/sends", outcome="suppressed", reason="paid", campaign_id=told.campaign
    )
    assert [one["id"] for one in held["items"]] == [str(told.sends[4])]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "query", ["days=0", "days=x", "days=1,2,3,4", "by=color", "first=2026-11-18&last=2026-11-01", "days=91"]
)
async def test_what_cannot_be_counted_is_refused(program: Program, query: str):
    status, _ = await program.refused("GET", f"/analytics?{query}")
    assert status == 422


def test_an_empty_firm_has_its_periods_and_nothing_in_them(shell: Shell):
    firm = a_late_firm(shell)
    found = firm.answer("results", *IN, "--by", "campaign", "--interval", "day")
    assert (found["ordered"], found["parts"], len(found["periods"])) == (0, {"campaign": []}, 84)
    assert firm.refusal("results", *IN, "--days", "0")["error"] == "windows_unusable"
    assert firm.refusal("results", *IN, "--days", "soon")["error"] == "windows_unusable"
