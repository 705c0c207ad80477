"""Sheets of prospects: each is offered a product by a link of their own, which is mailed to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bursar.catalog.products import Product, products_called
from bursar.core.errors import N_, Invalid, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.money import Money, exponent_of
from bursar.core.work import Work
from bursar.onboarding.link_fields import LONGEST_NOTE, NewLink
from bursar.onboarding.link_mail import mail_links
from bursar.onboarding.payment_links import Issued, check_links, create_links
from bursar.onboarding.queries import payment_links as queries
from bursar.tenancy.amounts import parse_amount
from bursar.tenancy.cells import parse_email, parse_locale, parse_name, parse_text
from bursar.tenancy.dates import parse_date
from bursar.tenancy.importers import Entry, Firm, Table, Verdict, read_rows, refused
from bursar.tenancy.reasons import Reason
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind, RowOutcome

_NEEDED = {
    "email": (N_("Give the e-mail address."), "address_missing"),
    "product": (N_("Say which product is offered."), "product_missing"),
}
_NOT_MAILED = Reason(
    N_("The link is made and was not mailed: no mailbox is connected, or its template is switched off."),
    "not_mailed",
    None,
    {},
)


@dataclass(frozen=True, slots=True)
class Prospect:
    """One row. `product` is a code or a name; the rest as in `NewLink`."""

    email: str
    email_key: str
    product: str
    name: str | None
    price: Money | None
    locale: str | None
    note: str | None
    until: date | None

    def link(self, product_id: UUID) -> NewLink:
        return NewLink(product_id, self.email, self.name, self.locale, self.price, self.note, self.until)


@dataclass(frozen=True, slots=True)
class PaymentLinkImporter:
    """A link is the same by product and address while it can be used: the same sheet twice offers nothing twice."""

    kind: ImportKind = ImportKind.PAYMENT_LINKS

    def read(self, table: Table, firm: Firm) -> list[Entry[Prospect]]:
        return _without_doubles(read_rows(table, lambda row: _prospect(table, row, firm)))

    async def judge(self, work: Work, entries: Sequence[Entry[Prospect]]) -> list[Verdict]:
        work.allow(AgentRole.AGENT)
        decided, fresh = await _apart(work, entries)
        checked = await check_links(work, list(fresh.values()))
        for number, values in zip(fresh, checked, strict=True):
            decided[number] = (
                refused(number, Reason.of(values))
                if isinstance(values, Refusal)
                else Verdict(number, RowOutcome.CREATED)
            )
        return [decided[entry.number] for entry in entries]

    async def write(self, work: Work, entries: Sequence[Entry[Prospect]]) -> list[Verdict]:
        decided, fresh = await _apart(work, entries)
        made = await create_links(work, list(fresh.values()))
        ids = [one.link_id for one in made if isinstance(one, Issued)]
        notes = () if not ids or await mail_links(work, ids) else (_NOT_MAILED,)
        for number, one in zip(fresh, made, strict=True):
            decided[number] = (
                refused(number, Reason.of(one))
                if isinstance(one, Refusal)
                else Verdict(number, RowOutcome.CREATED, notes, entity_id=one.link_id)
            )
        return [decided[entry.number] for entry in entries]


async def _apart(
    work: Work, entries: Sequence[Entry[Prospect]]
) -> tuple[dict[int, Verdict], dict[int, NewLink]]:
    """By row: what is decided already, and the links that are to be made."""
    found = await products_called(work, [entry.read.product for entry in entries])
    decided: dict[int, Verdict] = {}
    offered: dict[int, UUID] = {}
    for entry in entries:
        try:
            offered[entry.number] = _the_one(entry.read.product, found).id
        except Refusal as refusal:
            decided[entry.number] = refused(entry.number, Reason.of(refusal))
    known = await _open(work, entries, sorted(set(offered.values())))
    fresh: dict[int, NewLink] = {}
    for entry in entries:
        product_id = offered.get(entry.number)
        if product_id is None:
            continue
        if (link_id := known.get((product_id, entry.read.email_key))) is not None:
            decided[entry.number] = Verdict(entry.number, RowOutcome.UNCHANGED, entity_id=link_id)
        else:
            fresh[entry.number] = entry.read.link(product_id)
    return decided, fresh


async def _open(
    work: Work, entries: Sequence[Entry[Prospect]], product_ids: Sequence[UUID]
) -> dict[tuple[UUID, str], UUID]:
    """Links that can still be used, by product and address."""
    keys = sorted({entry.read.email_key for entry in entries})
    rows = await work.db.execute(queries.open_for(work, product_ids, keys)) if product_ids else ()
    return {(row.product_id, row.email_key): row.id for row in rows}


def _the_one(called: str, found: Mapping[str, Sequence[Product]]) -> Product:
    products = found.get(called, ())
    if len(products) == 1:
        return products[0]
    if products:
        message = N_("Several products are called “%(text)s”. Give the code instead.")
        raise Invalid(message, code="product_ambiguous", field="product", text=called)
    message = N_("There is no product “%(text)s”. Add it first, or correct this cell.")
    raise Invalid(message, code="product_unknown", field="product", text=called)


def _prospect(table: Table, row: Row, firm: Firm) -> Prospect:
    for name, (message, code) in _NEEDED.items():
        if table.cell(row, name) is None:
            raise Invalid(message, code=code, field=name)
    cells = table.cells(row, ("email", "product", "name", "locale", "note", "until"))
    email, key = parse_email(cells["email"], field="email")
    return Prospect(
        email,
        key,
        parse_name(cells["product"], field="product"),
        parse_name(cells["name"], field="name") if "name" in cells else None,
        _price(table, row, firm),
        parse_locale(cells["locale"], field="locale") if "locale" in cells else None,
        parse_text(cells["note"], field="note", limit=LONGEST_NOTE) if "note" in cells else None,
        parse_date(cells["until"], table.dates, field="until") if "until" in cells else None,
    )


def _price(table: Table, row: Row, firm: Firm) -> Money | None:
    """Net, as a product's; without a currency it is in the firm's own."""
    cell = table.cell(row, "price")
    if cell is None:
        return None
    said = table.currency(row, ("price",), firm.currency)
    currency = said or firm.currency
    return Money(
        parse_amount(cell, exponent_of(currency), table.numbers, currency=said, field="price"), currency
    )


def _without_doubles(entries: Sequence[Entry[Prospect]]) -> list[Entry[Prospect]]:
    first: dict[tuple[str, str], int] = {}
    kept: list[Entry[Prospect]] = []
    for entry in entries:
        mark = (entry.read.email_key, entry.read.product.lower()) if entry.refusal is None else None
        if mark is not None and (before := first.setdefault(mark, entry.number)) != entry.number:
            message = N_("Row %(first)s offers the same to this address already.")
            kept.append(
                Entry(entry.number, refusal=Reason(message, "duplicate_row", "email", {"first": before}))
            )
        else:
            kept.append(entry)
    return kept
