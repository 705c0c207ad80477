"""What the document promises, held against a server on a real socket by schemathesis."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import httpx2
import pytest
import schemathesis
import uvicorn
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, positive_data_acceptance
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok

from bursar import app
from bursar.api import problems
from bursar.core.clock import FixedClock
from tests import databases
from tests.conftest import NOW
from tests.makers.api import ENDLESS, a_program, a_site
from tests.makers.api_rows import some_of_everything

load_all_checks()

NOT_PROMISED = [
    # A document cannot say all that a verb checks (a tax number of Brazil, a day in the future): 422 is right.
    positive_data_acceptance,
]
NOT_HTTP = b"Invalid HTTP request received."
"""What uvicorn says to a header that cannot be one; no application sees it."""

EXAMPLES, MANY = 4, 150
PATIENCE_S = 60  # for one answer: a machine with other work has been seen to need more than ten seconds


@dataclass(frozen=True, slots=True)
class Served:
    """Where it listens, who asks, and the id of one of each thing in their firm."""

    address: str
    headers: dict[str, str]
    ids: dict[str, str]


@pytest.fixture(scope="module")
def served(server, template, keyring) -> Iterator[Served]:
    """The product under uvicorn in a thread, on a database of its own: it is asked to do anything."""
    name = databases.copy(server, template)
    settings = {"private_hosts": "127.0.0.0/8"}
    with start_blocking_portal() as portal:
        open_site = a_site(server.addresses(name), FixedClock(NOW), keyring, **settings)
        with portal.wrap_async_context_manager(open_site) as house:
            site = app.site(house, limits=ENDLESS)
            program = portal.call(lambda: a_program(house, site=site))
            ids = portal.call(some_of_everything, program)
            running = uvicorn.Server(uvicorn.Config(site, port=0, log_level="critical", lifespan="off"))
            ended = portal.start_task_soon(running.serve)
            while not running.started:
                time.sleep(0.01)
            port = running.servers[0].sockets[0].getsockname()[1]
            yield Served(f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {program.key}"}, ids)
            running.should_exit = True
            ended.result()
    databases.drop(server, name)


USUAL = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


def test_the_api_does_what_its_document_says(served):
    assert "\n\n".join(lies(served, EXAMPLES, derandomize=True)) == ""


@pytest.mark.proof
def test_the_api_does_what_its_document_says_at_length(served):
    assert "\n\n".join(lies(served, MANY, derandomize=False)) == ""


def lies(served: Served, examples: int, *, derandomize: bool) -> list[str]:
    """What an operation did against its word: a 5xx, an answer that is not documented, a bad value taken.

    Half of the requests are good, the others are wrong in one way each. Every lie is told once, with the request
    that met it: what was true of a thing may have changed before anybody could ask again.
    """
    told = httpx2.get(f"{served.address}/api/v1/openapi.json").json()
    for known in told["paths"].values():
        for operation in known.values():
            del operation["security"]  # each call below brings the key: who has none is asked in walls
    document = schemathesis.openapi.from_dict(told)
    document.config.update(base_url=f"{served.address}/api/v1")
    # By itself it takes a body that is too large (413) and a tag that is not ours (412) for accepted.
    document.config.checks.negative_data_rejection.expected_statuses = [
        str(status) for status in problems.TOLD
    ]
    usual = settings(max_examples=examples, derandomize=derandomize, phases=[Phase.generate], **USUAL)
    found: dict[str, str] = {}
    for result in document.get_all_operations():
        assert isinstance(result, Ok)
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
            found |= lies_of(served, result.ok(), mode, usual)
    return list(found.values())


def lies_of(
    served: Served, operation: schemathesis.APIOperation, mode: GenerationMode, usual: settings
) -> dict[str, str]:
    found: dict[str, str] = {}

    @usual
    @given(operation.as_strategy(generation_mode=mode))
    def asked(case: schemathesis.Case) -> None:
        try:
            keeps_its_word(served, case)
        except (FailureGroup, Failure) as failure:
            lie = f"{operation.label} ({mode}): {told_by(failure)}"
            found.setdefault(lie, f"{lie}\n{case.as_curl_command()}")

    with suppress(Unsatisfiable):  # nothing of it can be wrong
        asked()
    return found


def keeps_its_word(served: Served, case: schemathesis.Case) -> None:
    for name, value in (case.path_parameters or {}).items():
        if is_uuid(value) and name in served.ids:
            case.path_parameters[name] = served.ids[name]
    if isinstance(case.body, dict) and isinstance(case.body.get("host"), str):
        case.body["host"] = "127.0.0.1"  # a test knocks at nobody's door
    answer = case.call(headers=served.headers, timeout=PATIENCE_S)
    if answer.content != NOT_HTTP:
        case.validate_response(answer, headers=served.headers, excluded_checks=NOT_PROMISED)


def told_by(failure: FailureGroup | Failure) -> str:
    return "; ".join(str(one) for one in getattr(failure, "exceptions", [failure]))


def is_uuid(value: object) -> bool:
    try:
        return bool(UUID(str(value)))
    except ValueError:
        return False
