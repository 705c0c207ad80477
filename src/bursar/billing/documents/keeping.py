"""Each issued document's PDF: printed once, kept with its hash, and the same bytes for everybody who asks.

Reading and settling are short Works; no Work is open while a page is set or bytes are put.
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from bursar.billing.documents.model import DOCUMENT, Kind
from bursar.billing.documents.page import Dressing, colour_of
from bursar.billing.documents.printing import Unprintable, code_of, print_document
from bursar.billing.documents.reading import Written, read_documents
from bursar.billing.links import invoice_address
from bursar.billing.queries import documents as queries
from bursar.core import made_files
from bursar.core.errors import NotFound
from bursar.core.files import FileMissing, FileStore
from bursar.core.made_files import Made
from bursar.core.work import Office
from bursar.outbox import sends

log = structlog.get_logger(__name__)

PDF = "application/pdf"
OF_A_SET = 50
"""Documents between one read and one settle: a second's work, which a stopped worker loses at most."""

_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Press:
    """What printing needs of the house; `base_url` is where the pages of this installation are."""

    office: Office
    files: FileStore
    base_url: str


@dataclass(frozen=True, slots=True)
class Printed:
    """A document's PDF, and what a reader's computer should call it."""

    name: str
    data: bytes


class Damaged(Exception):
    """A stored PDF is not what was printed: its hash says so. Nobody is given it."""


async def pdf_of(press: Press, tenant_id: UUID, written: Written) -> Printed:
    """Its PDF from the store, or printed now if nobody was quicker. No Work may be open.

    Raises `Unprintable`, `Damaged`, `FileMissing`.
    """
    document = written.document
    if written.pdf_file_id is None:
        await _print_set(press, tenant_id, document.kind, [written])
    async with press.office.work(tenant_id, read_only=True) as work:
        key, digest = await made_files.key_and_hash(work, document.id)
    data = await press.files.read(key)
    if hashlib.sha256(data).digest() != digest:
        raise Damaged(f"{document.kind} {document.id} of tenant {tenant_id}")
    return Printed(name_of(written), data)


async def print_all(press: Press, tenant_id: UUID) -> int:
    """Print whatever is issued and not printed yet; how many that was. Safe twice, and at once.

    A document that cannot be printed holds up no other; `Unprintable` is raised when all others are done.
    """
    printed, refused = 0, []
    for kind in Kind:
        after: UUID | None = None
        while ids := await _next(press.office, tenant_id, kind, after):
            after = ids[-1]
            async with press.office.work(tenant_id, read_only=True) as work:
                found = await read_documents(work, kind, ids)
            refused += await _print_set(press, tenant_id, kind, found)
            printed += len(found)
    if refused:
        raise Unprintable(f"{len(refused)} documents of tenant {tenant_id}, the first: {refused[0]}")
    return printed - len(refused)


def name_of(written: Written) -> str:
    """Letters, digits, dash and underscore of its number, and what it is."""
    number = re.sub(r"[^\w-]+", "-", written.document.number, flags=re.ASCII).strip("-")
    return f"{written.document.kind.replace('_', '-')}-{number}.pdf"


async def _next(office: Office, tenant_id: UUID, kind: Kind, after: UUID | None) -> Sequence[UUID]:
    query = queries.unprinted_invoices if kind is Kind.INVOICE else queries.unprinted_credit_notes
    async with office.work(tenant_id, read_only=True) as work:
        return (await work.db.scalars(query(work, after, OF_A_SET))).all()


async def _print_set(press: Press, tenant_id: UUID, kind: Kind, found: Sequence[Written]) -> list[str]:
    """Print, put, settle; returns why those were not that could not be. A single one raises instead."""
    wanted = next((written.branding.get("logo_file_id") for written in found), None)
    logo = await logo_of(press, tenant_id, wanted)
    outcomes = await asyncio.gather(
        *(_print_one(press, tenant_id, written, logo) for written in found), return_exceptions=True
    )
    made, refused = [], []
    for written, outcome in zip(found, outcomes, strict=True):
        if isinstance(outcome, Made):
            made.append(outcome)
        elif isinstance(outcome, Unprintable) and len(found) > 1:
            log.error("document_unprintable", kind=kind, id=str(written.document.id), reason=str(outcome))
            refused.append(str(outcome))
        else:
            raise outcome
    async with press.office.work(tenant_id, cause="printing") as work:
        await made_files.keep(work, made)
        await work.db.execute(queries.put_pdfs(work, kind, [one.id for one in made]))
        if kind is Kind.INVOICE:
            await sends.let_go(work, "invoice", [one.id for one in made], waited_for=DOCUMENT)
    return refused


async def _print_one(press: Press, tenant_id: UUID, written: Written, logo: str | None) -> Made:
    document = written.document
    address = invoice_address(
        press.office.keyring, press.base_url, tenant_id, document.invoice_id, written.link_version
    )
    dressing = Dressing(
        brand=colour_of(written.branding),
        logo=logo,
        code=code_of(address),
        address=address,
    )
    data = await print_document(document, dressing)
    return await made_files.put(press.files, tenant_id, document.id, name_of(written), PDF, data)


async def logo_of(press: Press, tenant_id: UUID, wanted: object) -> str | None:
    """The firm's mark as an SVG that holds the picture it uploaded; a document without one is a document too.

    No Work may be open.
    """
    if not wanted:
        return None
    try:
        async with press.office.work(tenant_id, read_only=True) as work:
            key, _ = await made_files.key_and_hash(work, UUID(str(wanted)))
        picture = await press.files.read(key)
    except (NotFound, FileMissing, ValueError):
        log.warning("logo_missing", tenant=str(tenant_id))
        return None
    kind = next((name for start, name in _PICTURES.items() if picture.startswith(start)), None)
    return _framed(picture, kind) if kind else None


def _framed(picture: bytes, kind: str) -> str:
    data = base64.b64encode(picture).decode("ascii")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 160"><image width="640" height="160" '
        f'preserveAspectRatio="xMinYMid meet" href="data:{kind};base64,{data}"/></svg>'
    )
