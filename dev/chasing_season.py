"""Of the season in the pictures, what concerns sequences: the ladder, tomorrow's list, who is left in peace, why."""

from datetime import timedelta
from uuid import UUID

from bursar.billing.links import CUSTOMER_PATH, customer_token
from bursar.chasing.sequences import chases, sequences, staging
from bursar.chasing.sequences.ladders import TouchPlan
from bursar.chasing.sequences.lists import held_lists
from bursar.chasing.sequences.sequences import SequencePlan
from bursar.core.work import Actor
from bursar.house import House
from bursar.outbox.suppressions import list_suppressions
from bursar.tenancy.customers import get_customer


async def tell_chasing(house: House, tenant_id: UUID, owner: Actor) -> dict[str, str]:
    """Addresses of pages by name."""
    async with house.office.work(tenant_id, actor=owner) as work:
        ladder = await sequences.install_default_ladder(work)
        await sequences.activate(work, ladder)
        touches = [TouchPlan(3, "overdue_gentle", 1), TouchPlan(10, "overdue_serious", 3)]
        large = SequencePlan(
            "Large amounts", touches, applies_to={"currency": "AED", "min_balance_minor": 1_500_000}
        )
        await sequences.create_sequence(work, large)
    await staging.stage_all(house.office, tenant_id)
    async with house.office.work(tenant_id, actor=owner) as work:
        [day] = await held_lists(work)
        chased = (await chases.list_chases(work)).rows
        await chases.pause(work, chased[0].id, until=work.today + timedelta(days=9), because="On holiday")
        await chases.stop(work, chased[1].id, because="Handed to our lawyer")
        customer = await get_customer(work, chased[2].customer_id)
        token = customer_token(work.keyring, tenant_id, customer.id, customer.link_version)
        stopped = (await list_suppressions(work)).rows[0]
    return {
        "sequences": "/sequences",
        "sequence": f"/sequences/{ladder}",
        "sequence-new": "/sequences/new",
        "sequence-edit": f"/sequences/{ladder}/edit",
        "sequence-activation": f"/sequences/{ladder}/activation",
        "list": f"/lists/{day.run_id}",
        "list-left-out": f"/lists/{day.run_id}/left-out",
        "list-release": f"/lists/{day.run_id}/release",
        "chases": "/chases",
        "chase-pause": f"/chases/{chased[2].id}/pause/new",
        "customer-in-peace": f"/customers/{chased[0].customer_id}",
        "customer-page": CUSTOMER_PATH + token,
        "customer-page-promise": f"{CUSTOMER_PATH}{token}/promise",
        "customer-page-arabic": f"{CUSTOMER_PATH}{token}?lang=ar",
        "suppression": f"/suppressions/{stopped.id}",
    }
