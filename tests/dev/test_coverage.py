"""The page of coverage reads the code: an act stands beside the doors that come to it, and a blank needs a reason."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import pytest

from bursar.core.states import Move
from dev.reference import graph
from dev.reference.acts import Code, read_nouns
from dev.reference.coverage import Blank, Matrix, read_blanks
from dev.reference.doors import Way

pytestmark = pytest.mark.pure


class Lamp(StrEnum):
    OFF = "off"
    ON = "on"


FILES = {
    "src/bursar/billing/states.py": "SWITCH = 1\n",
    "src/bursar/billing/lamps.py": """
from bursar.billing import states
async def add_lamp(work): ...
async def switch(work): await move(work, states.SWITCH)
async def polish(work): ...
""",
    "src/bursar/web/lamps.py": """
from bursar.billing import lamps
ACTS = {"switch": lamps.switch}
async def add(request): await lamps.add_lamp(request)
async def act(request): await _do(request)
async def _do(request): await ACTS["switch"](request)
async def shine(request): await lamps.polish(request)
""",
    "tests/billing/test_lamps.py": """
from bursar.billing.lamps import add_lamp
async def test_a_lamp_is_added(work): await a_lamp(work)
async def a_lamp(work): await add_lamp(work)
""",
    "tests/doors/test_pages.py": """
def test_switching(client): client.post(f"/lamps/{1}/light")
""",
    "acts.toml": """
[lamp]
explained = "how-to/lamps.md"
create = ["billing.lamps.add_lamp"]
[inside]
functions = []
""",
    "docs/how-to/lamps.md": "# Lamps\n",
}
WAYS = [
    Way("web", "POST /lamps", "bursar.web.lamps.add"),
    Way("web", "POST /lamps/{lamp_id:uuid}/light", "bursar.web.lamps.act"),
    Way("web", "POST /lamps/{lamp_id}/shine", "bursar.web.lamps.shine"),
]
MOVES = {
    "bursar.billing.states.SWITCH": Move("lamps", "lamp", "switch", frozenset({Lamp.OFF}), Lamp.ON),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def a_matrix(root: Path, blanks: Sequence[Blank] = ()) -> Matrix:
    pages = {"docs/how-to/lamps.md": FILES["docs/how-to/lamps.md"]}
    return Matrix(Code(WAYS, root), read_nouns(root / "acts.toml", MOVES), list(blanks), pages)


def rows(matrix: Matrix) -> dict[str, dict[str, str]]:
    return {act.verb: row for act, row in matrix.rows.items()}


def test_an_act_stands_beside_the_page_its_words_and_its_tests(root: Path):
    row = rows(a_matrix(root))["create"]
    assert row["web"] == "POST /lamps"
    assert row["docs"] == "[lamps](../how-to/lamps.md)"
    assert row["tests"] == "billing/test_lamps.py"


def test_a_move_is_found_through_a_table_of_verbs_and_a_test_by_its_address(root: Path):
    row = rows(a_matrix(root))["→ switch"]
    assert row["web"] == "POST /lamps/{lamp_id}/light"
    assert row["docs"] == "[lifecycles](../reference/lifecycles.md)"


def test_a_test_that_asks_at_the_address_counts(root: Path):
    (root / "acts.toml").write_text(FILES["acts.toml"].replace("add_lamp", "switch"))
    assert rows(a_matrix(root))["create"]["tests"] == "doors/test_pages.py"


def test_a_verb_that_a_door_calls_and_no_act_names_is_a_problem(root: Path):
    problems = a_matrix(root).problems()
    assert "bursar.billing.lamps.polish is called by a door and stands in no act" in problems
    assert not any("add_lamp is" in line or "switch is" in line for line in problems)


def test_a_blank_wants_a_reason_and_a_reason_its_blank(root: Path):
    problems = a_matrix(root).problems()
    assert "lamp: create has a blank (API) for which blanks.toml says no reason" in problems
    assert "lamp: edit has a blank (nowhere) for which blanks.toml says no reason" in problems

    explained = a_matrix(
        root, [Blank("*", "*", ["API", "CLI", "worker", "tests", "nowhere"], "Only an example.")]
    )
    assert [line for line in explained.problems() if "blank" in line] == []

    idle = a_matrix(root, [Blank("lamp", "create", ["web"], "It is not blank.")])
    assert any("nothing there is blank" in line for line in idle.problems())


def test_the_narrowest_reason_counts(root: Path):
    wide, narrow = Blank("*", "*", ["API"], "Anything."), Blank("lamp", "create", ["API"], "This one.")
    matrix = a_matrix(root, [wide, narrow])
    assert next(
        why for (act, door), why in matrix.reasons.items() if act.verb == "create" and door == "API"
    ) == ("This one.")


def test_a_reason_of_three_words_is_none(tmp_path: Path):
    (tmp_path / "blanks.toml").write_text(
        '[[blank]]\nnoun = "lamp"\nverb = "edit"\ndoors = ["web"]\nreason = "Not needed here."\n'
    )
    with pytest.raises(ValueError, match="lamp, edit needs a reason"):
        read_blanks(tmp_path / "blanks.toml")


def test_what_a_module_only_imported_is_followed_to_its_home(tmp_path: Path):
    package = tmp_path / "bursar"
    package.mkdir()
    (package / "a.py").write_text("def verb(): ...\n")
    (package / "b.py").write_text("from bursar.a import verb\n")
    (package / "c.py").write_text("from bursar import b\ndef door(): return b.verb\n")
    assert graph.read((package, "bursar"))["bursar.c.door"] == {"bursar.a.verb"}
