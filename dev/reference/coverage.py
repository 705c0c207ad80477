"""The page of coverage: for each thing, what can be done to it through which door, derived from the code.

`problems` are the blanks that nobody has explained, reasons whose blank is gone, and verbs that stand nowhere.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dev.reference.acts import READS, ROOT, Act, Code, Nouns, read_nouns
from dev.reference.doors import DOORS, Way, ways
from dev.reference.lifecycles import moves_by_place
from dev.reference.tested import Tests

HERE = Path(__file__).parent
INTRODUCTION = """# Coverage

What can be done to each thing, and where. Doors are read from the code: a page, an API operation (below
`/api/v1`), a command or a job stands beside an act when its code comes to the function that does it; a test when
it calls that function, one file of perhaps several. *on …* is one room's answer to another's news. A number after a
plus says how many more ways there are. Below each table stands why something cannot be done through a door.
"""
HAND_WRITTEN = ("docs/how-to", "docs/tutorial", "README.md")
COLUMNS = (*DOORS, "docs", "tests")
NOWHERE = "nowhere"
"""The column of a verb that nothing does: it asks for one reason, not for six."""


@dataclass
class Blank:
    """One reason of blanks.toml; `used` once a blank asked for it."""

    noun: str
    verb: str
    doors: Sequence[str]
    reason: str
    used: bool = False

    def fits(self, act: Act, door: str) -> bool:
        return self.noun in {"*", act.noun} and self.verb in {"*", act.verb} and door in self.doors

    @property
    def narrow(self) -> int:
        return (self.noun != "*") + (self.verb != "*")


class Matrix:
    """The rows of every noun, each cell a text or empty."""

    def __init__(self, code: Code, nouns: Nouns, blanks: Sequence[Blank], pages: dict[str, str]) -> None:
        self.code, self.nouns, self.pages = code, nouns, pages
        self.tests = Tests(code.graph, code.root / "tests")
        self.blanks = sorted(blanks, key=lambda blank: -blank.narrow)
        self.rows = {act: self._row(act) for act in nouns.acts}
        self.reasons = {
            (act, column): self._reason(act, column)
            for act, row in self.rows.items()
            for column in (_blanks(row) if act.goals or act.deep else [NOWHERE])
        }

    def problems(self) -> list[str]:
        found = [
            f"{act.noun}: {act.verb} has a blank ({column}) for which blanks.toml says no reason"
            for (act, column), reason in self.reasons.items()
            if reason is None
        ]
        found += [
            f"blanks.toml explains {blank.noun}, {blank.verb} for {', '.join(blank.doors)}, and nothing there is blank"
            for blank in self.blanks
            if not blank.used
        ]
        goals = {goal for act in self.nouns.acts for goal in act.goals | act.deep}
        found += [
            f"acts.toml names {goal}, which is not there" for goal in sorted(goals - set(self.code.graph))
        ]
        listed = goals | self.nouns.inside | self._makers()
        found += [
            f"{verb} is called by a door and stands in no act"
            for verb in self.code.verbs_of_rooms()
            if verb not in listed
        ]
        return found

    def page(self) -> str:
        sections = [self._section(noun) for noun in dict.fromkeys(act.noun for act in self.nouns.acts)]
        return "\n".join([INTRODUCTION, *sections])

    def _row(self, act: Act) -> dict[str, str]:
        cells = {door: self._ways(act, door) for door in DOORS}
        return {**cells, "docs": self._docs(act, cells), "tests": self._tests(act)}

    def _ways(self, act: Act, door: str) -> str:
        """Ways that name the thing first, of these the nearest; reading is a GET, and no worker reads for somebody."""
        if door == "worker" and act.verb in READS:
            return ""
        found: list[tuple[bool, int, int, str]] = []
        for way in self.code.ways:
            steps = self._steps(act, way) if way.door == door else None
            if steps is not None and _suits(act, way):
                found.append((not _names(act, way), steps, len(way.words), way.words))
        if act.deep and found:  # further ones pass by on their way to something else
            nearest = min(steps for _, steps, _, _ in found)
            found = [one for one in found if one[1] == nearest]
        return _with_more([_in_words(words) for *_, words in sorted(found)])

    def _steps(self, act: Act, way: Way) -> int | None:
        near, far = self.code.near[way], self.code.far[way] if act.deep else {}
        steps = [near[goal] for goal in act.goals if goal in near]
        steps += [far[goal] for goal in act.deep if goal in far]
        return min(steps, default=None)

    def _docs(self, act: Act, cells: dict[str, str]) -> str:
        """A page that says how, by the words of a command or address; else the thing's page; else the list of all."""
        explained = f"docs/{self.nouns.explained[act.noun]}"
        for path, text in sorted(self.pages.items(), key=lambda page: page[0] != explained):
            for door, cell in cells.items():
                if door != "worker" and cell and _mentions(text, door, cell):
                    return _link(path)
        if act.event:
            return _link("docs/reference/lifecycles.md")
        if any(cells.values()):
            return _link(explained) if (self.code.root / explained).is_file() else ""
        return ""

    def _tests(self, act: Act) -> str:
        names = act.goals | act.deep
        if act.deep:
            names |= {name for name in self.code.makers_of(act.deep) if name.startswith("bursar.")}
        ways = [way for way in self.code.ways if _suits(act, way) and self.code.near[way].keys() & act.goals]
        found = self.tests.of(names, ways, act.event)
        return _at_home([path.removeprefix("tests/") for path in found], names)

    def _reason(self, act: Act, column: str) -> str | None:
        for blank in self.blanks:
            if blank.fits(act, column):
                blank.used = True
                return blank.reason
        return None

    def _makers(self) -> set[str]:
        """Functions that make a move by name are in the move's row; what they call is looked at as well."""
        moves = frozenset(goal for act in self.nouns.acts if act.event for goal in act.deep)
        made = {name for name in self.code.makers_of(moves) if name.startswith("bursar.")}
        return made | {name for name in self.code.makers_of(frozenset(made)) if name.startswith("bursar.")}

    def _section(self, noun: str) -> str:
        acts = [act for act in self.rows if act.noun == noun]
        lines = [f"## {noun}", "", "| | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
        for act in acts:
            cells = " | ".join(self.rows[act][column] or "–" for column in COLUMNS)
            lines.append(f"| {_title(act)} | {cells} |")
        return "\n".join([*lines, "", *self._explained(acts), ""])

    def _explained(self, acts: Iterable[Act]) -> Iterator[str]:
        """One line a reason, with all it explains here; what holds everywhere is not repeated."""
        lines: dict[str, dict[str, list[str]]] = {}
        for act in acts:
            for column in (*COLUMNS, NOWHERE):
                reason = self.reasons.get((act, column))
                if reason and column != "worker":
                    lines.setdefault(reason, {}).setdefault(act.verb, []).append(column)
        for reason, verbs in lines.items():
            what = "; ".join(f"*{verb}* ({', '.join(columns)})" for verb, columns in verbs.items())
            yield f"- {what}: {reason}"


@cache
def matrix() -> Matrix:
    nouns = read_nouns(HERE / "acts.toml", dict(moves_by_place()))
    return Matrix(Code(ways()), nouns, read_blanks(HERE / "blanks.toml"), hand_written(ROOT))


def page() -> str:
    return matrix().page()


def problems() -> list[str]:
    return matrix().problems()


def read_blanks(file: Path) -> list[Blank]:
    """Raises `ValueError` for a reason that is none."""
    told = tomllib.loads(file.read_text(encoding="utf-8")).get("blank", [])
    for one in told:
        if len(one["reason"].split()) < 4:
            raise ValueError(f"{file.name}: {one['noun']}, {one['verb']} needs a reason in words")
    return [
        Blank(noun, verb, one["doors"], one["reason"])
        for one in told
        for noun in _each(one["noun"])
        for verb in _each(one["verb"])
    ]


def _each(told: str | list[str]) -> list[str]:
    return [told] if isinstance(told, str) else told


def hand_written(root: Path) -> dict[str, str]:
    """The pages that people wrote for people."""
    found: dict[str, str] = {}
    for name in HAND_WRITTEN:
        path = root / name
        files = sorted(path.glob("*.md")) if path.is_dir() else [path]
        found |= {str(file.relative_to(root)): file.read_text(encoding="utf-8") for file in files}
    return found


def _title(act: Act) -> str:
    return f"`{act.event}`" if act.event else f"**{act.verb}**"


def _blanks(row: dict[str, str]) -> list[str]:
    return [column for column, cell in row.items() if not cell]


def _suits(act: Act, way: Way) -> bool:
    if way.door not in {"web", "API"}:
        return True
    reads = act.verb in READS or act.verb.startswith(("say", "add up", "preview", "record", "ask why"))
    return way.words.startswith("GET") if reads else not way.words.startswith("GET")


def _names(act: Act, way: Way) -> bool:
    """Whether its words are about the thing, and about one or many of it as the act is."""
    words = way.words.replace(" ", "-")
    if act.noun.lower().replace(" ", "-") not in words:
        return False
    return (act.verb == "read") == words.endswith("}") if act.verb in READS else True


def _with_more(found: Sequence[str]) -> str:
    if not found:
        return ""
    more = f" +{len(found) - 1}" if len(found) > 1 else ""
    return f"{found[0]}{more}"


def _at_home(files: Sequence[str], goals: Iterable[str]) -> str:
    """One file, and no count of the others, or the page would be old after each new test: that of the subject
    itself if it is among them, else one of its room, else the first.
    """
    places = [goal.split(".")[1:3] for goal in sorted(goals)]
    for wanted in (
        *(f"{room}/test_{subject}.py" for room, subject in places),
        *(f"{room}/" for room, _ in places),
    ):
        for file in files:
            if file.startswith(wanted):
                return file
    return files[0] if files else ""


def _in_words(words: str) -> str:
    """A route as a person reads it: no types of its places."""
    return re.sub(r":\w+\}", "}", words)


def _mentions(text: str, door: str, cell: str) -> bool:
    words = re.sub(r" \+\d+$", "", cell)
    if door == "CLI":
        return words in text
    address = re.escape(words.partition(" ")[2])
    pattern = re.sub(r"\\\{\w+\\\}", r"[^/\\s`]+", address)
    prefix = "/api/v1" if door == "API" else ""
    return len(words.split("/")) > 2 and bool(re.search(rf"(?<![\w/]){prefix}{pattern}(?![\w/])", text))


def _link(path: str) -> str:
    """From docs/reference to a page of the project."""
    return (
        f"[{Path(path).stem}](../{path.removeprefix('docs/')})"
        if path.startswith("docs/")
        else f"[{path}](../../{path})"
    )
