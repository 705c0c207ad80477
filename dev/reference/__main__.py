"""`python -m dev.reference [--check]`: write the generated pages of docs/reference, or say which are old."""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
PAGES = {
    "api.md": "dev.reference.api",
    "commands.md": "dev.reference.commands",
    "data-model.md": "dev.reference.data_model",
    "lifecycles.md": "dev.reference.lifecycles",
    "settings.md": "dev.reference.settings",
}
NOTE = "<!-- Written by `make reference`; change what it is made from instead. -->\n\n"


def main(folder: Path, *, check: bool) -> int:
    """The exit status is 1 if `check` found a page that differs from what would be written."""
    old = []
    for name, module in PAGES.items():
        page: Callable[[], str] = import_module(module).page
        text = NOTE + page().rstrip() + "\n"
        target = folder / name
        if check and (not target.is_file() or target.read_text(encoding="utf-8") != text):
            old.append(name)
        elif not check:
            target.write_text(text, encoding="utf-8")
    for name in old:
        print(f"docs/reference/{name} is older than what it is made from: make reference")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(FOLDER, check="--check" in sys.argv[1:]))
