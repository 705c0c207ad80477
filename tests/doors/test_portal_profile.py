"""What customers say of themselves in the portal: how they are reached, and what may be sent to them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.tenancy.consents import consents_of
from bursar.tenancy.states import ConsentPurpose, ConsentState
from bursar.tenancy.tables import consents, customers
from tests.makers.portal import Room, a_room
from tests.makers.tenancy import personal_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def room(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> AsyncIterator[Room]:
    async with a_room(addresses, clock, keyring, tmp_path) as room:
        yield room


async def test_a_customer_changes_how_they_are_reached_and_nothing_else(room: Room) -> None:
    typed = {
        "full_name": "Huda Salem Saif",
        "phone": "050 123 4567",
        "address_lines": "Office 9\nMarina Walk",
        "city": "Dubai",
        "country": "ae",
        "locale": "ar",
        "email": "mallory@evil.example",
        "company_name": "Mallory Ltd",
        "tax_number": "100000000000003",
        "tags": "vip",
        "version": "1",
    }
    before = (await room.portal.rows(customers))[0]
    assert await room.post("profile", **typed) == (303, f"{room.portal.home}/profile/saved")

    row = (await room.portal.rows(customers))[0]
    assert (row.full_name, row.phone, row.city, row.country, row.locale) == (
        "Huda Salem Saif", "+971501234567", "Dubai", "AE", "ar",
    )  # fmt: skip
    assert row.address_lines == ["Office 9", "Marina Walk"]
    assert (row.email, row.company_name, row.tax_number, row.tags) == (
        before.email, before.company_name, before.tax_number, before.tags,
    )  # fmt: skip
    async with room.portal.work() as work:
        clear, private = await personal_of(work, room.huda, "customer.edit")
    assert "Huda Salem Saif" not in str(clear)
    assert private is not None
    assert private["after"]["full_name"] == "Huda Salem Saif"
    assert 'dir="rtl"' in await room.get("profile/saved")


async def test_what_is_wrong_about_a_profile_stands_beside_it_and_nothing_is_kept(room: Room) -> None:
    for name, typed in (("phone", "12"), ("country", "Emirates")):
        status, text = await room.post("profile", **{"full_name": "Huda", name: typed})
        assert status == 422
        assert f'id="error-{name}"' in text
    assert (await room.portal.rows(customers))[0].full_name == "Huda Salem"


async def test_a_yes_is_kept_with_its_proof_and_can_be_taken_back(room: Room) -> None:
    assert (await room.post("consents", **{"marketing-email": "yes"}))[0] == 303
    async with room.portal.work() as work:
        [said] = await consents_of(work, room.huda)
    assert (said.purpose, said.channel, said.consent) == (
        ConsentPurpose.MARKETING, "email", ConsentState.GRANTED,
    )  # fmt: skip
    assert said.proof is not None
    assert said.proof.startswith("portal, session ")
    assert said.text_version == "portal-1"
    assert 'name="marketing-email" value="yes" checked' in await room.get("consents/saved")

    assert (await room.post("consents", **{"marketing-email": "yes"}))[0] == 303
    assert len(await room.portal.rows(consents)) == 1, "the same again is no news"
    assert (await room.post("consents"))[0] == 303
    assert [row.consent for row in await room.portal.rows(consents)] == ["granted", "denied"]
    assert "checked" not in await room.get("consents")


async def test_a_made_up_consent_is_nobodys(room: Room) -> None:
    assert (await room.post("consents", **{"tracking-email": "yes", "marketing-fax": "yes"}))[0] == 303
    assert await room.portal.rows(consents) == []
