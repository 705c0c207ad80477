"""Templates in the browser: written with a preview, published, copied, taken out of the choice."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.outbox.template_library import install_library
from bursar.outbox.templates import Template, get_template, list_templates
from tests.makers.billing import an_overdue_invoice
from tests.makers.staff import HTMX, Staff, sign_in, staff_of
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

BODY = (
    "<p>Dear {{ customer.name }}</p>{% for invoice in invoices %}<p>{{ invoice.number }} {{ invoice.balance }}</p>"
    "{% endfor %}"
)
WORDS = {"locale": "en", "subject": "Open with {{ tenant.name }}", "body": BODY, "body_format": "html"}


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        async with staff.work() as work:
            await install_library(work)
        yield staff


async def every(staff: Staff) -> dict[str, Template]:
    async with staff.work() as work:
        return {one.code: one for one in await list_templates(work)}


async def ours(staff: Staff) -> UUID:
    return (await every(staff))["overdue_gentle"].id


async def test_they_are_listed_with_their_languages(staff: Staff):
    page = (await staff.get("/templates")).text

    assert "When it is late" in page
    assert "overdue_gentle" in page
    assert "Arabic" in page


async def test_one_is_begun_with_words_of_ours(staff: Staff):
    typed = {"name": "Friendly", "code": "friendly", "category": "overdue_notice", "locale": "ar"}

    made = await staff.post("/templates", **typed)
    again = await staff.post("/templates", **typed)
    unusable = await staff.post("/templates", **{**typed, "code": "Fr iendly"})

    assert (made.status_code, again.status_code, unusable.status_code) == (303, 409, 422)
    page = (await staff.get(made.headers["location"])).text
    assert "{% for" in page
    assert 'id="error-code"' in again.text
    assert (await every(staff))["friendly"].drafts == ("ar",)


@pytest.mark.parametrize("category", ["invoice_reminder", "payment_follow_up", "thanks", "statement"])
async def test_every_category_has_something_to_begin_with(staff: Staff, category: str):
    made = await staff.post("/templates", name="New", code="new_one", category=category, locale="fr")

    assert made.status_code == 303
    assert "<textarea" in (await staff.get(made.headers["location"])).text


async def test_a_draft_is_saved_and_published(staff: Staff):
    template = await ours(staff)

    saved = await staff.post(f"/templates/{template}/drafts", **WORDS, then="draft")
    assert saved.headers["location"] == f"/templates/{template}?locale=en"
    assert (await every(staff))["overdue_gentle"].drafts == ("en",)
    published = await staff.post(f"/templates/{template}/drafts", **WORDS, then="publish")

    assert published.status_code == 303
    async with staff.work() as work:
        _, versions = await get_template(work, template)
    assert [(one.number, one.published_at is not None) for one in versions if one.locale == "en"] == [
        (2, True),
        (1, True),
    ]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": "{{ nothing }}"}, "subject"),
        ({"body": "<p>no tag at all</p>"}, "body"),
        ({"body": "{% for %}"}, "body"),
        ({"body": BODY + "<script>alert(1)</script>"}, "body"),
        ({"body": BODY + "{{ customer.salary }}"}, "body"),
    ],
)
async def test_what_is_not_right_is_said_in_the_form_below_it_and_in_the_preview(
    staff: Staff, typed: dict[str, str], field: str
):
    template = await ours(staff)
    words = {**WORDS, **typed}

    saved = await staff.post(f"/templates/{template}/drafts", **words)
    checked = await staff.browser.post(f"/templates/{template}/checks", data=words, headers=HTMX)
    shown = await staff.post(f"/templates/{template}/previews", **words)

    assert saved.status_code == 422
    assert f'id="error-{field}"' in saved.text
    assert "form-error" in checked.text
    assert shown.status_code == 200
    assert "<script" not in shown.text


async def test_the_preview_shows_sample_values_and_runs_nothing(staff: Staff):
    template = await ours(staff)

    shown = await staff.post(f"/templates/{template}/previews", **WORDS)
    checked = await staff.browser.post(f"/templates/{template}/checks", data=WORDS, headers=HTMX)

    assert "Huda Salem" in shown.text
    assert "INV-2041" in shown.text
    assert "sandbox" in shown.headers["content-security-policy"]
    assert "Open with Al Safa Accounting" in checked.text
    assert (await every(staff))["overdue_gentle"].drafts == ()


async def test_the_preview_shows_what_a_real_customer_owes(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
        await an_overdue_invoice(work, of=noor, minor=77_00)
    other = await sign_in(staff.house, await a_tenant(staff.office))
    template = await ours(staff)

    assert "Atelier Noor</option>" in (await staff.get(f"/templates/{template}")).text
    shown = await staff.post(f"/templates/{template}/previews", **WORDS, customer=str(noor))
    assert "Dear Atelier Noor" in shown.text
    assert "77.00" in shown.text
    assert "INV-2041" not in shown.text
    assert "Atelier Noor" not in (await other.get("/templates")).text
    unknown = await staff.post(f"/templates/{template}/previews", **WORDS, customer=str(template))
    assert unknown.status_code == 404


async def test_a_language_without_words_begins_with_ours(staff: Staff):
    page = (await staff.get(f"/templates/{await ours(staff)}", locale="fr")).text

    assert "{% for" in page
    assert (await every(staff))["overdue_gentle"].drafts == ()


async def test_a_copy_is_a_draft_of_every_language(staff: Staff):
    copied = await staff.post(f"/templates/{await ours(staff)}/copies")

    assert copied.status_code == 303
    copy = (await every(staff))["overdue_gentle-2"]
    assert (copy.published, set(copy.drafts)) == ((), {"en", "ar", "he", "fr"})
    assert copied.headers["location"] == f"/templates/{copy.id}"


async def test_a_draft_is_published_or_thrown_away_by_itself(staff: Staff):
    template = await ours(staff)
    await staff.post(f"/templates/{template}/copies")
    copy = (await every(staff))["overdue_gentle-2"].id
    async with staff.work() as work:
        _, versions = await get_template(work, copy)
    by_locale = {one.locale: one.id for one in versions}

    published = await staff.post(f"/templates/{copy}/versions/{by_locale['en']}/publication")
    thrown = await staff.post(f"/templates/{copy}/versions/{by_locale['ar']}/discarding")
    too_late = await staff.post(f"/templates/{copy}/versions/{by_locale['en']}/discarding")

    assert (published.status_code, thrown.status_code, too_late.status_code) == (303, 303, 409)
    now = (await every(staff))["overdue_gentle-2"]
    assert (now.published, now.drafts) == (("en",), ("fr", "he"))


async def test_one_is_renamed_taken_out_and_brought_back(staff: Staff):
    template = await ours(staff)

    for path, typed in (("name", {"name": "First notice"}), ("retirement", {})):
        assert (await staff.post(f"/templates/{template}/{path}", **typed)).status_code == 303
    now = (await every(staff))["overdue_gentle"]
    assert (now.name, now.active) == ("First notice", False)
    assert "Archived" in (await staff.get(f"/templates/{template}")).text
    await staff.post(f"/templates/{template}/return")
    assert (await every(staff))["overdue_gentle"].active


async def test_a_viewer_reads_only(staff: Staff):
    template = await ours(staff)
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)

    await viewer.get(f"/templates/{template}")
    for path, typed in (("drafts", WORDS), ("copies", {}), ("retirement", {}), ("name", {"name": "X"})):
        assert (await viewer.post(f"/templates/{template}/{path}", **typed)).status_code == 403


async def test_another_firms_template_does_not_exist(staff: Staff):
    template = await ours(staff)
    other = await sign_in(staff.house, await a_tenant(staff.office))

    assert (await other.browser.get(f"/templates/{template}")).status_code == 404
    for path in ("drafts", "previews", "checks", "copies", "retirement", "return", "name"):
        answer = await other.post(f"/templates/{template}/{path}", **WORDS, name="X")
        assert answer.status_code == 404
