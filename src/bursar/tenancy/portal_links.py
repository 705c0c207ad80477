"""The links by which customers come into the portal: ordered by address, mailed, used once within minutes (R126).

A link's token is derived from its row, so that the mail's text is made when the mail leaves and no table ever holds
it. Only its hash is kept.
"""

from collections.abc import Sequence
from uuid import UUID

from bursar.core.tokens import derived_token, same_token
from bursar.core.work import Record, Work
from bursar.tenancy.queries import portal as queries
from bursar.tenancy.rules import PORTAL_LINK_LASTS, PORTAL_LINK_WAITS

PATH = "/portal/"
"""Behind it stands whose portal it is."""


def link_path(slug: str, token: str) -> str:
    """Where a sign-in link leads."""
    return f"{PATH}{slug}/enter/{token}"


async def ask(work: Work, email_key: str) -> None:
    """Somebody at this address wants to come in. Tells nobody whether there is such a customer.

    One mail to one address, however many customers it has: the elder's, who changes between them inside. What writes
    it is another room's (`reactions.py`).
    """
    found = (await work.db.execute(queries.customers_of_address(work, email_key))).first()
    if found is not None:
        await work.record("customer.ask_sign_in", Record(found.id, found.id))


async def add_link(work: Work, link_id: UUID, customer_id: UUID) -> None:
    """A new link, which `texts_of` gives to the mail that carries it."""
    token = derived_token(work.keyring, work.tenant_id, link_id)
    row = {"id": link_id, "customer_id": customer_id, "token_hash": token.hash, "created_at": work.now}
    await work.db.execute(queries.add_link(work, {**row, "expires_at": work.now + PORTAL_LINK_LASTS}))


async def texts_of(work: Work, link_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The tokens of these links for mails that leave now: their minutes begin. What was used, or waited too long in
    a mailbox's queue, has none.
    """
    kept = queries.keep_links(
        work, link_ids, work.now + PORTAL_LINK_LASTS - PORTAL_LINK_WAITS, work.now + PORTAL_LINK_LASTS
    )
    texts = {
        row.id: same_token(work.keyring, work.tenant_id, row.id, 0, row.token_hash)
        for row in await work.db.execute(kept)
    }
    return {link_id: text for link_id, text in texts.items() if text is not None}
