"""What whoever takes an offer agrees to: said on a page of the settings and through the API."""

from collections.abc import AsyncIterator

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from tests.makers.api import Program
from tests.makers.staff import Staff, sign_in, staff_of

pytestmark = pytest.mark.anyio

PATH = "/settings/offers"
TYPED = {
    "terms_text": "We work.\r\nYou pay.",
    "terms_url": "",
    "terms_version": "2026-11",
    "contact_email": "ask@firm.example",
    "contact_phone": "050 123 4567",
}


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as owner:
        yield owner


async def test_terms_are_said_kept_and_shown_again(staff: Staff) -> None:
    page = (await staff.get(PATH)).text
    assert "Whom to ask" in page

    assert (await staff.post(PATH, **TYPED)).status_code == 303

    page = (await staff.get(PATH)).text
    for words in ("We work.\nYou pay.", "2026-11", "ask@firm.example", "+971501234567"):
        assert words in page, words


async def test_what_cannot_be_stands_beside_its_field_and_nothing_typed_is_lost(staff: Staff) -> None:
    refused = await staff.post(PATH, **{**TYPED, "terms_version": ""})
    assert refused.status_code == 422
    assert "Give the terms a version" in refused.text
    assert "ask@firm.example" in refused.text
    assert "ask@firm.example" not in (await staff.get(PATH)).text


async def test_who_is_no_administrator_changes_nothing(staff: Staff) -> None:
    for role in (AgentRole.AGENT, AgentRole.VIEWER):
        other = await sign_in(staff.house, staff.tenant_id, role)
        await other.get(PATH)
        assert (await other.post(PATH, **TYPED)).status_code == 403
    assert "ask@firm.example" not in (await staff.get(PATH)).text


async def test_a_program_reads_and_changes_them(program: Program) -> None:
    assert (await program.get("/onboarding-settings"))["terms_version"] is None

    answer = await program(
        "PATCH", "/onboarding-settings", {"terms_url": "https://firm.example/terms", "terms_version": "1"}
    )

    told = answer.json()
    assert told == await program.get("/onboarding-settings")
    assert (told["terms_url"], told["terms_version"]) == ("https://firm.example/terms", "1")
    other = {"terms_url": "https://firm.example/other"}
    assert await program.refused("PATCH", "/onboarding-settings", other) == (422, "terms_version_same")
    assert await program.refused("PATCH", "/onboarding-settings", {"tax": "1"}) == (422, "request_invalid")
