"""Where the staff app's menus lead."""

from dataclasses import dataclass

from bursar.core.errors import N_


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the menu: `key` is what a page names to be shown as the current one."""

    key: str
    label: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class Section:
    label: str | None
    places: tuple[Place, ...]


SECTIONS = (
    Section(
        None,
        (
            Place("home", N_("Today"), "/", "home"),
            Place("tasks", N_("Tasks"), "/tasks", "task"),
        ),
    ),
    Section(
        N_("Receivables"),
        (
            Place("customers", N_("Customers"), "/customers", "users"),
            Place("payment-links", N_("Payment links"), "/payment-links", "link"),
            Place("invoices", N_("Invoices"), "/invoices", "invoice"),
            Place("orders", N_("Orders"), "/orders", "check"),
            Place("recurring", N_("Recurring"), "/recurring", "refresh"),
            Place("payments", N_("Payments"), "/payments", "money"),
            Place("reports", N_("Reports"), "/reports", "journal"),
            Place("prices", N_("Prices"), "/prices", "file"),
            Place("campaigns", N_("Campaigns"), "/campaigns", "send"),
            Place("results", N_("Results"), "/results", "chart"),
            Place("sequences", N_("Sequences"), "/sequences", "clock"),
            Place("replies", N_("Replies"), "/replies", "mail"),
            Place("imports", N_("Import"), "/imports", "upload"),
        ),
    ),
    Section(
        N_("Set-up"),
        (
            Place("templates", N_("Templates"), "/templates", "template"),
            Place("sending-accounts", N_("Sending accounts"), "/sending-accounts", "mail"),
            Place("tills", N_("Tills"), "/tills", "lock"),
            Place("journal", N_("Journal"), "/journal", "journal"),
            Place("settings", N_("Settings"), "/settings", "settings"),
        ),
    ),
)

AT_HAND = ("home", "customers", "invoices", "campaigns")
"""The few that stand at the bottom of a phone's screen; the others are behind its menu."""


def at_hand() -> tuple[Place, ...]:
    by_key = {place.key: place for section in SECTIONS for place in section.places}
    return tuple(by_key[key] for key in AT_HAND)
