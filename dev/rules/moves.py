"""A state is written by a move.

`move()` guards the states a row may come from and names the event in the journal. A statement that moves a
set does the same by hand: it takes its new state from a Move (`CLAIM.target`) and, in the same function, the
states it may come from (`CLAIM.sources`). Anything else would write a state that no lifecycle lists. The
state in which a new row is born is an insert's and free.
"""

import ast
import re
from collections.abc import Iterator

from dev.rules.source import Finding, Function, Source, calls, dotted, last_name

HOME = "src/bursar/core/moves.py"
IN_TEXT = re.compile(r"\bset\s+(?:[^;]*,\s*)?state\s*=", re.IGNORECASE)
ADVICE = "a state is written by move(), or, for a set, from a Move: state=X.target guarded by X.sources"


def check(source: Source) -> Iterator[Finding]:
    if not source.shipped or source.path == HOME:
        return
    for function in source.functions():
        guarded = {
            dotted(node.value)
            for node in ast.walk(function)
            if isinstance(node, ast.Attribute) and node.attr == "sources"
        }
        for line, value in _states_written(function):
            if not _from_guarded_move(value, guarded):
                yield Finding(line, function.name, ADVICE)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and IN_TEXT.search(node.value):
            yield Finding(node.lineno, "text", ADVICE)


def _states_written(function: Function) -> Iterator[tuple[int, ast.expr]]:
    """Line and value of each `state` that an UPDATE's values name."""
    for call in calls(function):
        if last_name(call.func) not in {"values", "on_conflict_do_update"} or _is_insert(call):
            continue
        for keyword in call.keywords:
            if keyword.arg == "state":
                yield call.lineno, keyword.value
        dictionaries = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "set_")]
        for argument in dictionaries:
            if isinstance(argument, ast.Dict):
                for key, value in zip(argument.keys, argument.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "state":
                        yield call.lineno, value


def _is_insert(call: ast.Call) -> bool:
    """Whether the chain before `.values(...)` began with `insert(...)`. What an upsert sets is an update."""
    if last_name(call.func) == "on_conflict_do_update":
        return False
    return any(last_name(inner.func) == "insert" for inner in calls(call.func))


def _from_guarded_move(value: ast.expr, guarded: set[str]) -> bool:
    return isinstance(value, ast.Attribute) and value.attr == "target" and dotted(value.value) in guarded
