"""SQL text is never put together from values.

A value inside the text is an injection waiting for its customer's name, and a plan the database cannot
keep. Values are bound (`:name`); names that cannot be bound (a partition, a role) go through psycopg.sql.
"""

import ast
from collections.abc import Iterator

from dev.rules.source import Finding, Source, calls, last_name

TAKES_SQL = frozenset({"text", "execute", "executemany", "exec_driver_sql", "scalar", "scalars", "stream"})


def check(source: Source) -> Iterator[Finding]:
    if not source.shipped:
        return
    for call in calls(source.tree):
        if last_name(call.func) in TAKES_SQL and call.args and _assembled(call.args[0]):
            yield Finding(
                call.lineno,
                last_name(call.func),
                "SQL text put together from values: bind them (:name), or psycopg.sql for names",
            )


def _assembled(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
        return _texty(node.left) or _texty(node.right)
    return isinstance(node, ast.Call) and last_name(node.func) == "format" and _formats_text(node)


def _texty(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _formats_text(node: ast.Call) -> bool:
    """`"...".format(x)`, but not psycopg's `sql.SQL("...").format(x)`, which quotes what it puts in."""
    return isinstance(node.func, ast.Attribute) and _texty(node.func.value)
