"""Nile Tiles, a tile maker in Cairo: another firm on the same installation, on the other side of the wall."""

from datetime import date, timedelta
from decimal import Decimal

from bursar.demo.stories import Bill, Buyer, Firm

FIRM = Firm(
    slug="nile-tiles",
    name="Nile Tiles",
    country="EG",
    currency="EGP",
    time_zone="Africa/Cairo",
    locale="ar",
    owner_email="karim@nile-tiles.example.com",
    owner_name="كريم فؤاد",
    password="glazed in the old kiln",
    mailbox="accounts@nile-tiles.example.com",
)

_BUYERS = (
    ("مقاولات الدلتا", "أحمد شوقي", "المنصورة", "ahmed@delta-build.example.com"),
    ("ديار للتشطيبات", "منى عادل", "القاهرة", "mona@diyar.example.net"),
    ("فندق ضفاف", "هشام زكي", "الأقصر", "hesham@difaf-hotel.example.org"),
    ("مكتب رواق للتصميم", "نهى سمير", "الجيزة", "noha@rewaq.example.com"),
    ("الأهرام للبناء", "محمود جاد", "الجيزة", "mahmoud@ahram-build.example.net"),
    ("سيراميك الساحل", "رامي حنا", "الإسكندرية", "ramy@sahel.example.com"),
)


def bills(today: date) -> list[Bill]:
    """Two each, one of them late."""
    made = []
    for place, (company, person, city, email) in enumerate(_BUYERS, start=1):
        buyer = Buyer(f"NT-{place}", company, person, "ar", city, "", email, "", "", "")
        for turn, due_in in enumerate((-12 - place, 20 + place)):
            due = today + timedelta(days=due_in)
            total = Decimal(18_000 + place * 2_350 + turn * 975)
            number = f"NT-{2_000 + place * 10 + turn}"
            issued = min(due - timedelta(days=45), today)
            made.append(
                Bill(
                    number, buyer, issued, due, FIRM.currency, total, Decimal(0), "بلاط مزخرف", f"PO-{place}"
                )
            )
    return made
