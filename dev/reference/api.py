"""The page of the API, from the document that the API itself gives out."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

from bursar.api.acting import SCHEME
from bursar.api.app import MOUNTED_AT, create_api
from bursar.api.problems import TOLD
from bursar.house import House

INTRODUCTION = f"""# API

`GET {MOUNTED_AT}/openapi.json` gives the whole document (OpenAPI 3.1); this page is its table of contents. Every
address below begins with `{MOUNTED_AT}`.

"""


def document() -> dict[str, Any]:
    """The document depends on nothing that a house holds."""
    house = SimpleNamespace(settings=SimpleNamespace(secure=False))
    return create_api(cast("House", house)).openapi()


def page() -> str:
    told = document()
    nouns: dict[str, list[str]] = {}
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            nouns.setdefault(operation["tags"][0], []).append(line(path, method, operation))
    parts = [INTRODUCTION, told["info"]["description"], "\n\n", *statuses()]
    for noun in sorted(nouns):
        parts += [f"\n## {noun[0].upper()}{noun[1:]}\n\n", "| | scope | |\n|---|---|---|\n", *nouns[noun]]
    return "".join(parts)


def line(path: str, method: str, operation: Mapping[str, Any]) -> str:
    says = " ".join(operation.get("description", operation["summary"].capitalize()).split())
    return f"| `{method.upper()} {path}` | `{operation['security'][0][SCHEME][0]}` | {says} |\n"


def statuses() -> Iterator[str]:
    yield "| status | when |\n|---|---|\n"
    for status, text in TOLD.items():
        yield f"| {status} | {text} |\n"
