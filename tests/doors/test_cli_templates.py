"""`bursar template …`: written from files, looked at, published, brought in, put in from the library, tried."""

from pathlib import Path

import pytest

from tests.makers.cli import Shell
from tests.makers.outbox import BODY, an_account

AT = ("--tenant", "acme")
HTML = "<title>About {{invoice_number}}</title><p>Dear [Client Name], {{amount_due}}<script>x</script></p>"


@pytest.fixture
def firm(shell: Shell) -> Shell:
    shell.firm()
    return shell


@pytest.fixture
def body(tmp_path: Path) -> str:
    path = tmp_path / "body.html"
    path.write_text(BODY, encoding="utf-8")
    return str(path)


def created(firm: Shell, body: str) -> dict:
    words = ("--subject", "Open invoices", "--body", body)
    return firm.answer(
        "template", "create", "mine", *AT, "--name", "Mine", "--category", "overdue_notice", *words
    )


def test_one_is_written_published_and_shown(firm: Shell, body: str):
    made = created(firm, body)
    assert (made["drafts"], made["published"]) == (["en"], [])

    published = firm.answer("template", "publish", "mine", *AT)
    drafted = firm.answer(
        "template",
        "draft",
        "mine",
        *AT,
        "--locale",
        "ar",
        "--subject",
        "فواتير",
        "--preheader",
        "تنبيه",
        "--body",
        body,
    )

    assert published["published"] == ["en"]
    assert drafted["drafts"] == ["ar"]
    assert firm.refusal("template", "publish", "mine", *AT, "--locale", "en")["error"] == "no_draft"
    assert firm.answer("template", "publish", "mine", *AT)["published"] == ["ar", "en"]
    shown = firm.answer("template", "show", "mine", *AT)
    assert [(one["locale"], one["preheader"]) for one in shown["versions"]] == [("ar", "تنبيه"), ("en", "")]
    assert shown["results"]["sent"] == 0
    assert "Mine" in firm("template", "show", "mine", *AT).output


def test_the_list_says_what_is_there_and_what_is_archived(firm: Shell, body: str):
    created(firm, body)
    codes = [one["code"] for one in firm.answer("template", "list", *AT)["items"]]
    assert {"mine", "before_due", "last_notice"} <= set(codes)

    assert not firm.answer("template", "archive", "mine", *AT)["active"]
    assert "mine" not in [one["code"] for one in firm.answer("template", "list", *AT)["items"]]
    assert firm.answer("template", "restore", "mine", *AT)["active"]
    assert "archived" not in firm("template", "list", *AT, "--archived").output


def test_one_is_made_the_usual_of_its_kind(firm: Shell):
    assert firm.answer("template", "usual", "overdue_firm", *AT)["is_default"]

    found = firm.answer("template", "list", *AT, "--category", "overdue_notice")["items"]
    assert [one["code"] for one in found if one["is_default"]] == ["overdue_firm"]


def test_it_is_looked_at_as_a_reader_would_see_it(firm: Shell, tmp_path: Path):
    page = tmp_path / "seen.html"

    told = firm.answer("template", "preview", "overdue_gentle", *AT, "--locale", "ar", "--html", str(page))

    assert "INV-2041" in told["text"]
    assert 'dir="rtl"' in page.read_text(encoding="utf-8")
    assert "INV-2041" in firm("template", "preview", "overdue_gentle", *AT).output
    assert (
        firm.refusal("template", "preview", "payment_follow_up", *AT, "--locale", "he")["error"] == "no_words"
    )


def test_html_is_looked_at_and_then_kept(firm: Shell, tmp_path: Path):
    page = tmp_path / "old.html"
    page.write_text(HTML, encoding="utf-8")
    words = (str(page), *AT, "--name", "Old friend", "--category", "overdue_notice")

    looked = firm.answer("template", "import", *words)
    kept = firm.answer("template", "import", *words, "--apply")

    assert (looked["id"], looked["recognised"]["[Client Name]"]) == (None, "customer.name")
    assert kept["code"] == "old_friend"
    assert firm.answer("template", "show", "old_friend", *AT)["source"] == "imported"
    assert "Nothing was written" in firm("template", "import", *words).output
    page.write_bytes(b"\xff\xfe<p>")
    assert firm.refusal("template", "import", *words)["error"] == "not_utf8"


def test_the_library_is_there_already_in_a_new_firm(firm: Shell):
    assert firm.answer("template", "install", *AT)["added"] == []
    assert "Everything was here already" in firm("template", "install", *AT).output


def test_a_test_goes_to_ones_own_people_and_through_a_mailbox(firm: Shell):
    words = ("template", "test", "overdue_gentle", *AT, "--to")
    assert firm.refusal(*words, "victim@elsewhere.example")["error"] == "no_account"

    async def connected(work):
        await an_account(work, is_primary=True)

    firm.inside(connected)

    assert firm.refusal(*words, "victim@elsewhere.example")["error"] == "test_to_stranger"


def test_what_is_not_there_is_said(firm: Shell, body: str):
    assert firm.refusal("template", "show", "nothing", *AT)["error"] == "not_found"
    assert firm.refusal("template", "create", "x y", *AT, "--name", "X", "--category", "thanks", "--subject", "s",
                        "--body", body)["error"] == "code_not_usable"  # fmt: skip
    assert firm.refusal("template", "create", "xy", *AT, "--name", "X", "--category", "thanks", "--subject", "s",
                        "--body", "/nowhere")["error"] == "file_unreadable"  # fmt: skip
