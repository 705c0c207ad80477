"""Somebody at a browser in each language, and the mail server that their firm sends through."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.core.database import Addresses
from bursar.web.languages import OFFERED
from tests.makers.person import Person, a_person
from tests.processes import SinkProcess, a_sink_process


@pytest.fixture(params=list(OFFERED))
def person(request: pytest.FixtureRequest, addresses: Addresses, tmp_path: Path) -> Iterator[Person]:
    with a_person(addresses, request.param, tmp_path) as somebody:
        yield somebody


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SinkProcess]:
    with a_sink_process(tmp_path / "mails") as sink:
        yield sink
