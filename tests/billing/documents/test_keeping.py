"""A document's PDF is printed once, from what was copied at issue, and stays."""

import asyncio
import hashlib
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pypdf
import pypdfium2
import pytest
import sqlalchemy as sa
from PIL import Image

from bursar.billing.credit_notes import issue_credit_note
from bursar.billing.documents.keeping import Damaged, Press, pdf_of, print_all
from bursar.billing.documents.model import Kind
from bursar.billing.documents.reading import NotIssued, one_document
from bursar.billing.issuing import issue_invoice
from bursar.billing.links import PATH, read_token
from bursar.billing.tables import credit_notes, invoices
from bursar.catalog.kinds import TaxCategory
from bursar.core import made_files
from bursar.core.errors import NotFound
from bursar.core.files import FileStore, key_of
from bursar.core.tables import events, files
from bursar.core.work import Office
from bursar.tenancy.tables import customers, tenants
from tests.makers.billing import a_draft, a_line, aed, an_invoice, an_overdue_invoice
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

BASE = "https://bills.example.com"


@dataclass(frozen=True)
class Shop:
    press: Press
    tenant_id: UUID

    def work(self) -> Any:
        return self.press.office.work(self.tenant_id)

    async def pdf(self, document_id: UUID, kind: Kind = Kind.INVOICE) -> bytes:
        async with self.work() as work:
            written = await one_document(work, kind, document_id)
        return (await pdf_of(self.press, self.tenant_id, written)).data

    async def files(self) -> list[Any]:
        async with self.work() as work:
            found = sa.select(files).where(files.c.tenant_id == self.tenant_id).order_by(files.c.id)
            return list(await work.db.execute(found))

    async def brand(self, branding: dict[str, Any]) -> None:
        async with self.work() as work:
            await work.db.execute(
                sa.update(tenants).where(tenants.c.tenant_id == self.tenant_id).values(branding=branding)
            )

    async def marked(self, document_id: UUID, table: sa.Table = invoices) -> UUID | None:
        async with self.work() as work:
            found = sa.select(table.c.pdf_file_id).where(
                table.c.tenant_id == self.tenant_id, table.c.id == document_id
            )
            return await work.db.scalar(found)


@pytest.fixture
async def shop(office: Office, tmp_path: Path) -> Shop:
    press = Press(office, FileStore(tmp_path), BASE)
    return Shop(press, await a_tenant(office))


def told_by(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages).split())


async def test_all_that_was_issued_is_printed_and_kept_with_its_hash(shop: Shop) -> None:
    async with shop.work() as work:
        first, second = [await an_invoice(work) for _ in range(2)]
        draft = await a_draft(work)
        note = await issue_credit_note(work, first, aed(40_00), because="one day less")

    assert await print_all(shop.press, shop.tenant_id) == 3

    kept = await shop.files()
    assert {row.id for row in kept} == {first, second, note.id}
    for row in kept:
        data = await shop.press.files.read(row.key)
        assert (row.sha256, row.size_bytes) == (hashlib.sha256(data).digest(), len(data))
        assert (row.media_type, row.state) == ("application/pdf", "clean")
    assert await shop.marked(first) == first
    assert await shop.marked(note.id, credit_notes) == note.id
    assert await shop.marked(draft) is None


async def test_printing_again_and_twice_at_once_makes_nothing_new(shop: Shop) -> None:
    async with shop.work() as work:
        ids = [await an_invoice(work) for _ in range(4)]

    await asyncio.gather(*(print_all(shop.press, shop.tenant_id) for _ in range(2)))
    before = await shop.files()
    assert await print_all(shop.press, shop.tenant_id) == 0

    assert await shop.files() == before
    assert {row.id for row in before} == set(ids)
    async with shop.work() as work:
        told = sa.select(sa.func.count()).where(
            events.c.tenant_id == shop.tenant_id, events.c.type == "file.clean"
        )
        assert await work.db.scalar(told) == len(ids)


async def test_a_crash_between_the_bytes_and_their_row_is_made_good(shop: Shop) -> None:
    async with shop.work() as work:
        invoice = await an_invoice(work)
    await shop.press.files.put(key_of(shop.tenant_id, invoice), b"%PDF of an earlier attempt")

    await print_all(shop.press, shop.tenant_id)

    [row] = await shop.files()
    assert row.sha256 == hashlib.sha256(b"%PDF of an earlier attempt").digest()
    assert await shop.pdf(invoice) == b"%PDF of an earlier attempt"


async def test_a_document_is_printed_when_somebody_asks_before_the_job_came(shop: Shop) -> None:
    async with shop.work() as work:
        invoice = await an_invoice(work, minor=123_45)

    first = await shop.pdf(invoice)

    assert "123.45" in told_by(first)
    assert await shop.marked(invoice) == invoice
    assert await shop.pdf(invoice) == first


async def test_what_was_printed_stays_whatever_its_parties_become(shop: Shop) -> None:
    async with shop.work() as work:
        customer = await a_customer(work, company_name="Before LLC")
        early, late = [await an_invoice(work, of=customer) for _ in range(2)]
    before = await shop.pdf(early)

    async with shop.work() as work:
        await work.db.execute(
            sa.update(customers)
            .where(customers.c.tenant_id == shop.tenant_id, customers.c.id == customer)
            .values(company_name="After LLC", address_lines=["Elsewhere"])
        )

    assert await shop.pdf(early) == before
    assert "Before LLC" in told_by(await shop.pdf(late))
    assert "After LLC" not in told_by(await shop.pdf(late))


async def test_the_picture_leads_to_the_invoice_s_page_and_a_credit_note_s_to_that_of_its_invoice(
    shop: Shop,
) -> None:
    async with shop.work() as work:
        invoice = await an_invoice(work)
        note = await issue_credit_note(work, invoice, aed(10_00), because="one less")

    for document, kind in ((invoice, Kind.INVOICE), (note.id, Kind.CREDIT_NOTE)):
        page = pypdf.PdfReader(BytesIO(await shop.pdf(document, kind))).pages[0]
        [link] = [one.get_object() for one in page["/Annots"]]  # pyright: ignore[reportGeneralTypeIssues]  # a PDF array
        address = str(link["/A"]["/URI"])
        assert address.startswith(BASE + PATH)
        told = read_token(shop.press.office.keyring, address.removeprefix(BASE + PATH))
        assert (told.tenant_id, told.id, told.extra) == (shop.tenant_id, invoice, 1)


async def test_a_second_credit_note_shows_what_the_first_had_left(shop: Shop) -> None:
    async with shop.work() as work:
        invoice = await an_invoice(work, minor=100_00)
        notes = [
            await issue_credit_note(work, invoice, aed(minor), because="less") for minor in (30_00, 20_00)
        ]

    first, second = [told_by(await shop.pdf(note.id, Kind.CREDIT_NOTE)) for note in notes]

    assert {"100.00", "70.00", "30.00"} <= set(first.split())
    assert {"100.00", "50.00", "20.00"} <= set(second.split())


async def test_a_stored_document_that_was_changed_is_given_to_nobody(shop: Shop, tmp_path: Path) -> None:
    async with shop.work() as work:
        invoice = await an_invoice(work)
    await shop.pdf(invoice)
    stored = tmp_path / key_of(shop.tenant_id, invoice)
    stored.write_bytes(stored.read_bytes().replace(b"%PDF", b"%FDP", 1))

    with pytest.raises(Damaged):
        await shop.pdf(invoice)


async def test_a_draft_and_what_another_program_wrote_have_no_document_of_ours(shop: Shop) -> None:
    async with shop.work() as work:
        draft = await a_draft(work)
        imported = await an_overdue_invoice(work)

    for invoice in (draft, imported):
        with pytest.raises(NotIssued):
            await shop.pdf(invoice)
    assert await print_all(shop.press, shop.tenant_id) == 0


async def test_another_tenant_s_invoice_is_not_found(shop: Shop) -> None:
    other = Shop(shop.press, await a_tenant(shop.press.office))
    async with other.work() as work:
        invoice = await an_invoice(work)

    with pytest.raises(NotFound):
        await shop.pdf(invoice)


def red_of(pdf: bytes) -> int:
    """How many points of the first page are more red than anything that we print by ourselves."""
    with pypdfium2.PdfDocument(pdf) as read:
        picture = read[0].render(scale=1).to_pil().convert("RGB")
    return sum(count for count, (red, _, blue) in picture.getcolors(10**6) or [] if red > blue + 60)


async def test_a_firm_s_colour_is_worn_and_one_that_is_none_is_not(shop: Shop) -> None:
    async with shop.work() as work:
        plain, coloured, bad = [await an_invoice(work) for _ in range(3)]
    await shop.brand({})
    assert red_of(await shop.pdf(plain)) == 0
    await shop.brand({"color": "#a33b20"})
    assert red_of(await shop.pdf(coloured)) > 500
    await shop.brand({"color": 'red"; #read("/etc/passwd")'})
    assert red_of(await shop.pdf(bad)) == 0


async def test_a_firm_s_mark_stands_in_the_head_and_a_lost_one_holds_nothing_up(shop: Shop) -> None:
    logo, lost = uuid4(), uuid4()
    picture = BytesIO()
    Image.new("RGB", (400, 100), (200, 30, 30)).save(picture, "PNG")
    made = await made_files.put(
        shop.press.files, shop.tenant_id, logo, "logo.png", "image/png", picture.getvalue()
    )
    async with shop.work() as work:
        await made_files.keep(work, [made])
        marked, plain, odd = [await an_invoice(work) for _ in range(3)]

    await shop.brand({"logo_file_id": str(logo)})
    assert red_of(await shop.pdf(marked)) > 3_000
    await shop.brand({"logo_file_id": str(lost)})
    assert red_of(await shop.pdf(plain)) == 0
    await shop.brand({"logo_file_id": "../../etc/passwd"})
    assert red_of(await shop.pdf(odd)) == 0


async def test_a_taxed_invoice_says_what_its_rows_say(shop: Shop) -> None:
    async with shop.work() as work:
        await work.db.execute(
            sa.update(tenants)
            .where(tenants.c.tenant_id == shop.tenant_id)
            .values(
                tax_number="100123456700003", legal_name="Working Title FZ-LLC", address_lines=["Office 1204"]
            )
        )
        line = a_line(1000_00, tax_category=TaxCategory.STANDARD, tax_rate=Decimal(5), description="Lookbook")
        invoice = await a_draft(work, lines=[line], purchase_order="PO-1", notes="Thank you.")
        issued = await issue_invoice(work, invoice)

    told = told_by(await shop.pdf(invoice))

    for expected in (
        "Tax Invoice",
        issued.number,
        "Lookbook",
        "1,050.00",
        "PO-1",
        "Thank you.",
        "100123456700003",
    ):
        assert expected in told
