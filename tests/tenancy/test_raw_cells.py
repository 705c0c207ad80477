"""Cells of a sheet are kept as they came, so that a later mapping judges the same ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.tenancy.grids import Flaw
from bursar.tenancy.raw_cells import from_json, to_json
from bursar.tenancy.sheets import Row

CELLS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.booleans(),
    st.builds(Flaw, st.just("Cell %(cell)s holds a formula."), st.just("cell_formula"), st.just("B2")),
)


@pytest.mark.pure
@given(st.lists(CELLS, max_size=8), st.booleans())
def test_cells_survive_being_kept(cells, is_refused):
    refusal = (
        Invalid("Row %(row)s has more cells than the header.", code="row_too_wide", row=7)
        if is_refused
        else None
    )
    back = from_json(7, to_json(Row(7, cells, refusal)))

    assert back.cells == cells
    assert [type(cell) for cell in back.cells] == [type(cell) for cell in cells]
    assert (back.refusal and back.refusal.params) == (refusal and refusal.params)
