"""A file has at most 300 lines and a function at most 60.

Beyond that a reader no longer holds it at once, and there is mostly a noun inside that has no name yet.
Numbered migrations are exempt: they are written once and never grow.
"""

import ast
from collections.abc import Iterator

from dev.rules.source import Finding, Function, Source

FILE_LINES = 300
FUNCTION_LINES = 60


def check(source: Source) -> Iterator[Finding]:
    if source.parts[0] == "migrations":
        return
    lines = len(source.text.splitlines())
    if lines > FILE_LINES:
        yield Finding(1, source.parts[-1], f"{lines} lines, at most {FILE_LINES}: look for the missing noun")
    for node in ast.walk(source.tree):
        if isinstance(node, Function):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield Finding(
                    node.lineno,
                    node.name,
                    f"{node.name}() has {length} lines, at most {FUNCTION_LINES}: split the act",
                )
