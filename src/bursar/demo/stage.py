"""Where the story is played: its folder, its processes, its doors, and what it has come to so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bursar.demo.browser import Browser, Stripe
from bursar.demo.doors import Api, CommandLine, Mailboxes
from bursar.demo.processes import Children
from bursar.demo.stories import Bill, Buyer
from bursar.demo.telling import Teller


@dataclass(slots=True)
class Outcome:
    """What came of it, for the table and for the promises at the end."""

    imported: int = 0
    refused_rows: int = 0
    merged_rows: int = 0
    transfers: int = 0
    planned: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    at_the_kill: int = 0
    killed: list[int] = field(default_factory=list)
    uncertain: int = 0
    resolved: list[str] = field(default_factory=list)
    campaign_state: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    not_sent: Mapping[str, int] = field(default_factory=dict)
    most_to_one: int = 0
    paid_in_time: str = ""
    paid_in_time_got: int = 0
    paid_in_time_reason: str | None = None
    opened: int = 0
    machine_opened: int = 0
    clicked: int = 0
    led_to: set[str] = field(default_factory=set)
    scanned: str = ""
    unsubscribed: str = ""
    unsubscribed_because: tuple[str, ...] = ()
    stopped: dict[str, tuple[str, ...]] = field(default_factory=dict)
    replied: int = 0
    paid_after: list[str] = field(default_factory=list)
    collected: list[str] = field(default_factory=list)
    tomorrow: int = 0
    not_tomorrow: Mapping[str, int] = field(default_factory=dict)
    foreign: Mapping[int, int] = field(default_factory=dict)
    own: Mapping[int, int] = field(default_factory=dict)
    neighbours: int = 0
    journal: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Billed:
    """What came of the month that Hashrate Hosting billed. Sums by currency."""

    imported: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    raised: int = 0
    previewed: int = 0
    first_run: Mapping[str, int] = field(default_factory=dict)
    second_run: Mapping[str, int] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    lines: int = 0
    matched: int = 0
    left: list[str] = field(default_factory=list)
    credited: str = ""
    refunded: str = ""
    states: Mapping[str, int] = field(default_factory=dict)
    owed: Mapping[str, str] = field(default_factory=dict)
    aged: Mapping[str, str] = field(default_factory=dict)
    closing: Mapping[str, str] = field(default_factory=dict)
    printed: int = 0
    months: int = 0


@dataclass(slots=True)
class Sold:
    """What came of the three offers of Majlis Partners; amounts of payments here and of charges at Stripe."""

    till: str = ""
    links: int = 0
    came_back: bool = False
    declined: bool = False
    after_decline: str = ""
    left: str = ""
    seen: bool = False
    states: list[str] = field(default_factory=list)
    invoices: list[str] = field(default_factory=list)
    ours: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    welcomes: int = 0
    customers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Stage:
    """`api` and `neighbour` are of the two firms; they are there once the firms are."""

    folder: Path
    today: date
    base_url: str
    mailboxes_url: str
    line: CommandLine
    children: Children
    mailboxes: Mailboxes
    stripe: Stripe
    smtp_port: int
    imap_port: int
    teller: Teller
    buyers: list[Buyer]
    bills: list[Bill]
    outcome: Outcome = field(default_factory=Outcome)
    billed: Billed = field(default_factory=Billed)
    sold: Sold = field(default_factory=Sold)
    campaign_id: str = ""
    _apis: dict[str, Api] = field(default_factory=dict)
    _browsers: list[Browser] = field(default_factory=list)

    def open_api(self, slug: str, key: str) -> None:
        self._apis[slug] = Api(self.base_url, key)

    def api(self, slug: str) -> Api:
        return self._apis[slug]

    def browser(self) -> Browser:
        """Of somebody nobody has met yet."""
        self._browsers.append(Browser())
        return self._browsers[-1]

    def sheet(self, name: str) -> Path:
        return self.folder / "sheets" / name

    def close(self) -> None:
        """The connections; processes have an end of their own."""
        for api in self._apis.values():
            api.close()
        for browser in self._browsers:
            browser.close()
        self.mailboxes.close()
        self.stripe.close()
