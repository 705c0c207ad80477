"""The editor of blocks, versions side by side and tests to oneself, in the browser."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.outbox.blocks.kinds import Button, Columns, Text
from bursar.outbox.blocks.reading import read_blocks
from bursar.outbox.template_library import install_library
from bursar.outbox.templates import Template, Version, edit_template, get_template, list_templates
from tests.makers.billing import an_overdue_invoice
from tests.makers.outbox import an_account
from tests.makers.senders import Senders
from tests.makers.staff import HTMX, Staff, come_back, sign_in, staff_of
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

HEAD = {
    "locale": "en",
    "subject": "Open with {{ tenant.name }}",
    "preheader": "Nothing bad",
    "body_format": "blocks",
}
BLOCKS = {
    "b0-kind": "text", "b0-text": "Dear {{ customer.name }}", "b0-when": "always",
    "b1-kind": "invoices", "b1-shows_number": "yes", "b1-shows_balance": "yes", "b1-totals": "yes",
    "b2-kind": "button", "b2-label": "Pay", "b2-to": "pay", "b2-address": "",
}  # fmt: skip
WORDS = HEAD | BLOCKS


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        async with staff.work() as work:
            await install_library(work)
        yield staff


async def named(staff: Staff, code: str = "overdue_gentle") -> Template:
    async with staff.work() as work:
        return next(one for one in await list_templates(work) if one.code == code)


async def english(staff: Staff, template: UUID) -> list[Version]:
    async with staff.work() as work:
        _, versions = await get_template(work, template)
    return [one for one in versions if one.locale == "en"]


async def pressed(staff: Staff, act: str, **typed: str) -> str:
    template = await named(staff)
    answer = await staff.browser.post(
        f"/templates/{template.id}/blocks", data={**WORDS, **typed, "act": act}, headers=HTMX
    )
    assert answer.status_code == 200
    return answer.text


async def test_the_library_opens_as_blocks(staff: Staff):
    template = await named(staff)

    page = (await staff.get(f"/templates/{template.id}?locale=en")).text

    assert 'name="b0-text"' in page
    assert "Perhaps it was overlooked" in page
    assert 'value="invoices"' in page
    assert "b1-shows_days_overdue" in page


async def test_blocks_are_saved_as_they_stand_in_the_form(staff: Staff):
    template = await named(staff)

    saved = await staff.post(f"/templates/{template.id}/drafts", **WORDS, then="publish")

    assert saved.status_code == 303
    [newest, _] = await english(staff, template.id)
    text, table, button = read_blocks(newest.body)
    assert (newest.body_format, newest.preheader) == ("blocks", "Nothing bad")
    assert text == Text("Dear {{ customer.name }}")
    assert list(getattr(table, "columns")) == ["number", "balance"]  # noqa: B009  whichever block it is
    assert isinstance(button, Button)


async def test_a_block_that_says_nothing_comes_back_with_everything_typed(staff: Staff):
    template = await named(staff)

    refused = await staff.post(f"/templates/{template.id}/drafts", **{**WORDS, "b0-text": " "})

    assert refused.status_code == 422
    assert "Block 1 says nothing" in refused.text
    assert 'value="Pay"' in refused.text
    assert len(await english(staff, template.id)) == 1


@pytest.mark.parametrize(
    ("act", "kinds", "focus"),
    [
        ("up:b2", ["text", "button", "invoices"], 'value="up:b1"'),
        ("down:b0", ["invoices", "text", "button"], 'value="down:b1"'),
        ("down:b1", ["text", "button", "invoices"], 'value="up:b2"'),
        ("up:b0", ["text", "invoices", "button"], 'id="b0-text"'),
        ("remove:b1", ["text", "button"], 'id="b0-text"'),
        ("add", ["text", "invoices", "button", "image"], 'id="b3-src"'),
        ("up:b99", ["text", "invoices", "button"], ""),
        ("nonsense", ["text", "invoices", "button"], ""),
    ],
)
async def test_buttons_move_add_and_remove(staff: Staff, act: str, kinds: list[str], focus: str):
    fragment = await pressed(staff, act, **{"b-add": "image"})

    found = [
        line.partition('value="')[2].partition('"')[0]
        for line in fragment.splitlines()
        if '-kind" value="' in line
    ]
    assert found == kinds
    assert "<html" not in fragment
    if focus:
        line = next(one for one in fragment.splitlines() if focus in one)
        assert "autofocus" in line


async def test_columns_hold_blocks_of_their_own(staff: Staff):
    template = await named(staff)
    columns = {
        "b3-kind": "columns", "b3-many": "2",
        "b3c0i0-kind": "text", "b3c0i0-text": "Start", "b3c1i0-kind": "heading", "b3c1i0-text": "End",
    }  # fmt: skip

    fragment = await pressed(staff, "add:b3c1", **columns, **{"b3c1-add": "button"})
    saved = await staff.post(f"/templates/{template.id}/drafts", **WORDS, **columns, then="draft")

    assert 'name="b3c1i1-label"' in fragment
    assert saved.status_code == 303
    block = read_blocks((await english(staff, template.id))[0].body)[3]
    assert isinstance(block, Columns)
    assert [len(one) for one in block.columns] == [1, 1]


async def test_without_a_script_the_whole_page_comes_back(staff: Staff):
    template = await named(staff)

    page = await staff.post(f"/templates/{template.id}/blocks", **WORDS, act="remove:b0")

    assert page.status_code == 200
    assert "<html" in page.text
    assert 'value="Open with {{ tenant.name }}"' in page.text
    assert "Dear {{ customer.name }}" not in page.text


async def test_the_same_words_can_be_gone_on_with_as_html_or_plain_text(staff: Staff):
    template = await named(staff)

    html = (await staff.get(f"/templates/{template.id}?locale=en&written=html")).text
    plain = (await staff.get(f"/templates/{template.id}?locale=en&written=text")).text

    assert "&lt;table class=&#34;invoices&#34;" in html
    assert "- {{ invoice.number }}" in plain
    for page in (html, plain):
        assert "<textarea" in page
        assert "Perhaps it was overlooked" in page


async def test_a_preview_is_light_dark_or_text_and_runs_nothing(staff: Staff):
    template = await named(staff)
    shown = {
        look: await staff.post(f"/templates/{template.id}/previews", **WORDS, look=look)
        for look in ("light", "dark", "text")
    }

    for answer in shown.values():
        assert "INV-2041" in answer.text
        assert "sandbox" in answer.headers["content-security-policy"]
    assert "invert" in shown["dark"].text
    assert "invert" not in shown["light"].text
    assert "<table" not in shown["text"].text
    checked = await staff.browser.post(f"/templates/{template.id}/checks", data=WORDS, headers=HTMX)
    assert "Nothing bad" in checked.text


async def test_readers_of_a_language_without_words_are_told_of(staff: Staff):
    template = await named(staff, "payment_follow_up")

    page = (await staff.get(f"/templates/{template.id}?locale=he")).text

    assert "its readers get English" in page


async def test_versions_stand_side_by_side_and_old_words_come_back(staff: Staff):
    template = await named(staff)
    await staff.post(f"/templates/{template.id}/drafts", **WORDS, then="publish")
    [second, first] = await english(staff, template.id)

    page = (await staff.get(f"/templates/{template.id}/versions/{second.id}")).text
    back = await staff.post(f"/templates/{template.id}/versions/{first.id}/return")

    assert "<del>" in page
    assert "<ins>Dear {{ customer.name }}</ins>" in page or "<span>Dear {{ customer.name }}" in page
    assert back.status_code == 303
    assert [one.subject for one in await english(staff, template.id)] == [
        first.subject,
        second.subject,
        first.subject,
    ]
    again = await staff.post(f"/templates/{template.id}/versions/{second.id}/return")
    assert again.status_code == 303


async def test_one_is_made_the_usual_one_and_archived(staff: Staff):
    firm = await named(staff, "overdue_firm")

    assert (await staff.post(f"/templates/{firm.id}/usual")).status_code == 303
    assert (await named(staff, "overdue_firm")).is_default
    assert not (await named(staff)).is_default
    await staff.post(f"/templates/{firm.id}/retirement")

    assert "Overdue, firm" not in (await staff.get("/templates")).text
    assert "Overdue, firm" in (await staff.get("/templates?archived=yes")).text


async def test_a_customers_values_and_where_it_is_used_stand_beside_it(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
        await an_overdue_invoice(work, of=noor, minor=77_00)
    template = await named(staff)

    page = (await staff.get(f"/templates/{template.id}")).text
    shown = await staff.post(f"/templates/{template.id}/previews", **WORDS, customer=str(noor))

    assert "Notices of invoices that are late" in page
    assert "Dear <bdi>Atelier Noor" in shown.text
    assert "77.00" in shown.text


async def test_a_test_without_a_mailbox_says_so(staff: Staff):
    template = await named(staff)

    answer = await staff.browser.post(f"/templates/{template.id}/tests", data=WORDS, headers=HTMX)

    assert answer.status_code == 204
    assert "No mailbox is connected yet." in answer.headers["hx-trigger"]


async def test_a_test_goes_to_oneself_with_the_words_as_typed_and_nothing_is_stored(staff: Staff):
    senders = Senders()
    tester = await come_back(replace(staff.house, senders=senders), staff.tenant_id, staff.actor)
    async with staff.work() as work:
        await an_account(work, is_primary=True)
    template = await named(staff)

    sent = await tester.browser.post(
        f"/templates/{template.id}/tests", data={**WORDS, "to": "victim@x.example"}, headers=HTMX
    )
    bad = await tester.post(
        f"/templates/{template.id}/tests", **{**WORDS, "b0-text": "{{ customer.salary }}"}
    )

    assert "Handed over" in sent.headers["hx-trigger"]
    assert bad.status_code == 303
    [sender] = senders.made
    [letter] = sender.delivered
    assert letter.recipient not in ("", "victim@x.example")
    assert b"Open with Al Safa Accounting" in letter.message
    assert len(await english(staff, template.id)) == 1


async def test_a_viewer_looks_and_another_firm_finds_nothing(staff: Staff):
    template = await named(staff)
    [version] = await english(staff, template.id)
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)
    other = await sign_in(staff.house, await a_tenant(staff.office))
    one = f"/templates/{template.id}"

    assert (await viewer.post(f"{one}/previews", **WORDS)).status_code == 200
    for path in (f"{one}/usual", "/templates/library", f"{one}/versions/{version.id}/return"):
        assert (await viewer.post(path)).status_code == 403
    assert (await other.browser.get(f"{one}/versions/{version.id}")).status_code == 404
    for path in ("usual", "tests", f"versions/{version.id}/return"):
        assert (await other.post(f"{one}/{path}", **WORDS)).status_code == 404
    async with staff.work() as work:
        await edit_template(work, template.id, name="Still ours")
