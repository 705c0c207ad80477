"""Working Title, a fashion agency in Dubai: it places collections with 60 shops, and the season is not paid yet."""

import csv
from importlib import resources

from bursar.demo.stories import Buyer, Firm

FIRM = Firm(
    slug="working-title",
    name="Working Title",
    country="AE",
    currency="AED",
    time_zone="Asia/Dubai",
    locale="en",
    owner_email="layla@working-title.example.com",
    owner_name="Layla Haddad",
    password="sample sale in the atelier",
    mailbox="accounts@working-title.example.com",
)
PRICE_OF_SILENCE = "bounce-5.1.1@saffron-row.example.net"
"""An address that no longer exists: the sandbox's server refuses it at the door."""

IN_DOLLARS = frozenset({"WT-C15", "WT-C31", "WT-C40"})
"""Customers in free zones that are billed in US dollars."""


def buyers() -> list[Buyer]:
    """The 60, with codes, telephones as people write them, and tax numbers of the right length."""
    text = (resources.files("bursar.demo") / "data" / "working_title.csv").read_text("utf-8")
    return [
        Buyer(
            code=f"WT-C{place:02}",
            phone=_phone(place),
            tax_number=f"100{place * 7919 + 2_000_000:09}003",
            **row,
        )
        for place, row in enumerate(csv.DictReader(text.splitlines()), start=1)
    ]


def _phone(place: int) -> str:
    digits = f"{2_340_000 + place * 4_271:07}"
    match place % 4:
        case 0:
            return f"+971 4 {digits[:3]} {digits[3:]}"
        case 1:
            return f"050 {digits[:3]} {digits[3:]}"
        case 2:
            return f"00971-55-{digits}"
        case _:
            return f"+971 52 {digits[:3]} {digits[3:]}"
