"""A document as a page: every string where it stands, in the document's languages. `layout.typ` sets it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bursar.billing.documents.model import Document, DocumentLine, Kind, Party, TaxGroup
from bursar.billing.documents.setting import (
    Text,
    amount_setter,
    day_of,
    number_of,
    percent_of,
    place_of,
    text_of,
)
from bursar.billing.documents.words import RIGHT_TO_LEFT, Language, languages_of, word
from bursar.catalog.kinds import TaxCategory

BRAND = "#1f3a5f"
"""The colour of a firm that has chosen none."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

OF_A_COLUMN, OF_A_BLOCK, OF_A_PAGE = 16, 36, 70
"""How many letters of one word surely fit the table's first column, half a page, a page."""

Label = list[str]
"""The same in the document's one or two languages."""


@dataclass(frozen=True, slots=True)
class Dressing:
    """What a document wears and does not say: its firm's colour and mark, and the picture of its address.

    `logo` and `code` are SVG; `address` is where the invoice's page is.
    """

    brand: str = BRAND
    logo: str | None = None
    code: str | None = None
    address: str | None = None


def colour_of(branding: Mapping[Any, Any]) -> str:
    """The firm's own colour, or ours where it chose none that can be read."""
    colour = str(branding.get("color", ""))
    return colour if _COLOUR.fullmatch(colour) else BRAND


def title_of(document: Document) -> str:
    """The word by which the form is known in `words`: only who is registered issues a *tax* document (R8)."""
    form = "invoice" if document.kind is Kind.INVOICE else "credit_note"
    registered = document.seller.country in ("AE", "IL") and document.seller.tax_number
    return f"tax_{form}" if registered else form


def page_of(document: Document, dressing: Dressing) -> dict[str, Any]:
    """What `layout.typ` reads: plain values for JSON."""
    return _Page(document).made(dressing)


class _Page:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.language, self.second = languages_of(document.seller.country, document.locale)
        self.amount = amount_setter(document.currency, self.language)
        self.taxed = bool(document.seller.tax_number) or document.tax_minor != 0

    def made(self, dressing: Dressing) -> dict[str, Any]:
        document = self.document
        return {
            "lang": self.language,
            "rtl": self.language in RIGHT_TO_LEFT,
            "second": self.second,
            "brand": dressing.brand,
            "logo": dressing.logo,
            "name": self.text(document.seller.trade_name or document.seller.name),
            "name_local": self.maybe(document.seller.name_local) if self.second else None,
            "heading": f"{self.label(title_of(document))[0]} {document.number}",
            "number": document.number,
            "title": self.label(title_of(document)),
            "facts": self.facts(),
            "parties": [self.party("seller", document.seller), self.party("buyer", document.buyer)],
            "columns": self.columns(),
            "rows": [self.row(line) for line in document.lines],
            "sums": self.sums(),
            "currency": document.currency,
            "statements": self.statements(),
            "payment": self.payment(),
            "notes": self.block("notes", document.notes),
            "online": self.online(dressing),
            "page": self.label("page"),
        }

    def label(self, name: str, **given: str) -> Label:
        languages = (self.language, self.second) if self.second else (self.language,)
        return [word(name, language).format(**given) for language in languages]

    def text(self, text: str, *, longest: int = OF_A_BLOCK) -> Text:
        return text_of(text, self.language, longest=longest)

    def maybe(self, text: str | None, *, longest: int = OF_A_BLOCK) -> Text | None:
        return self.text(text, longest=longest) if text else None

    def plain(self, text: str) -> Text:
        """Digits and codes."""
        return {"lines": [text], "rtl": False}

    def ours(self, text: str) -> Text:
        """What we put together: it runs as the page does, whatever its first word is."""
        return {**self.text(text), "rtl": self.language in RIGHT_TO_LEFT}

    def facts(self) -> list[dict[str, Any]]:
        document = self.document
        days = [
            ("issue_date", document.issue_date),
            ("supply_date", document.supply_date if document.supply_date != document.issue_date else None),
            ("due_date", document.due_date),
        ]
        facts = [("number", self.plain(document.number))]
        facts += [(name, self.ours(day_of(day, self.language))) for name, day in days if day]
        if document.purchase_order:
            facts.append(("purchase_order", self.text(document.purchase_order)))
        if document.corrected:
            facts.append(("of_invoice", self.plain(document.corrected.number)))
            facts.append(("invoice_date", self.ours(day_of(document.corrected.issue_date, self.language))))
        if document.reason:
            facts.append(("reason", self.text(document.reason)))
        facts.append(("currency", self.plain(document.currency)))
        return [{"label": self.label(name), "value": value} for name, value in facts]

    def party(self, name: str, party: Party) -> dict[str, Any]:
        facts = []
        if party.tax_number:
            kind = "trn" if party.country == "AE" else "tax_number"
            facts.append({"label": self.label(kind), "value": self.plain(party.tax_number)})
        if party.registration_number:
            kind = "siren" if party.country == "FR" else "registration"
            known = " · ".join(
                part for part in (party.registration_number, party.registration_authority) if part
            )
            facts.append({"label": self.label(kind), "value": self.text(known)})
        return {
            "label": self.label(name),
            "name": self.text(party.name),
            "name_local": self.maybe(party.name_local) if self.second else None,
            "lines": [
                *(self.text(line) for line in party.address_lines),
                *([self.ours(place)] if (place := place_of(party, self.language)) else []),
            ],
            "facts": facts,
        }

    def columns(self) -> list[Label]:
        names = ["description", "quantity", "unit_price"]
        if self.discounted:
            names.append("discount")
        names += ["tax_rate", "net", "tax", "gross"] if self.taxed else ["amount"]
        return [self.label(name) for name in names]

    @property
    def discounted(self) -> bool:
        return any(line.discount_minor for line in self.document.lines)

    def row(self, line: DocumentLine) -> dict[str, Any]:
        numbers = [number_of(line.quantity, self.language), self.amount(line.unit_price_minor)]
        if self.discounted:
            numbers.append(self.amount(-line.discount_minor) if line.discount_minor else "–")
        if self.taxed:
            numbers += [
                percent_of(line.tax_rate, self.language),
                *map(self.amount, (line.net_minor, line.tax_minor, line.gross_minor)),
            ]
        else:
            numbers.append(self.amount(line.net_minor))
        return {
            "text": self.text(line.description, longest=OF_A_COLUMN),
            "local": self.maybe(line.description_local, longest=OF_A_COLUMN) if self.second else None,
            "under": self.period(line),
            "numbers": numbers,
        }

    def period(self, line: DocumentLine) -> Text | None:
        days = [day for day in (line.service_from, line.service_to) if day]
        return (
            self.ours(" – ".join(day_of(day, self.language) for day in dict.fromkeys(days))) if days else None
        )

    def sums(self) -> list[dict[str, Any]]:
        document = self.document
        sums = []
        discount = sum(line.discount_minor for line in document.lines)
        if discount:
            sums.append(self.sum("before_discount", self.amount(document.subtotal_minor + discount)))
            sums.append(self.sum("discount", self.amount(-discount)))
        if self.taxed:
            sums.append(self.sum("subtotal", self.amount(document.subtotal_minor)))
            sums += [self.tax_of(group) for group in document.tax_groups]
        total = "total_credited" if document.corrected else "total" if self.taxed else "total_plain"
        sums.append({**self.sum(total, self.amount(document.total_minor)), "strong": True})
        sums += self.in_local_currency()
        if document.corrected:
            shown, corrected = document.corrected.shown_minor, document.corrected.corrected_minor
            values = {"shown": shown, "corrected": corrected, "difference": document.total_minor}
            sums += [self.sum(name, self.amount(value)) for name, value in values.items()]
        return sums

    def sum(self, name: str, value: str, **given: str) -> dict[str, Any]:
        return {"label": self.label(name, **given), "value": value, "strong": False}

    def tax_of(self, group: TaxGroup) -> dict[str, Any]:
        value, net = self.amount(group.tax_minor), self.amount(group.net_minor)
        if group.category is TaxCategory.STANDARD:
            return self.sum("vat_at", value, rate=percent_of(group.rate, self.language), net=net)
        names = self.label(group.category)
        told = [
            word("vat_not", language).format(name=name, net=net)
            for name, language in zip(names, (self.language, self.second or self.language), strict=False)
        ]
        return {"label": told, "value": value, "strong": False}

    def in_local_currency(self) -> list[dict[str, Any]]:
        """The tax in the firm's own currency and the rate by which it was found (R3 k, R19)."""
        document = self.document
        if document.exchange_rate is None or document.tax_local_minor is None:
            return []
        rate = _rate(document.exchange_rate, self.language)
        local = amount_setter(document.local_currency, self.language)(document.tax_local_minor)
        told = f"1 {document.currency} = {rate} {document.local_currency}"
        return [
            self.sum("exchange_rate", told),
            self.sum("tax_local", local, currency=document.local_currency),
        ]

    def statements(self) -> list[list[Text]]:
        document = self.document
        names = []
        if document.is_reverse_charge:
            names.append("reverse_charge_AE" if document.seller.country == "AE" else "reverse_charge")
        if document.seller.country == "FR" and document.kind is Kind.INVOICE:
            names.append("late_payment_FR")
        return [[self.text(told) for told in self.label(name)] for name in names]

    def payment(self) -> dict[str, Any] | None:
        document = self.document
        bank, instructions = document.bank, document.payment_instructions
        known = [(name, getattr(bank, name)) for name in ("account_name", "bank", "iban", "bic")]
        facts = [(name, value) for name, value in known if value]
        if document.kind is not Kind.INVOICE or not (facts or instructions):
            return None
        if facts:
            facts.append(("reference", document.number))
        return {
            "label": self.label("payment"),
            "facts": [{"label": self.label(name), "value": self.text(value)} for name, value in facts],
            "text": self.maybe(instructions),
        }

    def block(self, name: str, text: str | None) -> dict[str, Any] | None:
        return {"label": self.label(name), "text": self.text(text, longest=OF_A_PAGE)} if text else None

    def online(self, dressing: Dressing) -> dict[str, Any] | None:
        if dressing.code is None:
            return None
        return {"label": self.label("online"), "code": dressing.code, "address": dressing.address}


def _rate(rate: Decimal, language: Language) -> str:
    """With the six decimals in which a central bank publishes (R19)."""
    return f"{rate:.6f}".replace(".", "," if language is Language.FRENCH else ".")
