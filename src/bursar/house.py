"""What every door is handed: the parts that `app.py` put together, and nothing of how."""

from dataclasses import dataclass

from bursar.billing.documents.einvoices import Carrier
from bursar.billing.documents.keeping import Press
from bursar.billing.documents.ports import ProviderFactory
from bursar.billing.tills.cashier import Cashier
from bursar.billing.tills.ports import TillDesk, TillFactory
from bursar.core.database import Addresses
from bursar.core.files import FileStore
from bursar.core.keys import Keyring
from bursar.core.settings import Settings
from bursar.core.uploads import Doorman
from bursar.core.work import Office
from bursar.outbox.composing import Composers
from bursar.outbox.incoming.ports import ReaderFactory
from bursar.outbox.letters import Letters
from bursar.outbox.ports import EventDesk, FinderFactory, Identities, SenderFactory


@dataclass(frozen=True, slots=True)
class House:
    """One process's parts. Close it to let go of its database connections."""

    settings: Settings
    addresses: Addresses
    keyring: Keyring
    office: Office
    files: FileStore
    letters: Letters
    composers: Composers
    senders: SenderFactory
    finders: FinderFactory
    readers: ReaderFactory
    identities: Identities
    event_desk: EventDesk
    einvoice_providers: ProviderFactory
    tills: TillFactory
    till_desk: TillDesk
    doorman: Doorman

    @property
    def press(self) -> Press:
        return Press(self.office, self.files, self.settings.base_url)

    @property
    def carrier(self) -> Carrier:
        return Carrier(self.press, self.einvoice_providers)

    @property
    def cashier(self) -> Cashier:
        return Cashier(self.office, self.tills)

    async def close(self) -> None:
        await self.office.engine.dispose()
