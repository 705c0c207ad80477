"""Around templates over the API: blocks, tags, previews with a customer's values, the library, messages brought in."""

import json

import pytest

from tests.makers.api import Program
from tests.makers.billing import an_overdue_invoice
from tests.makers.outbox import BODY
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio

WORDS = {"locale": "en", "subject": "Open with {{ tenant.name }}", "body": BODY}
BLOCKS = json.dumps(
    [
        {"kind": "text", "text": "Dear {{ customer.name }}"},
        {"kind": "invoices", "columns": ["number", "balance"]},
    ]
)
HTML = "<title>About {{invoice_number}}</title><p onclick=x>Dear [Client Name], {{amount_due}}<script>x</script></p>"
BROUGHT = {"name": "Old friend", "category": "overdue_notice", "locale": "en", "source": HTML}


async def a_template(program: Program, code: str = "mine") -> str:
    made = await program.post(
        "/templates", {"code": code, "name": "Mine", "category": "overdue_notice", "first": WORDS}
    )
    return f"/templates/{made['id']}"


async def publish(program: Program, path: str, words: dict[str, str]) -> str:
    draft = (await program.post(f"{path}/drafts", words))["id"]
    await program.post(f"{path}/versions/{draft}/publication")
    return draft


async def test_blocks_and_a_preheader_are_words_like_others(program: Program):
    path = await a_template(program)

    await publish(
        program, path, {**WORDS, "body": BLOCKS, "body_format": "blocks", "preheader": "Nothing bad"}
    )
    newest = (await program.get(path))["versions"][0]
    shown = await program.post(
        "/template-previews",
        {
            **WORDS,
            "body": BLOCKS,
            "body_format": "blocks",
            "preheader": "Hi {{ customer.name }}",
            "category": "overdue_notice",
        },
    )

    assert (newest["body_format"], newest["preheader"], newest["number"]) == ("blocks", "Nothing bad", 1)
    assert "INV-2041" in shown["html"]
    assert shown["preheader"] == "Hi Huda Salem"
    refused = {**WORDS, "body": '[{"kind": "script"}]', "body_format": "blocks"}
    assert await program.refused("POST", f"{path}/drafts", refused) == (422, "block_kind")


async def test_a_preview_can_have_a_customers_own_values(program: Program):
    async with program.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
        await an_overdue_invoice(work, of=noor, minor=77_00)
    asked = {**WORDS, "category": "overdue_notice", "body": BODY + "{{ customer.name }}"}

    shown = await program.post("/template-previews", {**asked, "customer_id": str(noor)})

    assert "Atelier Noor" in shown["text"]
    assert "77.00" in shown["text"]
    nobody = {**asked, "customer_id": str(program.tenant_id)}
    assert (await program.refused("POST", "/template-previews", nobody))[0] == 404


async def test_old_words_come_back_and_one_is_the_usual(program: Program):
    path = await a_template(program)
    first = await publish(program, path, WORDS)
    second = await publish(program, path, {**WORDS, "subject": "Second"})

    back = await program.post(f"{path}/versions/{first}/return")
    usual = await program.post(f"{path}/usual")
    copy = await program.post(f"{path}/copies")

    assert [one["subject"] for one in back["versions"]] == [WORDS["subject"], "Second", WORDS["subject"]]
    assert usual["is_default"]
    assert (copy["code"], copy["is_default"], copy["published"]) == ("mine-2", False, [])
    newest = back["versions"][0]["id"]
    assert await program.refused("POST", f"{path}/versions/{newest}/return") == (409, "version_in_use")
    assert second != newest


async def test_it_is_renamed_described_and_archived(program: Program):
    path = await a_template(program)

    told = await program("PATCH", path, {"name": "Ours", "description": "For the season", "active": False})

    assert told.status_code == 200
    assert (told.json()["name"], told.json()["description"], told.json()["active"]) == (
        "Ours",
        "For the season",
        False,
    )


async def test_tags_are_told_with_what_they_mean(program: Program):
    tags = {
        one["path"]: one for one in (await program.get("/template-tags", category="overdue_notice"))["items"]
    }

    assert tags["invoices[].number"]["required"]
    assert not tags["customer.name"]["required"]
    assert tags["pay_link"]["kind"] == "address"
    assert "payment.amount" not in tags


async def test_the_library_is_put_in_once(program: Program):
    assert "last_notice" in (await program.post("/template-library"))["added"]
    assert (await program.post("/template-library"))["added"] == []


async def test_html_is_brought_in_after_a_look(program: Program):
    looked = await program.post("/template-imports", {**BROUGHT, "dry_run": True})
    kept = await program.post("/template-imports", BROUGHT)

    assert looked["id"] is None
    assert looked["recognised"]["[Client Name]"] == "customer.name"
    assert looked["removed"] == ["<script>"]
    assert looked["one_invoice"]
    found = await program.get(f"/templates/{kept['id']}")
    assert (found["code"], found["source"], found["drafts"]) == ("old_friend", "imported", ["en"])
    unknown = {**BROUGHT, "source": HTML + "{{points}}"}
    assert await program.refused("POST", "/template-imports", unknown) == (422, "foreign_tag_unknown")


async def test_usage_and_results_begin_with_nothing(program: Program):
    path = await a_template(program)

    told = await program.get(f"{path}/usage")

    assert told["usage"] == {"campaigns": [], "sequences": [], "notices": []}
    assert {key: told["results"][key] for key in ("sent", "bounced", "replied", "clicked", "collected")} == {
        "sent": 0, "bounced": 0, "replied": 0, "clicked": 0, "collected": [],
    }  # fmt: skip
    assert (await program.refused("GET", f"/templates/{program.tenant_id}/usage"))[0] == 404
