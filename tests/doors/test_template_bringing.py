"""Templates that come from elsewhere, in the browser: from our library, and from other programs."""

from collections.abc import AsyncIterator

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.outbox.template_library import install_library
from bursar.outbox.templates import Template, list_templates
from tests.makers.staff import Staff, sign_in, staff_of
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        async with staff.work() as work:
            await install_library(work)
        yield staff


async def named(staff: Staff, code: str = "overdue_gentle") -> Template:
    async with staff.work() as work:
        return next(one for one in await list_templates(work) if one.code == code)


async def test_what_is_missing_of_the_library_is_put_in(staff: Staff):
    bare = await sign_in(staff.house, await a_tenant(staff.office))

    assert "are not here yet" in (await bare.get("/templates")).text
    assert (await bare.post("/templates/library")).status_code == 303

    page = (await bare.get("/templates")).text
    assert "are not here yet" not in page
    assert "overdue_serious" in page


async def test_html_is_looked_at_and_then_kept(staff: Staff):
    typed = {
        "name": "Old friend", "code": "", "category": "overdue_notice", "locale": "en", "subject": "",
        "body": "<title>About {{invoice_number}}</title><p onclick=x>Dear [Client Name], {{amount_due}}<script>x</script></p>",
    }  # fmt: skip

    looked = await staff.post("/templates/import", **typed, then="look")
    kept = await staff.post("/templates/import", **typed, then="keep")
    unknown = await staff.post(
        "/templates/import", **{**typed, "body": typed["body"] + "{{points}}"}, then="keep"
    )

    assert "[Client Name] → customer.name" in looked.text
    assert "&lt;script&gt;" in looked.text
    assert "About {{ invoices.first.number }}" in looked.text
    assert kept.status_code == 303
    assert "draft" in (await staff.get(kept.headers["location"])).text
    assert unknown.status_code == 422
    assert "{{points}}" in unknown.text
    found = await named(staff, "old_friend")
    assert (found.source, found.drafts, found.published) == ("imported", ("en",), ())


async def test_a_file_is_taken_in_and_one_of_another_encoding_is_not(staff: Staff):
    typed = {
        "name": "From a file",
        "category": "overdue_notice",
        "locale": "ar",
        "subject": "مرحبا",
        "then": "keep",
    }
    body = "<p>{{invoice_number}} {{balance}} عزيزي</p>".encode()

    good = await staff.browser.post("/templates/import", data=typed, files={"file": ("a.html", body)})
    bad = await staff.browser.post(
        "/templates/import", data=typed, files={"file": ("a.html", b"\xff\xfe<p>")}
    )

    assert (good.status_code, bad.status_code) == (303, 422)
