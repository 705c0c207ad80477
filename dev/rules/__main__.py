"""`python -m dev.rules`: the rules of this house that no linter knows, over every Python file of ours."""

import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from dev.rules import clocks, commits, inits, moves, names, silences, sizes, sql_text, tenants
from dev.rules.source import Check, Finding, Source

RULES: dict[str, Check] = {
    "clocks": clocks.check,
    "commits": commits.check,
    "inits": inits.check,
    "moves": moves.check,
    "names": names.check,
    "silences": silences.check,
    "sizes": sizes.check,
    "sql-text": sql_text.check,
    "tenants": tenants.check,
}
EXCEPTIONS = Path(__file__).with_name("exceptions.toml")
Excuse = tuple[str, str, str]
"""Rule, path and name, as exceptions.toml has them."""


def main(root: Path, excuses: set[Excuse]) -> int:
    """Print every finding that has no excuse; the exit status is 1 if there was one."""
    problems: list[str] = []
    used: set[Excuse] = set()
    for rule, source, finding in findings(sources(root)):
        excuse = (rule, source.path, finding.name)
        if excuse in excuses:
            used.add(excuse)
        else:
            problems.append(f"{source.path}:{finding.line} {rule}: {finding.message}")
    for rule, path, name in sorted(excuses - used):
        problems.append(f"{path}:1 {rule}: exceptions.toml excuses {name}, which no longer needs it")

    for line in problems:
        print(line)
    print(f"{len(RULES)} house rules, {len(problems)} findings")
    return 1 if problems else 0


def findings(files: Iterable[Source]) -> Iterator[tuple[str, Source, Finding]]:
    for source in files:
        for rule, check in RULES.items():
            for finding in check(source):
                yield rule, source, finding


def sources(root: Path) -> Iterator[Source]:
    """Every Python file that is in git or could be added to it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "*.py"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    for path in sorted(listed):
        if (root / path).is_file():
            yield Source(path, (root / path).read_text(encoding="utf-8"))


def read_excuses(path: Path) -> set[Excuse]:
    """The listed exceptions. Raises `ValueError` for one without a reason."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("exception", [])
    for entry in entries:
        if len(entry.get("reason", "").split()) < 3:
            raise ValueError(f"{path.name}: {entry.get('path')} needs a reason in words")
    return {(entry["rule"], entry["path"], entry["name"]) for entry in entries}


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parents[2], read_excuses(EXCEPTIONS)))
