"""`python -m bursar.demo`: a fresh machine to the running product, with its story played through the doors."""

import argparse
import fcntl
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bursar.core.clock import SystemClock
from bursar.demo import billing_verdict, hashrate, partners, season, selling_verdict, working_title
from bursar.demo.aftermath import live_on
from bursar.demo.billing_month import bill_a_month
from bursar.demo.browser import Stripe
from bursar.demo.doors import CommandLine, Mailboxes, Refused
from bursar.demo.preparing import OURS, THEIRS, prepare
from bursar.demo.processes import HOST, Children, Died, environment, free_port
from bursar.demo.selling import sell
from bursar.demo.sending import TooSlow, send
from bursar.demo.stage import Stage
from bursar.demo.telling import Teller
from bursar.demo.verdict import promises, table

APP_PORT, MAILBOXES_PORT, STRIPE_PORT = 8000, 8025, 8026
"""Wanted for somebody who stays and looks; taken ones are replaced by any that is free."""


def main(arguments: list[str]) -> int:
    """0 if the story came true, 1 if it did not."""
    parser = argparse.ArgumentParser(prog="python -m bursar.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end when the story is told")
    parser.add_argument("--folder", type=Path, default=Path(".bursar/demo"), help="made anew each time")
    options = parser.parse_args(arguments)
    folder: Path = options.folder.resolve()
    # Asked to end, it ends like on Ctrl-C: its processes are not left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    teller = Teller()
    try:
        with _alone(folder), _stage(folder, teller, stays=not options.once) as stage:
            came_true = play(stage)
            if came_true and not options.once:
                _stay(stage)
    except KeyboardInterrupt:
        teller.console.print("\nEnded.")
        return 0 if not options.once else 130
    except (Died, Refused, TooSlow, BlockingIOError) as problem:
        teller.console.print(f"[red]The demo stopped.[/red]\n{problem}", markup=True, soft_wrap=True)
        return 1
    return 0 if came_true else 1


def play(stage: Stage) -> bool:
    """The whole story, then what came of it; whether every promise was kept."""
    prepare(stage)
    send(stage)
    live_on(stage)
    bill_a_month(stage)
    sell(stage)
    console = stage.teller.console
    console.print()
    console.print(table(stage.outcome, stage.billed, stage.sold))
    kept = [*promises(stage.outcome), *billing_verdict.promises(stage.billed)]
    kept += selling_verdict.promises(stage.sold)
    for text, true in kept:
        if not true:
            console.print(f"  [red]✗ not true: {text}[/red]")
    true = sum(each for _, each in kept)
    console.print(f"{true} of {len(kept)} promises kept, in {stage.teller.seconds:.0f} s.", style="bold")
    return true == len(kept)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One demo a folder. Raises `BlockingIOError` while another one runs."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError("A demo runs in this folder already. End it with Ctrl-C first.") from None
        yield


@contextmanager
def _stage(folder: Path, teller: Teller, *, stays: bool) -> Iterator[Stage]:
    """An empty folder, a database in it, and the three processes; all of them end with it."""
    base_url = f"http://{HOST}:{free_port(APP_PORT if stays else 0)}"
    told = environment(
        folder, base_url
    )  # grows by what the sandbox says; commands and processes read it then
    line = CommandLine(told)
    teller.chapter("Working Title, a fashion agency in Dubai")
    if folder.exists():
        line("stop")  # a demo that was killed leaves its database running
        shutil.rmtree(folder)
    logs = folder / "logs"
    logs.mkdir(parents=True)
    children = Children(told, logs)
    try:
        with teller.step("bursar migrate, with a database of its own") as found:
            line("migrate")
            found.append(str(folder))
        with teller.step("Sandbox and web app as processes of their own") as found:
            sandbox = _sandbox(children, stays=stays)
            stripe = _stripe(children, stays=stays)
            told.update({**sandbox["settings"], **stripe["settings"]})
            stage = _opened(folder, base_url, line, children, teller, sandbox, Stripe(stripe))
            found += [stage.base_url, stage.mailboxes_url]
        try:
            yield stage
        finally:
            stage.close()
    finally:
        children.end()
        line("stop")


def _sandbox(children: Children, *, stays: bool) -> dict[str, Any]:
    """All who carry mail: the firm's SMTP with its inbox, and Google and Microsoft for whoever connects those."""
    port = free_port(MAILBOXES_PORT if stays else 0)
    words = ("--pages-port", str(port), "--mailbox", OURS.mailbox)
    return children.start("sandbox", "bursar.sandbox.vendors", *words, told=True)


def _stripe(children: Children, *, stays: bool) -> dict[str, Any]:
    """Where cards are tried; with a page on which somebody who stays sees what became of each payment."""
    port = free_port(STRIPE_PORT if stays else 0)
    words = ("--pages-port", str(port), "--account", partners.FIRM.name)
    return children.start("stripe", "bursar.sandbox.stripe", *words, told=True)


def _opened(
    folder: Path,
    base_url: str,
    line: CommandLine,
    children: Children,
    teller: Teller,
    told: Mapping[str, Any],
    stripe: Stripe,
) -> Stage:
    """`told`: what the sandbox said of itself."""
    children.start("web", "bursar", "serve", "--port", base_url.rpartition(":")[2])
    mailboxes_url = f"http://{HOST}:{told['pages_port']}"
    children.until_it_answers("web", f"{base_url}/sign-in")
    today = SystemClock().now().astimezone(ZoneInfo(working_title.FIRM.time_zone)).date()
    buyers = working_title.buyers()
    return Stage(
        folder=folder,
        today=today,
        base_url=base_url,
        mailboxes_url=mailboxes_url,
        line=line,
        children=children,
        mailboxes=Mailboxes(mailboxes_url, f"http://{HOST}:{told['control_port']}/smtp"),
        stripe=stripe,
        smtp_port=told["smtp_port"],
        imap_port=told["imap_port"],
        teller=teller,
        buyers=buyers,
        bills=season.bills(buyers, today),
    )


def _stay(stage: Stage) -> None:
    """Until Ctrl-C. Raises `Died` if one of its processes does not stay."""
    console = stage.teller.console
    console.print()
    console.print(f"  Bursar      [bold]{stage.base_url}[/bold]")
    for firm in (OURS, THEIRS, hashrate.FIRM, partners.FIRM):
        console.print(f"              {firm.owner_email}   {firm.password}   [dim]({firm.name})[/dim]")
    console.print(f"  Mailboxes   [bold]{stage.mailboxes_url}[/bold]")
    console.print(
        "              [dim]what is answered there reaches the firm; Gmail and Outlook are played, too[/dim]"
    )
    console.print(f"  Stripe      [bold]{stage.stripe.pages_url}[/bold]")
    console.print("              [dim]every payment, with what people and banks can still do to it[/dim]")
    console.print("  [dim]Everything lives in[/dim]", str(stage.folder), "[dim]· Ctrl-C ends it[/dim]")
    while True:
        time.sleep(1)  # until somebody ends it
        stage.children.look_after()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
