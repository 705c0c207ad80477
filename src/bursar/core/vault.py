"""Secrets at rest (R124, R125) and the keys under which a customer's personal data is written (R110).

One data key a tenant, wrapped by the keyring; one key a customer, wrapped by the tenant's. Destroying a
customer's key makes all that was written under it unreadable, while the sealed journal stays as it was.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from bursar.core.crypto import Place, Sealer, data_sealer, keyring_sealer, new_data_key, rewrap
from bursar.core.errors import NotFound
from bursar.core.keys import Keyring, Purpose
from bursar.core.queries import vault as queries


class Vault:
    """One tenant's secrets, inside one transaction."""

    def __init__(self, db: AsyncConnection, tenant_id: UUID, keyring: Keyring, now: datetime) -> None:
        self._db, self._tenant_id, self._keyring, self._now = db, tenant_id, keyring, now
        self._sealer: Sealer | None = None

    async def put(self, purpose: str, plaintext: bytes) -> UUID:
        """Keep a secret; what points to it is a composite foreign key to the row returned."""
        secret_id = uuid4()
        sealed = (await self._tenant_sealer()).seal(plaintext, self._place("secrets", secret_id, purpose))
        await self._db.execute(queries.add_secret(self._tenant_id, secret_id, purpose, sealed))
        return secret_id

    async def replace(self, secret_id: UUID, plaintext: bytes) -> None:
        """Raises `NotFound` for a secret of another tenant."""
        purpose, _ = await self._row(secret_id)
        sealed = (await self._tenant_sealer()).seal(plaintext, self._place("secrets", secret_id, purpose))
        await self._db.execute(queries.replace_secret(self._tenant_id, secret_id, sealed, self._now))

    async def forget(self, secret_id: UUID) -> None:
        """Destroy a secret that nothing points to any more; one that is gone is as it should be."""
        await self._db.execute(queries.drop_secret(self._tenant_id, secret_id))

    async def get(self, secret_id: UUID) -> bytes:
        """Raises `NotFound` for a secret of another tenant, `CannotOpen` for one that was moved or changed."""
        purpose, ciphertext = await self._row(secret_id)
        return (await self._tenant_sealer()).open(ciphertext, self._place("secrets", secret_id, purpose))

    async def rotate(self) -> bool:
        """Wrap the tenant's data key under the keyring's current key; False if it was already.

        What the data key sealed stays as it is and readable, so an old root key can be dropped afterwards.
        """
        row = (await self._db.execute(queries.tenant_key(self._tenant_id))).one_or_none()
        wrapper = keyring_sealer(self._keyring, Purpose.WRAP)
        if row is None or wrapper.is_current(row.wrapped_key):
            return False
        wrapped = rewrap(wrapper, row.wrapped_key, self._place("tenant_keys", row.id, "key"))
        await self._db.execute(
            queries.rewrap_tenant_key(self._tenant_id, row.id, wrapped, self._keyring.current_id)
        )
        return True

    async def seal_personal(
        self, data: Mapping[UUID, Mapping[str, Any]], events: Mapping[UUID, UUID]
    ) -> dict[UUID, bytes]:
        """Each event's personal data as bytes that only its customer's key opens.

        `data` and `events` (its customer) are keyed by event id. A customer whose key was destroyed gets none.
        """
        sealers = await self._subject_sealers(set(events.values()))
        return {
            event_id: sealers[events[event_id]].seal(
                json.dumps(values, ensure_ascii=False, default=str).encode(),
                self._place("events", event_id, "private"),
            )
            for event_id, values in data.items()
            if events[event_id] in sealers
        }

    async def open_personal(self, event_id: UUID, customer_id: UUID, sealed: bytes) -> dict[str, Any] | None:
        """What `seal_personal` wrote, or None after the customer's erasure."""
        return (await self.open_each({event_id: (customer_id, sealed)})).get(event_id)

    async def open_each(self, sealed: Mapping[UUID, tuple[UUID, bytes]]) -> dict[UUID, dict[str, Any]]:
        """The same for many events, each with its customer; those of erased customers are not there."""
        if not sealed:
            return {}
        sealers = await self._subject_sealers({customer for customer, _ in sealed.values()}, create=False)
        return {
            event_id: json.loads(sealers[customer].open(text, self._place("events", event_id, "private")))
            for event_id, (customer, text) in sealed.items()
            if customer in sealers
        }

    async def _subject_sealers(self, customer_ids: set[UUID], *, create: bool = True) -> dict[UUID, Sealer]:
        wrapper = await self._tenant_sealer()
        found = (await self._db.execute(queries.subject_key(self._tenant_id, list(customer_ids)))).all()
        missing = customer_ids - {row.customer_id for row in found}
        if missing and create:
            await self._db.execute(
                queries.add_subject_keys(self._tenant_id, self._new_keys(wrapper, missing))
            )
            found = (await self._db.execute(queries.subject_key(self._tenant_id, list(customer_ids)))).all()
        return {
            row.customer_id: data_sealer(wrapper, row.wrapped_key, self._place("subject_keys", row.id, "key"))
            for row in found
        }

    def _new_keys(self, wrapper: Sealer, customers: Iterable[UUID]) -> list[dict[str, Any]]:
        rows = [{"id": uuid4(), "customer_id": customer_id} for customer_id in customers]
        return [
            {**row, "wrapped_key": new_data_key(wrapper, self._place("subject_keys", row["id"], "key"))}
            for row in rows
        ]

    async def _tenant_sealer(self) -> Sealer:
        if self._sealer is None:
            wrapper = keyring_sealer(self._keyring, Purpose.WRAP)
            row = (await self._db.execute(queries.tenant_key(self._tenant_id))).one_or_none()
            if row is None:
                row_id = uuid4()
                wrapped = new_data_key(wrapper, self._place("tenant_keys", row_id, "key"))
                await self._db.execute(
                    queries.add_tenant_key(self._tenant_id, row_id, wrapped, self._keyring.current_id)
                )
                row = (await self._db.execute(queries.tenant_key(self._tenant_id))).one()
            self._sealer = data_sealer(wrapper, row.wrapped_key, self._place("tenant_keys", row.id, "key"))
        return self._sealer

    async def _row(self, secret_id: UUID) -> tuple[str, bytes]:
        row = (await self._db.execute(queries.secret(self._tenant_id, secret_id))).one_or_none()
        if row is None:
            raise NotFound("secret")
        return row.purpose, row.ciphertext

    def _place(self, table: str, row_id: UUID, purpose: str) -> Place:
        return Place(self._tenant_id, table, row_id, purpose)
