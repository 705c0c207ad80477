"""Acting for a customer: what they name is found as themselves, and done by the system in the same transaction."""

from bursar.core.queries import work as queries
from bursar.core.work import Role, Work


async def go_on_as_system(work: Work) -> None:
    """From here on this transaction is bursar_system's; its actor stays the customer (R122).

    To be called when the customer's own eyes have found what the act is about: what is not theirs was not there, and
    no verb was called. It does not go back: what is read afterwards is not held to what a customer may see.
    """
    await work.db.execute(queries.TAKE_ROLE, {"role": Role.SYSTEM})
