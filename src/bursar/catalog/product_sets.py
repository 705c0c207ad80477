"""Many products by their codes: who is new, what changes of the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from bursar.catalog import products
from bursar.catalog.product_fields import ProductInput
from bursar.core.errors import Refusal
from bursar.core.kinds import AgentRole
from bursar.core.work import Work
from bursar.tenancy.states import RowOutcome


@dataclass(frozen=True, slots=True)
class Described:
    """A product as a sheet describes it; `usual` is what it says of a new one in silence."""

    code: str
    values: ProductInput
    usual: ProductInput

    @property
    def new(self) -> ProductInput:
        return {**self.usual, **self.values}


@dataclass(frozen=True, slots=True)
class Put:
    """What became of one product, or would; a new one that was only planned has no id."""

    outcome: RowOutcome
    product_id: UUID | None = None


async def plan_products(work: Work, given: Sequence[Described]) -> list[Put | Refusal]:
    """What `put_products` would do with each; nothing is written."""
    work.allow(AgentRole.AGENT)
    known = await _known(work, given)
    return [await _planned(work, each, known.get(each.code)) for each in given]


async def put_products(work: Work, given: Sequence[Described]) -> list[Put | Refusal]:
    """Add those whose code is new, change the others where they differ; one answer for each."""
    known = await _known(work, given)
    new = [each.new for each in given if each.code not in known]
    made = iter(await products.create_products(work, new))
    answers: list[Put | Refusal] = []
    for each in given:
        if each.code in known:
            answers.append(await _edited(work, known[each.code], each.values))
        else:
            answer = next(made)
            answers.append(answer if isinstance(answer, Refusal) else Put(RowOutcome.CREATED, answer))
    return answers


async def _known(work: Work, given: Sequence[Described]) -> dict[str, UUID]:
    found = await products.products_called(work, [each.code for each in given])
    return {code: one.id for code, those in found.items() for one in those if one.code == code}


async def _planned(work: Work, each: Described, product_id: UUID | None) -> Put | Refusal:
    try:
        if product_id is None:
            await products.plan_new(work, each.new)
            return Put(RowOutcome.CREATED)
        changes = await products.plan_edit(work, product_id, each.values)
    except Refusal as refusal:
        return refusal
    return Put(RowOutcome.UPDATED if changes else RowOutcome.UNCHANGED, product_id)


async def _edited(work: Work, product_id: UUID, values: ProductInput) -> Put | Refusal:
    try:
        changed = await products.edit_product(work, product_id, values)
    except Refusal as refusal:
        return refusal
    return Put(RowOutcome.UPDATED if changed else RowOutcome.UNCHANGED, product_id)
