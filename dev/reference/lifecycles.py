"""The page of lifecycles: every machine's states and moves, from the `states` of each room."""

import pkgutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import StrEnum

import bursar
from bursar.core.states import Move
from dev.reference.modules import names_of

INTRODUCTION = """# Lifecycles

What may happen to each kind of thing. A move takes a row from one of the states on its left to the state on
its right, in one statement that checks the first; whatever is not listed here is refused and changes nothing.
Each move is one event of the journal, named as the second column says.
"""


def page() -> str:
    machines: dict[str, list[Move]] = defaultdict(list)
    for move in all_moves():
        machines[move.noun].append(move)
    return "\n".join([INTRODUCTION, *(machine(noun, machines[noun]) for noun in sorted(machines))])


def all_moves() -> Iterator[Move]:
    """Every Move that stands in a room's `states`, in the order it is written there."""
    yield from (move for _, move in moves_by_place())


def moves_by_place() -> Iterator[tuple[str, Move]]:
    """The same with the dotted name of each."""
    for found in pkgutil.iter_modules(bursar.__path__):
        if found.ispkg:
            for name, value in names_of(found.name, "states"):
                if isinstance(value, Move):
                    yield name, value


def machine(noun: str, moves: Iterable[Move]) -> str:
    moves = list(moves)
    states = ", ".join(f"`{state.value}`" for state in _states_of(moves))
    lines = [f"## {noun}", "", f"Table `{moves[0].table}`. States: {states}.", ""]
    lines += ["| from | event | to |", "|---|---|---|"]
    for move in moves:
        sources = ", ".join(state.value for state in type(move.target) if state in move.sources)
        lines.append(f"| {sources} | `{move.name}` | {move.target.value} |")
    return "\n".join([*lines, ""])


def _states_of(moves: list[Move]) -> list[StrEnum]:
    return list(type(moves[0].target))
