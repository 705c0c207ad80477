"""What every rule is given, and what it answers."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule: where, and what to do instead. `name` is what an entry of exceptions.toml names."""

    line: int
    name: str
    message: str


@dataclass(frozen=True)
class Source:
    """One Python file of ours. `path` is relative to the project and written with slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.path)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        return PurePosixPath(self.path).parts

    @property
    def shipped(self) -> bool:
        """Part of the package, as against tests and tools."""
        return self.path.startswith("src/bursar/")

    @property
    def room(self) -> str | None:
        """`billing` of src/bursar/billing/invoices.py; a file right under bursar/ is in no room."""
        return self.parts[2] if self.shipped and len(self.parts) > 3 else None

    @property
    def spells_sql(self) -> bool:
        """A room's `queries`: one file, or a folder of that name once it is too long."""
        return self.shipped and ("queries" in self.parts or self.parts[-1] == "queries.py")

    def functions(self) -> Iterator[Function]:
        """Every function and method that stands in no other function."""
        yield from _outermost(self.tree)


Check = Callable[[Source], Iterator[Finding]]


def _outermost(node: ast.AST) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield child
        else:
            yield from _outermost(child)


def dotted(node: ast.expr) -> str:
    """`sa.func.now` for that attribute chain; an empty string for anything that is not only names."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else ""
    return ""


def last_name(node: ast.expr) -> str:
    """`execute` of `work.db.execute`, whatever stands before the dot."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def calls(node: ast.AST) -> Iterator[ast.Call]:
    yield from (each for each in ast.walk(node) if isinstance(each, ast.Call))
