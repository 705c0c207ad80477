"""What can be done in the product, and through which door: read from acts.toml, the moves and the code itself."""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bursar.core.states import Move
from dev.reference import graph
from dev.reference.doors import Way

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "web": ("bursar.web.",),
    "API": ("bursar.api.",),
    "CLI": ("bursar.cli.", "bursar.app."),
    "worker": ("bursar.",),
}
"""Whose functions a door may pass through before it counts as having reached the rooms."""

ROOMS = ("billing", "catalog", "chasing", "core", "notifications", "onboarding", "outbox", "tenancy")
USUAL = ("create", "list", "read", "edit")
READS = frozenset({"list", "read"})


@dataclass(frozen=True, slots=True)
class Act:
    """`goals` are the functions that do it, `deep` those that other functions of the rooms call for a door.

    A move's goals are deep: the constant, which nobody refers to but who makes the move.
    """

    noun: str
    verb: str
    goals: frozenset[str] = frozenset()
    deep: frozenset[str] = frozenset()
    event: str | None = None


@dataclass(frozen=True)
class Nouns:
    """acts.toml, read."""

    acts: tuple[Act, ...]
    explained: Mapping[str, str]
    inside: frozenset[str]


class Code:
    """The product and its tests as one graph, with what each way in reaches."""

    def __init__(self, ways: Iterable[Way], root: Path = ROOT) -> None:
        self.ways = list(ways)
        self.graph = graph.read((root / "src" / "bursar", "bursar"), (root / "tests", "tests"))
        self.root = root

    @cached_property
    def near(self) -> dict[Way, dict[str, int]]:
        """What a way reaches without going through a room; a worker's is what it reaches at all."""
        return {way: self._reach(way, PACKAGES[way.door]) for way in self.ways}

    @cached_property
    def far(self) -> dict[Way, dict[str, int]]:
        """Through rooms too, but not through lists of moves."""
        return {way: self._reach(way, ("bursar.",)) for way in self.ways}

    def verbs_of_rooms(self) -> Iterator[str]:
        """Every coroutine function of a room that a person's door reaches by itself."""
        coroutines = set(_coroutines(self.root / "src" / "bursar"))
        reached = {name for way in self.ways if way.door != "worker" for name in self.near[way]}
        yield from sorted(name for name in coroutines & reached if name.split(".")[1] in ROOMS)

    def makers_of(self, goals: frozenset[str]) -> set[str]:
        """Who refers to one of these names."""
        return {name for name, told in self.graph.items() if told & goals}

    def _reach(self, way: Way, packages: tuple[str, ...]) -> dict[str, int]:
        return graph.distances(
            self.graph,
            way.start,
            lambda name: name.startswith(packages) and ".states." not in name,
        )


def read_nouns(file: Path, moves: Mapping[str, Move]) -> Nouns:
    """Each noun's usual verbs, whether anything does them or not, its own ones, then its moves."""
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    inside = frozenset(f"bursar.{name}" for name in told.pop("inside")["functions"])
    acts: list[Act] = []
    explained: dict[str, str] = {}
    for noun, verbs in told.items():
        machine = verbs.pop("moves", noun)
        explained[noun] = verbs.pop("explained")
        ordered = [*USUAL, *(verb for verb in verbs if verb not in USUAL)]
        acts += [_act(noun, verb, verbs.get(verb, ())) for verb in ordered]
        acts += _moves_of(noun, machine, moves)
    return Nouns(tuple(acts), explained, inside)


def _act(noun: str, verb: str, names: Iterable[str]) -> Act:
    """A name with a star before it is deep."""
    names = list(names)
    return Act(
        noun,
        verb,
        goals=frozenset(f"bursar.{name}" for name in names if not name.startswith("*")),
        deep=frozenset(f"bursar.{name[1:]}" for name in names if name.startswith("*")),
    )


def _moves_of(noun: str, machine: str, moves: Mapping[str, Move]) -> Iterator[Act]:
    places: dict[str, set[str]] = defaultdict(set)
    for place, move in moves.items():
        if move.noun == machine:
            places[move.event].add(place)
    for event, goals in places.items():
        yield Act(noun, f"→ {event}", deep=frozenset(goals), event=f"{machine}.{event}")


def _coroutines(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.py"):
        name = ".".join(["bursar", *path.relative_to(folder).with_suffix("").parts])
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.AsyncFunctionDef):
                yield f"{name}.{node.name}"
