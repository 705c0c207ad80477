"""What a template may cost a worker, however it is written."""

import tracemalloc

import pytest

from bursar.core.errors import Invalid
from bursar.outbox.skeletons import compile_version
from bursar.outbox.tags import Category, sample_values

pytestmark = pytest.mark.pure


def test_a_long_body_in_many_rounds_is_stopped_while_it_grows():
    body = (
        "{% for invoice in invoices %}{{ invoice.number }} {{ invoice.balance }} "
        + "x" * 50_000
        + "{% endfor %}"
    )
    compiled = compile_version(
        subject="Open",
        body=body,
        body_format="text",
        locale="en",
        category=Category.OVERDUE_NOTICE,
    )
    values = sample_values(Category.OVERDUE_NOTICE, "en")
    values["invoices"] = values["invoices"] * 1_900

    tracemalloc.start()
    with pytest.raises(Invalid):
        compiled.render(values)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000  # all of it would be 95 MB
