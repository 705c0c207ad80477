"""Which language a reader gets, and whether all its words are there."""

import ast
import importlib
import pkgutil
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from starlette.requests import Request

import bursar
from bursar.core.errors import Counted, IllegalMove, Invalid, NotFound
from bursar.web import languages, state_words

pytestmark = pytest.mark.pure

SOURCE = Path(str(bursar.__file__)).parent
TRANSLATED = [code for code in languages.OFFERED if code != languages.SOURCE.code]
MACHINES = {
    "ChaseState": "chase",
    "InvoiceState": "invoice",
    "PromiseState": "promise",
    "RecurringState": "recurring_invoice",
    "RefundState": "refund",
    "BankLineState": "bank_line",
    "EinvoiceState": "einvoice_document",
    "DisputeState": "dispute",
    "CampaignState": "campaign",
    "SendState": "send",
    "AccountState": "sending_account",
    "RunState": "run",
    "CustomerState": "customer",
    "ImportState": "import_run",
    "RowOutcome": "import_row",
    "TillState": "till",
    "CheckoutState": "checkout_session",
    "PaymentLinkState": "payment_link",
    "OrderState": "order",
}
NEVER_SHOWN = {"FileState", "ConsentState"}


def a_request(query: str = "", cookie: str = "", accept: str = "") -> Request:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accept.encode())]
    return Request({"type": "http", "query_string": query.encode(), "headers": headers})


def test_the_choice_in_hand_beats_cookie_account_and_browser():
    def chosen(account: str | None = None, **said: str) -> str:
        return languages.language_of(a_request(**said), account).code

    assert chosen(query="lang=en", cookie="bursar_language=ar", account="ar", accept="ar") == "en"
    assert chosen(cookie="bursar_language=en", account="ar", accept="ar") == "en"
    assert chosen(account="en", accept="ar") == "en"
    assert chosen(accept="ar") == "ar"
    assert chosen() == "en"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("ar-AE,en;q=0.5", "ar"),
        ("fr;q=0.9,ar;q=0.2,en;q=0.4", "en"),
        ("de,xx", "en"),
        ("en;q=0.3, AR;q=0.8", "ar"),
        ("ar;q=0", "en"),
        ("ar;q=oops,en", "en"),
        ("ar;q=9", "en"),
        (",;=" * 400, "en"),
    ],
)
def test_the_browsers_first_language_that_we_have_is_taken(header: str, code: str):
    assert languages.preferred(header).code == code


def test_an_unknown_language_in_the_address_is_passed_over():
    assert languages.language_of(a_request(query="lang=../../etc")).code == "en"


def test_arabic_runs_from_the_right():
    assert languages.OFFERED["ar"].dir == "rtl"


def test_a_refusal_is_said_with_its_places_filled_and_our_own_nouns_translated():
    assert languages.refusal_text("en", NotFound("invoice")) == "There is no such invoice."
    assert "فاتورة" in languages.refusal_text("ar", NotFound("invoice"))


def test_a_move_that_is_not_possible_is_explained_without_codes():
    moved = IllegalMove("sending_account", "needs_reauth", "begin_connect", ())

    assert (
        languages.refusal_text("en", moved)
        == "You cannot connect this sending account: it is “Sign in again” now."
    )
    arabic = languages.refusal_text("ar", moved)
    assert not any(letter.isascii() and letter.isalpha() for letter in arabic)


def test_how_many_there_are_of_each_is_said_in_the_readers_words():
    refusal = Invalid("%(reasons)s", code="x", reasons=Counted({"disputed": 2, "no e-mail address": 1}))
    assert languages.refusal_text("en", refusal) == "disputed: 2, no e-mail address: 1"
    arabic = languages.refusal_text("ar", refusal)
    assert not any(letter.isascii() and letter.isalpha() for letter in arabic)


def test_a_customers_name_in_a_refusal_is_not_translated():
    refusal = Invalid("%(address)s", code="x", address="E-mail me")
    assert languages.refusal_text("ar", refusal) == "E-mail me"


def test_a_percent_sign_from_outside_fills_no_place():
    refusal = Invalid("There is no such %(noun)s.", code="x", noun="100%(x)s")
    assert languages.refusal_text("en", refusal) == "There is no such 100%(x)s."


def extracted() -> Catalog:
    """Every text of the source that is marked for translation, as `make translations` finds it."""
    config = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in config]
    options = {mapping["pattern"]: mapping for mapping in config}
    catalog = Catalog()
    found = extract_from_dir(str(SOURCE), methods, options, keywords={**DEFAULT_KEYWORDS, "N_": None})
    for file, line, message, _comments, context in found:
        catalog.add(message, locations=[(file, line)], context=context)
    return catalog


@pytest.fixture(scope="module")
def source_texts() -> Catalog:
    return extracted()


def catalogue(code: str) -> Catalog:
    path = languages.LOCALES / code / "LC_MESSAGES" / "bursar.po"
    return read_po(BytesIO(path.read_bytes()), locale=code, abort_invalid=True)


def messages_of(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_text_has_its_translation(source_texts: Catalog, code: str):
    theirs = catalogue(code)
    missing = []
    for message in messages_of(source_texts):
        found = theirs.get(message.id, message.context)
        told: Any = found.string if found is not None and not found.fuzzy else ""
        if not (all(told) if isinstance(told, tuple) else told):
            missing.append(f"{message.locations[0][0]}:{message.locations[0][1]}: {message.id}")
    assert not missing, f"no {code} for (run `make translations`, then translate):\n" + "\n".join(missing)


@pytest.mark.parametrize("code", TRANSLATED)
def test_translations_keep_every_place_to_fill(code: str):
    wrong = [
        f"{message.id}: {error}" for message in messages_of(catalogue(code)) for error in message.check()
    ]
    assert not wrong


def test_arabic_counts_in_six_forms():
    theirs = catalogue("ar")
    assert theirs.num_plurals == 6
    said = languages.words_of("ar").ngettext
    one, many = "One thing needs another look.", "%(count)s things need another look."
    assert len({said(one, many, count) for count in (0, 1, 2, 5, 11, 100)}) == 6


def state_enums() -> Iterator[type[StrEnum]]:
    for info in pkgutil.iter_modules([str(SOURCE)], "bursar."):
        if not info.ispkg or not (SOURCE / info.name.rpartition(".")[2] / "states.py").is_file():
            continue
        module = importlib.import_module(f"{info.name}.states")
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, StrEnum) and thing.__module__ == module.__name__:
                yield thing


def test_every_state_a_page_can_show_has_a_word_and_a_colour():
    without = []
    for enum in state_enums():
        if enum.__name__ in NEVER_SHOWN or not enum.__name__.endswith(("State", "Outcome")):
            continue
        known = state_words.STATES.get(MACHINES.get(enum.__name__, ""), {})
        without += [f"{enum.__name__}.{state.name}" for state in enum if state not in known]
    assert not without, f"give these a word in web/state_words.py: {without}"


def refusals_in(tree: ast.AST) -> Iterator[ast.Constant]:
    """The literal texts handed to the refusals whose first argument is a text for people."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"Invalid", "Conflict", "TooMany", "Refusal"}
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.args[0]


def test_every_refusal_is_marked_for_translation():
    """But for the sandbox, whose refusals are the vendors' words."""
    unmarked = [
        f"{path.relative_to(SOURCE)}:{text.lineno}: {text.value}"
        for path in sorted(SOURCE.rglob("*.py"))
        if SOURCE / "sandbox" not in path.parents
        for text in refusals_in(ast.parse(path.read_text()))
    ]
    assert not unmarked, "wrap these in N_():\n" + "\n".join(unmarked)
