"""The demo is a promise too: its story comes true, and nothing of it is left running."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bursar.demo import hashrate, season, working_title
from bursar.demo.season import BILLS

LONGEST_S = 300


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, as the path of a database's socket must be, and outside of what other tests clean up."""
    with tempfile.TemporaryDirectory(prefix="demo-") as made:
        yield Path(made) / "demo"


def test_the_story_comes_true_and_ends_what_it_started(folder):
    played = subprocess.run(
        [sys.executable, "-m", "bursar.demo", "--once", "--folder", folder],
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )

    assert played.returncode == 0, played.stdout + played.stderr
    found = re.search(r"(\d+) of (\d+) promises kept", played.stdout)
    assert found is not None
    assert found[1] == found[2]
    assert not (folder / "postgres" / "postmaster.pid").exists()
    assert processes_with(str(folder)) == []


def test_asked_to_end_in_the_middle_it_leaves_nothing_behind(folder):
    command = [sys.executable, "-m", "bursar.demo", "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as played:
        assert played.stdout is not None
        for line in played.stdout:
            if "processes of their own" in line:
                break
        played.send_signal(signal.SIGTERM)
        played.stdout.read()

    assert played.returncode == 143
    assert processes_with(str(folder)) == []


@pytest.mark.pure
def test_the_season_is_the_same_every_time():
    def told() -> list[tuple[str, str, str]]:
        bills = season.bills(working_title.buyers(), date(2026, 11, 20))
        return [(bill.number, bill.buyer.code, f"{bill.currency} {bill.balance}") for bill in bills]

    assert told() == told()
    assert len(told()) == BILLS


@pytest.mark.pure
@pytest.mark.parametrize("today", [date(2026, 1, 3), date(2027, 2, 28), date(2028, 2, 29)])
def test_on_any_day_everybody_owes_something_overdue(today):
    bills = season.bills(working_title.buyers(), today)
    paid = {bill.number for bill in season.transfers(bills)}

    late = {bill.buyer.code for bill in bills if bill.due < today and bill.number not in paid}

    assert len(late) == 60
    assert all(0 < bill.balance <= bill.total and bill.issued < today for bill in bills)


@pytest.mark.pure
@pytest.mark.parametrize(
    "today", [date(2026, 1, 1), date(2027, 2, 28), date(2028, 2, 29), date(2026, 12, 31)]
)
def test_on_any_day_the_hosting_firm_has_a_year_behind_it(today):
    miners = hashrate.miners()
    past = hashrate.past(miners, today)

    assert past == hashrate.past(hashrate.miners(), today)
    assert len({one.number for one in past}) == len(past) == 49 * 12
    assert {one.paid_on <= today for one in past if one.paid_on} == {True}
    late = [one for one in past if one.paid < one.total]
    assert len(late) == hashrate.LATE + hashrate.PART_PAID
    assert all(one.due < today and one.state == "OVERDUE" for one in late)


@pytest.mark.pure
def test_a_past_month_was_billed_by_its_machines_and_its_price():
    """Falcon has 18 machines: 16 until half a year ago and one that was sold, at a price that rose and fell back."""
    today, miners = date(2026, 11, 20), hashrate.miners()
    [first, *_] = [one for one in hashrate.rates(miners, today) if one.miner.code == "HH-01"]
    months = [one for one in hashrate.past(miners, today) if one.miner.code == "HH-01"]

    risen = (first.price * Decimal("1.06")).quantize(Decimal("0.01"))
    billed = [17, 17, 17, 17, 17, 17, 17, 19, 19, 18, 18, 18]
    prices = [first.price] * 7 + [risen] * 3 + [first.price] * 2
    for month, machines, price in zip(months, billed, prices, strict=True):
        assert abs(month.total - machines * price * Decimal("1.05")) < Decimal("0.01"), month.number


def processes_with(words: str) -> list[str]:
    """What still runs with these words in its command or its environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if words.encode() in told:
            found.append((entry / "cmdline").read_text().replace("\0", " "))
    return found
