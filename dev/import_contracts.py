"""An import contract that import-linter lacks: some files of a room are for that room alone.

`protected` needs the allowed importers by name, so each new room would have to remember to add its
own contract. This one takes the pattern and holds for rooms that are not built yet.
"""

import grimp
from importlinter import Contract, ContractCheck, fields, output
from importlinter.application.contract_utils import render_broken_contract_guidance
from importlinter.domain.helpers import module_expressions_to_modules


class OwnRoomContract(Contract):
    """Modules that match are imported only from inside the package that holds them."""

    type_name = "own_room"

    modules = fields.SetField(subfield=fields.ModuleExpressionField())
    broken_contract_guidance = fields.TextField(required=False)

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001  its base's signature
        expressions: set = self.modules  # pyright: ignore[reportAssignmentType]  # the field's class, until import-linter fills it
        strangers = sorted(
            (importer, imported.name)
            for imported in module_expressions_to_modules(graph, expressions, as_packages=True)
            for importer in graph.find_modules_that_directly_import(imported.name)
            if _room(importer) != _room(imported.name)
        )
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["strangers"]:
            output.print_error(f"{importer} is not allowed to import {imported}", bold=False)
        output.new_line()
        render_broken_contract_guidance(self.broken_contract_guidance)  # pyright: ignore[reportArgumentType]  # as above


def _room(module: str) -> str:
    """The first two parts of a name: `bursar.billing` of `bursar.billing.queries`."""
    return ".".join(module.split(".")[:2])
