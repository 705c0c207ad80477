"""How fast issued invoices become kept PDFs: bilingual, with their picture code, fonts inside, durable.

`python -m benchmarks.printing [--size N] [--json]`. Invoices of three lines, English and Arabic side by side, are
issued; then the job prints, stores and settles them. The bare limit is the typesetter alone: the same pages, ready
made as JSON, through the same layout in as many threads, and the PDFs thrown away. Both take turns, the median ratio
counts, and the bytes of both are compared.
"""

import argparse
import asyncio
import hashlib
import json
import time
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from benchmarks.ground import TENANT, Ground, run, say
from bursar.billing.documents import printing
from bursar.billing.documents.keeping import Press, print_all
from bursar.billing.documents.model import Kind
from bursar.billing.documents.page import Dressing, page_of
from bursar.billing.documents.reading import Written, read_documents
from bursar.billing.invoices import Draft, create_draft
from bursar.billing.issuing import issue_many
from bursar.billing.lines import Line
from bursar.billing.links import invoice_address
from bursar.catalog.kinds import TaxCategory
from bursar.core.files import key_of
from bursar.core.money import Money
from bursar.house import House
from tests.makers.tenancy import a_customer

ROUNDS = 3
FIRM = """
update tenants set legal_name = 'Working Title FZ-LLC', legal_name_local = 'ووركنغ تايتل م.م.ح',
       tax_number = '100123456700003', subdivision = 'DXB', registration_number = '91234',
       registration_authority = 'Dubai Development Authority'
 where tenant_id = :t
"""


async def issued(house: House, size: int) -> UUID:
    """A firm of Dubai that has issued `size` invoices of three lines."""
    tenant_id = uuid4()
    async with house.office.new_tenant_work(tenant_id) as work:
        await work.db.execute(TENANT, {"t": tenant_id, "slug": f"b-{tenant_id.hex[:8]}"})
        await work.db.execute(sa.text(FIRM), {"t": tenant_id})
    async with house.office.work(tenant_id) as work:
        customer = await a_customer(work, name_local="ميزون أزور للتجارة ذ.م.م", tax_number="100765432100003")
        drafts = [await create_draft(work, _draft(customer, number)) for number in range(size)]
        await issue_many(work, drafts)
    return tenant_id


def _draft(customer: UUID, number: int) -> Draft:
    taxed = {"tax_category": TaxCategory.STANDARD, "tax_rate": Decimal(5)}
    lines = [
        Line(
            "Season campaign, autumn drop",
            Money(1000_00 + number, "AED"),
            description_local="حملة الموسم",
            **taxed,
        ),
        Line("Studio day", Money(320_00, "AED"), Decimal("2.5"), description_local="يوم تصوير", **taxed),
        Line("Hosting", Money(190_00, "AED"), Decimal(3), description_local="استضافة", **taxed),
    ]
    return Draft(customer, "AED", lines)


async def all_of(house: House, tenant_id: UUID) -> list[Written]:
    async with house.office.work(tenant_id, read_only=True) as work:
        ids = await work.db.scalars(
            sa.text("select id from invoices where tenant_id = :t order by id"), {"t": tenant_id}
        )
        return await read_documents(work, Kind.INVOICE, ids.all())


def pages_of(house: House, tenant_id: UUID, found: list[Written]) -> list[tuple[str, Any]]:
    """What the typesetter is handed, ready made."""
    pages = []
    for written in found:
        document = written.document
        address = invoice_address(
            house.keyring, house.settings.base_url, tenant_id, document.id, written.link_version
        )
        dressing = Dressing(code=printing.code_of(address), address=address)
        page = json.dumps(page_of(document, dressing), ensure_ascii=False)
        pages.append((page, printing.made_at(document)))
    return pages


async def bare(pages: list[tuple[str, Any]]) -> tuple[float, list[bytes]]:
    loop, threads = asyncio.get_running_loop(), printing.threads()
    started = time.perf_counter()
    made = await asyncio.gather(
        *(loop.run_in_executor(threads, printing.typeset, page, at) for page, at in pages)
    )
    return time.perf_counter() - started, [hashlib.sha256(pdf).digest() for pdf in made]


async def ours(house: House, tenant_id: UUID) -> float:
    press: Press = house.press
    started = time.perf_counter()
    await print_all(press, tenant_id)
    return time.perf_counter() - started


async def main(options: argparse.Namespace) -> dict[str, Any]:
    rounds = []
    async with Ground() as house:
        await bare(pages_of(house, (first := await issued(house, 2)), await all_of(house, first)))
        for number in range(ROUNDS):
            tenant_id = await issued(house, options.size)
            found = await all_of(house, tenant_id)
            pages = pages_of(house, tenant_id, found)
            limit, hashes = await bare(pages)
            seconds = await ours(house, tenant_id)
            for written, digest in zip(found, hashes, strict=True):
                data = await house.files.read(key_of(tenant_id, written.document.id))
                assert hashlib.sha256(data).digest() == digest, "ours and the limit's are not the same page"
            rounds.append((seconds, limit))
            say(
                f"round {number + 1}: ours {seconds:.2f} s, typst alone {limit:.2f} s, {seconds / limit:.2f}x"
            )
    seconds, limit = sorted(rounds, key=lambda each: each[0] / each[1])[ROUNDS // 2]
    return {
        "size": options.size,
        "seconds": round(seconds, 2),
        "each_ms": round(1000 * seconds / options.size, 1),
        "limit_seconds": round(limit, 2),
        "limit_ratio": round(seconds / limit, 2),
    }


if __name__ == "__main__":
    run(main, size=400)
