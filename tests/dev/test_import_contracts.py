"""Our own import contract, on graphs drawn by hand."""

import grimp
import pytest

from dev.import_contracts import OwnRoomContract

pytestmark = pytest.mark.pure


def strangers(*imports: tuple[str, str]) -> list[tuple[str, str]]:
    graph = grimp.ImportGraph()
    for importer, imported in imports:
        graph.add_module(
            ".".join(imported.split(".")[:3])
        )  # the package around it, as in a graph of real files
        graph.add_import(importer=importer, imported=imported)
    contract = OwnRoomContract("", session_options={}, contract_options={"modules": ["bursar.*.queries"]})
    return contract.check(graph, verbose=False).metadata["strangers"]


def test_a_room_may_ask_its_own_queries():
    assert strangers(("bursar.billing.invoices", "bursar.billing.queries")) == []


def test_another_rooms_queries_are_not_asked():
    edge = ("bursar.chasing.campaigns", "bursar.billing.queries")
    assert strangers(edge) == [edge]


def test_a_folder_of_queries_is_one_rooms_too():
    edge = ("bursar.app", "bursar.outbox.queries.claims")
    assert strangers(edge, ("bursar.outbox.claiming", "bursar.outbox.queries.claims")) == [edge]
