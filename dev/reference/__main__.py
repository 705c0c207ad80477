"""`python -m dev.reference [--check]`: write the generated pages of docs/reference, or say which are old.

`--check` also names every blank of the page of coverage that nobody has explained.
"""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"
PAGES = {
    "api.md": "dev.reference.api",
    "benchmarks.md": "dev.reference.benchmarks",
    "commands.md": "dev.reference.commands",
    "coverage.md": "dev.reference.coverage",
    "data-model.md": "dev.reference.data_model",
    "lifecycles.md": "dev.reference.lifecycles",
    "merge-tags.md": "dev.reference.merge_tags",
    "settings.md": "dev.reference.settings",
}
PARTS = {ROOT / "README.md": ("figures", "dev.reference.benchmarks")}
"""Pages that people write around something generated: what stands between two marks, and who writes it."""
NOTE = "<!-- Written by `make reference`; change what it is made from instead. -->\n\n"


def main(folder: Path, *, check: bool) -> int:
    """The exit status is 1 if `check` found a page that differs from what would be written."""
    old = []
    for target, text in [*_pages(folder), *_parts()]:
        if check and (not target.is_file() or target.read_text(encoding="utf-8") != text):
            old.append(target)
        elif not check:
            target.write_text(text, encoding="utf-8")
    for target in old:
        print(f"{target} is older than what it is made from: make reference")
    problems = [line for name in PAGES.values() for line in _problems(name)] if check else []
    for line in problems:
        print(line)
    return 1 if old or problems else 0


def _pages(folder: Path) -> Iterator[tuple[Path, str]]:
    for name, module in PAGES.items():
        page: Callable[[], str] = import_module(module).page
        yield folder / name, NOTE + page().rstrip() + "\n"


def _parts() -> Iterator[tuple[Path, str]]:
    for target, (mark, module) in PARTS.items():
        written = target.read_text(encoding="utf-8")
        before, opening, rest = written.partition(f"<!-- {mark} -->\n")
        _, closing, after = rest.partition(f"<!-- /{mark} -->\n")
        if opening and closing:
            yield target, before + opening + import_module(module).part() + closing + after


def _problems(module: str) -> list[str]:
    return getattr(import_module(module), "problems", list)()


if __name__ == "__main__":
    sys.exit(main(FOLDER, check="--check" in sys.argv[1:]))
