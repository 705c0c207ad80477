"""Which tests come to what: by calling it, by asking at its address, by typing its command, by naming its event."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from dev.reference import graph
from dev.reference.doors import Way

API_TESTS = "test_api"


class Tests:
    """Counts a file once for each of its tests that calls something, and once for each place that says it."""

    def __init__(self, code: graph.Graph, folder: Path) -> None:
        self._calls = _by_callee(code)
        self._words: dict[str, Counter[str]] = defaultdict(Counter)
        for path in sorted(folder.rglob("*.py")):
            for words in _said(ast.parse(path.read_text(encoding="utf-8"))):
                self._words[words][path.relative_to(folder.parent).as_posix()] += 1

    def of(self, names: Iterable[str], ways: Iterable[Way], event: str | None) -> list[str]:
        """Files of the tests folder, those that have most to do with it first."""
        counts: Counter[str] = Counter()
        for name in names:
            counts += self._calls.get(name, Counter())
        for way in ways:
            counts += self._asking(way)
        if event:
            counts += self._words.get(event, Counter())
        tests = [path for path in counts if "/test_" in path]
        return sorted(tests, key=lambda path: (-counts[path], path))

    def _asking(self, way: Way) -> Counter[str]:
        if way.door == "CLI":
            return self._words.get(way.words.removeprefix("bursar "), Counter())
        if way.door == "worker":
            return Counter()
        found = self._words.get(_address(way.words.partition(" ")[2]), Counter())
        return Counter({path: n for path, n in found.items() if (API_TESTS in path) == (way.door == "API")})


def _by_callee(code: graph.Graph) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for name in code:
        module, _, last = name.rpartition(".")
        if module.startswith("tests.") and last.startswith("test_"):
            for reached in graph.distances(code, name, lambda one: one.startswith("tests.")):
                found[reached][f"{module.replace('.', '/')}.py"] += 1
    return found


def _said(tree: ast.AST) -> Iterator[str]:
    """Addresses with a place for what is filled in, first words of commands, names of events."""
    pieces = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in pieces:
            yield from _addresses(_template(node))
        if isinstance(node, ast.Call | ast.List | ast.Tuple):
            yield from _commands(node.args if isinstance(node, ast.Call) else node.elts)


def _template(node: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
    return "".join(map(str, parts))


def _addresses(text: str) -> Iterator[str]:
    """The text itself, and the address in it from its first slash on; `{}` may also hold the first part of it."""
    yield text
    if "/" in text and len(text) < 200 and "\n" not in text:
        address = text[text.index("/") :].partition("?")[0].removeprefix("/api/v1")
        yield _address(address)


def _commands(arguments: Iterable[ast.expr]) -> Iterator[str]:
    words: list[str] = []
    for node in arguments:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            break
        words.append(node.value)
        yield " ".join(words)


def _address(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/") or "/"
