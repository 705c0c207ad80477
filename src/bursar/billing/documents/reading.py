"""Issued documents as the database keeps them, read whole and in sets."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from bursar.billing.documents.model import Corrected, Document, DocumentLine, Kind, Party
from bursar.billing.queries import documents as queries
from bursar.billing.settings import Bank
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.core.errors import N_, Conflict, NotFound
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class Written:
    """A document, and what is known beside it: its PDF if there is one, whose it is, and what it will wear."""

    document: Document
    customer_id: UUID
    pdf_file_id: UUID | None
    link_version: int
    branding: Mapping[Any, Any]


class NotIssued(Conflict):
    """A draft, or an invoice that another program wrote: there is no document of ours."""

    def __init__(self) -> None:
        super().__init__(
            N_("There is no document of this: it is a draft, or it was written elsewhere."),
            code="no_document",
        )


async def one_document(work: Work, kind: Kind, document_id: UUID) -> Written:
    """Raises `NotFound`, `NotIssued`."""
    found = await read_documents(work, kind, [document_id])
    if found:
        return found[0]
    if kind is Kind.INVOICE and (await work.db.execute(queries.invoice_state(work, document_id))).first():
        raise NotIssued
    raise NotFound(kind.replace("_", " "))


async def read_documents(work: Work, kind: Kind, ids: Sequence[UUID]) -> list[Written]:
    """Those of `ids` that were issued by us, in the order of their ids; two statements for however many."""
    of_invoices = kind is Kind.INVOICE
    heads, lines = (
        (queries.issued_invoices, queries.lines_of_invoices)
        if of_invoices
        else (queries.issued_credit_notes, queries.lines_of_credit_notes)
    )
    rows = (await work.db.execute(heads(work, ids))).mappings().all()
    by_document: dict[UUID, list[DocumentLine]] = defaultdict(list)
    for line in (await work.db.execute(lines(work, ids))).mappings():
        by_document[line["document_id"]].append(_line(line))
    make = _invoice if of_invoices else _credit_note
    return [
        Written(
            make(row, tuple(by_document[row["id"]])),
            row["customer_id"],
            row["pdf_file_id"],
            row["link_version"],
            row["branding"],
        )
        for row in sorted(rows, key=lambda row: row["id"])
    ]


def draft_as_document(row: Mapping[Any, Any], lines: Sequence[Mapping[Any, Any]]) -> Document:
    """What a draft would say if it were issued now; `row` has what an invoice's row has after issue."""
    return _invoice(row, tuple(_line(line) for line in lines))


def _invoice(row: Mapping[Any, Any], lines: tuple[DocumentLine, ...]) -> Document:
    copied = ("subtotal_minor", "total_minor", "due_date", "supply_date", "purchase_order", "notes")
    return Document(kind=Kind.INVOICE, lines=lines, **{name: row[name] for name in copied}, **_head(row))


def _credit_note(row: Mapping[Any, Any], lines: tuple[DocumentLine, ...]) -> Document:
    about = Corrected(
        row["invoice_id"],
        row["invoice_number"],
        row["invoice_date"],
        shown_minor=row["invoice_total_minor"],
        corrected_minor=row["invoice_total_minor"] - row["credited_minor"],
    )
    return Document(
        kind=Kind.CREDIT_NOTE,
        lines=lines,
        subtotal_minor=row["amount_minor"] - row["tax_minor"],
        total_minor=row["amount_minor"],
        corrected=about,
        reason_code=row["reason_code"],
        reason=row["reason"],
        **_head(row),
    )


def _head(row: Mapping[Any, Any]) -> dict[str, Any]:
    """What both kinds say of themselves."""
    seller = row["seller"]
    copied = (
        *("id", "number", "issue_date", "currency", "tax_minor", "exchange_rate", "tax_local_minor"),
        "transaction_flags",
    )
    return {
        **{name: row[name] for name in copied},
        "local_currency": seller.get("tax_currency") or row["firm_currency"],
        "locale": row["locale"] or "en",
        "seller": _party(seller, name=seller["legal_name"] or seller["name"], trade_name=seller["name"]),
        "buyer": _party(row["buyer"], name=row["buyer"]["company_name"] or row["buyer"]["full_name"]),
        "bank": Bank(**(seller.get("bank") or {})),
        "payment_instructions": seller.get("payment_instructions"),
    }


_OF_A_PARTY = {each.name for each in fields(Party)} - {
    "name",
    "name_local",
    "trade_name",
    "address_lines",
    "email",
}


def _party(copied: Mapping[Any, Any], *, name: str, trade_name: str | None = None) -> Party:
    """From what was copied at issue; a key that an older version did not copy is not known."""
    return Party(
        name=name,
        name_local=copied.get("legal_name_local") or copied.get("name_local"),
        trade_name=trade_name,
        address_lines=tuple(copied.get("address_lines") or ()),
        email=copied.get("email"),
        **{each: copied.get(each) for each in _OF_A_PARTY},
    )


def _line(row: Mapping[Any, Any]) -> DocumentLine:
    names = {each.name for each in fields(DocumentLine)}
    given = {name: value for name, value in row.items() if name in names}
    return DocumentLine(
        **{
            **given,
            "tax_category": TaxCategory(row["tax_category"]),
            "item_kind": ItemKind(row["item_kind"]),
        }
    )
