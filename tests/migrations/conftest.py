"""The catalogue tests read pg_catalog as the superuser: nobody else sees everything."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from bursar.core.database import Addresses


@pytest.fixture(scope="module")
def catalogue(shared_addresses: Addresses) -> Iterator[sa.Connection]:
    """The migrated database; nothing that a test does here stays."""
    engine = sa.create_engine(shared_addresses.owner, poolclass=sa.NullPool)
    with engine.connect() as db:
        yield db
    engine.dispose()
