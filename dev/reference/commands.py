"""The page of commands, from the command line itself."""

from collections.abc import Iterator
from typing import Any

import typer.main
from typer.core import TyperArgument, TyperGroup, TyperOption

INTRODUCTION = """# Commands

`bursar COMMAND --help` says the same in the terminal. With `--json` a command answers one JSON object, and a
refusal is exit status 1 with `error`, `field` and `detail`.
"""


def page() -> str:
    from bursar.cli.main import make_cli

    root = typer.main.get_command(make_cli())
    sections = [section(path, command) for path, command in leaves("bursar", root)]
    return "\n".join([INTRODUCTION, *sections])


def leaves(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with the words that call it. (Typer keeps click's types private.)"""
    if isinstance(command, TyperGroup):
        for name, child in sorted(command.commands.items()):
            yield from leaves(f"{path} {name}", child)
    elif not command.hidden:
        yield path, command


def section(path: str, command: Any) -> str:
    arguments = [part for part in command.params if isinstance(part, TyperArgument)]
    options = [part for part in command.params if isinstance(part, TyperOption) and not part.hidden]
    words = " ".join([path, *(part.metavar or (part.name or "").upper() for part in arguments)])
    lines = [f"## {path}", "", (command.help or "").strip(), "", f"    {words}", ""]
    if options:
        lines += ["| option | |", "|---|---|"]
        lines += [f"| `{', '.join(part.opts)}` | {part.help or ''} |" for part in options]
    return "\n".join([*lines, ""])
