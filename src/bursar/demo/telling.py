"""How the story is told while it is played: a line a step, with the time it took, and a bar while mails leave."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule

LOG_WIDTH = 110


class Teller:
    """On a terminal a step turns while it lasts; in a log only its end stands there."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = LOG_WIDTH
        self._began = time.monotonic()

    def chapter(self, title: str) -> None:
        self.console.print()
        self.console.print(Rule(f"[bold]{escape(title)}", align="left", style="dim"))

    @contextmanager
    def step(self, text: str) -> Iterator[list[str]]:
        """What is put into the list stands behind the text when the step is done."""
        began, found = time.monotonic(), list[str]()
        with self.console.status(f"{escape(text)} …"):
            yield found
        took = time.monotonic() - began
        behind = f"[dim]: {escape(', '.join(found))}[/dim]" if found else ""
        self.console.print(
            f"  [green]✓[/green] {escape(text)}{behind} [dim]{took:.1f} s[/dim]", soft_wrap=True
        )

    def say(self, text: str, style: str = "dim") -> None:
        self.console.print(f"    {escape(text)}", style=style, soft_wrap=True)

    @contextmanager
    def bar(self, total: int) -> Iterator["Bar"]:
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        terminal = self.console.is_terminal
        with Progress(*columns, console=self.console, transient=True, disable=not terminal) as progress:
            yield Bar(progress, total)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began


class Bar:
    """How many have left so far."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("mails that left", total=total)

    def at(self, count: int, words: str = "mails that left") -> None:
        self._progress.update(self._task, completed=count, description=words)
