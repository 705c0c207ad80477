"""Majlis Partners, who found companies in Dubai: three people get an offer; one pays, one is declined, one leaves."""

from dataclasses import dataclass

from bursar.demo.stories import Firm

FIRM = Firm(
    slug="majlis-partners",
    name="Majlis Partners",
    country="AE",
    currency="AED",
    time_zone="Asia/Dubai",
    locale="en",
    owner_email="samira@majlis-partners.example.com",
    owner_name="Samira Aziz",
    password="coffee before the contract",
    mailbox="hello@majlis-partners.example.com",
)
PRODUCT, NAME, NAME_LOCAL = "FORMATION", "Company formation", "تأسيس شركة"
PRICE = "4500.00"
INCLUDED = ("Trade licence for one year", "Two visas", "Help with the bank account")
INCLUDED_LOCAL = ("رخصة تجارية لسنة", "تأشيرتان", "المساعدة في فتح الحساب البنكي")


@dataclass(frozen=True, slots=True)
class Prospect:
    email: str
    name: str
    locale: str
    phone: str
    street: str
    city: str
    company: str = ""


PAYS = Prospect(
    "huda@noor-trading.example.net",
    "Huda Noor",
    "en",
    "+971 50 123 4567",
    "Al Rigga Street 12",
    "Dubai",
    "Noor Trading",
)
DECLINED = Prospect(
    "sami@bait-alqahwa.example.org",
    "سامي القاسم",
    "ar",
    "+971 52 765 4321",
    "شارع الوحدة 8",
    "الشارقة",
    "بيت القهوة",
)
LEAVES = Prospect(
    "elena@petrova.example.net", "Elena Petrova", "en", "+971 55 222 1133", "Marina Walk 3", "Dubai"
)
PROSPECTS = (PAYS, DECLINED, LEAVES)
