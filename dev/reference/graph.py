"""Who refers to whom in our own code: functions, methods, classes and module-level names, read and not run.

A reference counts as much as a call, since doors hand verbs on. What an expression cannot tell (`house.x.y()`)
is taken for the one method of that name, if only one class of ours has it.
"""

import ast
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Graph = Mapping[str, frozenset[str]]
"""A dotted name and the dotted names that stand in its body."""

Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass
class Module:
    """One file. `imports` maps a local name to what it means, wherever in the file it is imported."""

    name: str
    tree: ast.Module
    imports: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, ast.AST] = field(default_factory=dict)


def read(*folders: tuple[Path, str]) -> Graph:
    """The graph over each folder, whose modules are called after the package beside it."""
    modules = {module.name: module for folder, package in folders for module in _modules(folder, package)}
    names = {f"{module.name}.{node}" for module in modules.values() for node in module.nodes}
    methods = _methods_by_name(names)
    return {
        f"{module.name}.{name}": frozenset(_references(module, node, modules, names, methods))
        | _methods_of(f"{module.name}.{name}", node)
        for module in modules.values()
        for name, node in module.nodes.items()
    }


def distances(graph: Graph, start: str, enter: Callable[[str], bool]) -> dict[str, int]:
    """Every name within reach of `start` and how many steps away; only names that `enter` lets in are left again."""
    reached, waiting = {start: 0}, deque([start])
    while waiting:
        here = waiting.popleft()
        for name in sorted(graph.get(here, ())):
            if name not in reached:
                reached[name] = reached[here] + 1
                if enter(name):
                    waiting.append(name)
    return reached


def _modules(folder: Path, package: str) -> Iterator[Module]:
    for path in sorted(folder.rglob("*.py")):
        parts = [package, *path.relative_to(folder).with_suffix("").parts]
        name = ".".join(part for part in parts if part != "__init__")
        module = Module(name, ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))
        module.imports = dict(_imports(module.tree))
        module.nodes = dict(_nodes(module.tree.body, ""))
        yield module


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((one.asname or one.name, f"{node.module}.{one.name}") for one in node.names)
        elif isinstance(node, ast.Import):
            yield from ((one.asname, one.name) for one in node.names if one.asname)


def _nodes(body: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.AST]]:
    for statement in body:
        if isinstance(statement, Defined):
            yield f"{prefix}{statement.name}", statement
            if isinstance(statement, ast.ClassDef):
                yield from _nodes(statement.body, f"{prefix}{statement.name}.")
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and not prefix:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [name for target in targets for name in _names_of(target)]
            yield from ((f"{prefix}{name}", statement) for name in names)


def _names_of(target: ast.expr) -> list[str]:
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def _methods_by_name(names: Iterable[str]) -> dict[str, str]:
    """The product's methods whose last word is unique among them all."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        owner, _, last = name.rpartition(".")
        if name.startswith("bursar.") and owner.rpartition(".")[2][:1].isupper():
            found[last].append(name)
    return {last: owners[0] for last, owners in found.items() if len(owners) == 1}


def _methods_of(name: str, node: ast.AST) -> frozenset[str]:
    """Who makes one may call all of it."""
    if not isinstance(node, ast.ClassDef):
        return frozenset()
    return frozenset(f"{name}.{inner}" for inner, _ in _nodes(node.body, ""))


def _references(
    module: Module, node: ast.AST, modules: Mapping[str, Module], names: set[str], methods: Mapping[str, str]
) -> Iterator[str]:
    for part in ast.walk(node):
        found = None
        if isinstance(part, ast.Name | ast.Attribute):
            found = _resolve(_dotted(part, module), modules, names)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            known = _resolve(_dotted(part.func, module), modules, names)
            found = known or methods.get(part.func.attr)
        if found:
            yield found


def _dotted(node: ast.expr, module: Module) -> str:
    """What the words of a chain of names mean, from the package on; empty for anything else."""
    if isinstance(node, ast.Attribute):
        left = _dotted(node.value, module)
        return f"{left}.{node.attr}" if left else ""
    if not isinstance(node, ast.Name):
        return ""
    return module.imports.get(node.id) or (f"{module.name}.{node.id}" if node.id in module.nodes else "")


def _resolve(dotted: str, modules: Mapping[str, Module], names: set[str]) -> str | None:
    """Follow what a module only imported; anything that is not ours is nothing."""
    for _ in range(4):
        if not dotted or dotted in names:
            return dotted or None
        home, _, last = dotted.rpartition(".")
        if home not in modules or last not in modules[home].imports:
            return None
        dotted = modules[home].imports[last]
    return None
