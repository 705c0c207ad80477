"""The page of figures, from what was measured last (benchmarks/figures.json), and its table for the README."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).parents[2] / "benchmarks" / "figures.json"
INTRODUCTION = """# Figures

Each was taken in one run on one machine together with its limit: the same work by the barest means that keep
every constraint (hand-written SQL set by set, bytes from memory to a socket). Ratios carry over to another
machine, seconds do not. A command prints what it compares and checks its own output before it says a figure.

"""
HEAD = "| work | ours | limit | ratio | goal | command |\n|---|---|---|---|---|---|\n"


def page() -> str:
    """`figures.json` holds `taken_on`, `machine` and `figures`, whose fields are the columns of the table."""
    told = read()
    taken = f"Taken on {told['taken_on']}: {told['machine']}.\n\n" if told["figures"] else ""
    return INTRODUCTION + taken + table(told)


def table(told: Mapping[str, Any]) -> str:
    if not told["figures"]:
        return "Nothing has been measured yet.\n"
    return HEAD + "".join(map(_line, told["figures"]))


def part() -> str:
    """The same table, to stand in another page."""
    return table(read())


def read() -> dict[str, Any]:
    return json.loads(FIGURES.read_text(encoding="utf-8"))


def _line(figure: Mapping[str, Any]) -> str:
    cells = [str(figure.get(name, "")) for name in ("work", "figure", "limit", "ratio", "goal")]
    return f"| {' | '.join(cells)} | `{figure['command']}` |\n"
