"""Firms whose mailboxes lie at the played IMAP server."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from bursar.core.work import SYSTEM
from bursar.house import House
from bursar.outbox.incoming.polling import read_folder
from bursar.outbox.incoming.switching import ImapServer, start_reading
from bursar.outbox.tables import mailbox_cursors
from tests.mail_servers import Imap
from tests.makers.incoming import all_incoming
from tests.makers.outbox import an_account
from tests.makers.tenancy import a_tenant


@dataclass
class Firm:
    """A firm whose mailbox lies at the server, and is read."""

    house: House
    tenant_id: UUID
    account_id: UUID
    address: str
    imap: Imap

    async def start(self, folder: str = "INBOX") -> None:
        server = ImapServer("127.0.0.1", self.imap.port, "none")
        await start_reading(
            self.house.office,
            self.tenant_id,
            SYSTEM,
            self.house.readers,
            self.account_id,
            server=server,
            folder=folder,
        )

    def put(self, raw: bytes | str) -> None:
        self.imap.put(self.address, raw.encode() if isinstance(raw, str) else raw)

    async def read(self) -> list[UUID]:
        return await read_folder(
            self.house.office, self.house.readers, self.tenant_id, (await self.cursor()).id
        )

    async def cursor(self) -> sa.Row:
        async with self.house.office.work(self.tenant_id) as work:
            found = sa.select(mailbox_cursors).where(mailbox_cursors.c.tenant_id == work.tenant_id)
            return (await work.db.execute(found)).one()

    async def came(self) -> list[sa.Row]:
        async with self.house.office.work(self.tenant_id) as work:
            return await all_incoming(work)


async def a_firm(house: House, imap: Imap, address: str = "accounts@firm.example") -> Firm:
    tenant_id = await a_tenant(house.office)
    async with house.office.work(tenant_id) as work:
        secret = await work.vault.put("smtp_password", imap.password.encode())
        settings = {"host": "127.0.0.1", "port": imap.smtp_port, "username": address, "tls": "none"}
        account = await an_account(work, address=address, secret_id=secret, settings=settings)
    return Firm(house, tenant_id, account, address, imap)
