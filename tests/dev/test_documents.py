"""What people read is true as far as a machine can tell: links lead somewhere, commands and tests exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bursar.cli.main import make_cli
from dev.reference.commands import leaves

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "STYLE.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md"))]
EXAMPLES = frozenset({"tests/billing/test_retainers.py"})
"""Files that a page invents."""


def test_every_link_leads_to_a_page_that_is_there():
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not target.startswith("http") and not (page.parent / target).exists()
    ]
    assert dead == []


def test_every_place_within_a_page_that_is_linked_is_a_heading_of_it():
    dead = []
    for page in PAGES:
        for target, place in re.findall(r"\]\(([^)#\s]*)#([^)]*)\)", page.read_text(encoding="utf-8")):
            home = page.parent / target if target else page
            if not target.startswith("http") and place not in _places(home):
                dead.append(f"{page.relative_to(ROOT)}: {target}#{place}")
    assert dead == []


def test_every_test_that_a_page_names_exists():
    known = {name for path in ROOT.glob("tests/**/*.py") for name in _functions(path)}
    missing = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        files = set(re.findall(r"`(tests/[\w/]+\.py)`", text)) - EXAMPLES
        missing += [name for name in sorted(files) if not (ROOT / name).is_file()]
        missing += [name for name in re.findall(r"`(test_\w+)`", text) if name not in known]
    assert missing == []


def test_every_command_that_a_page_types_is_known_with_its_options():
    commands = dict(leaves("bursar", typer.main.get_command(make_cli())))
    wrong = []
    for page in PAGES:
        for line in _typed(page.read_text(encoding="utf-8")):
            words = shlex.split(line, comments=True)
            name = next((name for name in commands if words[: name.count(" ") + 1] == name.split()), None)
            options = {word.partition("=")[0] for word in words if word.startswith("--")}
            if name is None or not options <= _options(commands[name]):
                wrong.append(f"{page.relative_to(ROOT)}: {line}")
    assert wrong == []


def test_every_target_of_make_that_a_page_types_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        typed = re.findall(r"`make ([a-z]+)|^ *make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert {one or other for one, other in typed} <= targets, page.name


def test_the_pictures_are_small_enough_to_be_fetched_with_a_page():
    pictures = list((ROOT / "docs" / "pictures").glob("*.png"))
    assert pictures
    assert [one.name for one in pictures if one.stat().st_size > 200_000] == []


def _typed(text: str) -> Iterator[str]:
    """Lines of code blocks that begin with our command, joined where they go on; and commands inside a sentence."""
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("bursar "):
                yield line
    yield from (one for one in re.findall(r"`(bursar [a-z][^`]*--[^`…]*)`", text) if " | " not in one)


def _options(command: Any) -> set[str]:
    return {word for part in command.params for word in (*part.opts, *part.secondary_opts)} | {"--help"}


def _places(page: Path) -> set[str]:
    """Headings as they stand in an address."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _functions(path: Path) -> list[str]:
    return re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
