"""A state is written by a move.

`move()` guards the states a row may come from and names the event in the journal. A statement that moves a
set stands in `queries` and carries the same guard itself: the states a row may come from, in its WHERE, from
a Move (`CLAIM.sources`) or spelled out. Without it the second of two workers overwrites what the first knew.
The state in which a new row is born is an insert's and free.
"""

import ast
import re
from collections.abc import Iterator

from dev.rules.source import Finding, Function, Source, calls, last_name

HOME = "src/bursar/core/moves.py"
WRITES = re.compile(r"\bset\s+(?:(?!\bwhere\b)[^;])*?\bstate\s*=", re.IGNORECASE | re.DOTALL)
GUARDS = re.compile(r"\bwhere\b.*\bstate\s*(?:=|in\b)", re.IGNORECASE | re.DOTALL)
OUTSIDE = (
    "a state is written by move(); a set of rows moves by a statement of queries, guarded by its sources"
)
UNGUARDED = (
    "this UPDATE writes a state without saying from which: guard it by X.sources, or where state in (...)"
)


def check(source: Source) -> Iterator[Finding]:
    if not source.shipped or source.path == HOME:
        return
    functions = list(source.functions())
    guards = {function.name for function in functions if _guards(function, set())}
    for function in functions:
        for line in _states_written(function):
            if not source.spells_sql:
                yield Finding(line, function.name, OUTSIDE)
            elif not _guards(function, guards):
                yield Finding(line, function.name, UNGUARDED)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and WRITES.search(node.value):
            if not source.spells_sql:
                yield Finding(node.lineno, "text", OUTSIDE)
            elif not GUARDS.search(node.value):
                yield Finding(node.lineno, "text", UNGUARDED)


def _states_written(function: Function) -> Iterator[int]:
    """The line of each `state` that an UPDATE's values name."""
    for call in calls(function):
        if last_name(call.func) not in {"values", "on_conflict_do_update"} or _is_insert(call):
            continue
        if any(keyword.arg == "state" for keyword in call.keywords):
            yield call.lineno
        for argument in (*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "set_")):
            if isinstance(argument, ast.Dict) and any(_is_state(key) for key in argument.keys):
                yield call.lineno


def _is_state(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and key.value == "state"


def _is_insert(call: ast.Call) -> bool:
    """Whether the chain before `.values(...)` began with `insert(...)`. What an upsert sets is an update."""
    if last_name(call.func) == "on_conflict_do_update":
        return False
    return any(last_name(inner.func) == "insert" for inner in calls(call.func))


def _guards(function: Function, known: set[str]) -> bool:
    """Whether it names a Move's sources, compares a state column, or calls one of `known` that does."""
    for node in ast.walk(function):
        match node:
            case ast.Attribute(attr="sources"):
                return True
            case ast.Compare(left=ast.Attribute(attr="state")):
                return True
            case ast.Call(func=ast.Attribute(attr="in_", value=ast.Attribute(attr="state"))):
                return True
            case ast.Call() if last_name(node.func) in known:
                return True
    return False
