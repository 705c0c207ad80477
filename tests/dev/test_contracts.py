"""The comparison of our vendor schemas with the vendors' originals."""

import json
from pathlib import Path
from typing import Any

import pytest

from dev import contracts

pytestmark = pytest.mark.pure

ORIGINAL = {
    "components": {"a/b": {"properties": {"id": {}, "url": {}}}},
    "events": ["opened", "closed"],
    "errors": [{"code": 131026}, {"code": 131047}],
}


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    folder = tmp_path / "originals"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "vendor.json").write_text(json.dumps(ORIGINAL))
    return folder


def believing(tmp_path: Path, *beliefs: dict[str, Any]) -> Path:
    """A sandbox with one vendor whose contract believes this."""
    sandbox = tmp_path / "sandbox"
    (sandbox / "vendor").mkdir(parents=True)
    (sandbox / "vendor" / "contract.json").write_text(json.dumps({"originals": beliefs}))
    return sandbox


def belief(at: str, *names: Any, file: str = "vendor.json") -> dict[str, Any]:
    return {"file": file, "at": at, "names": list(names)}


def test_without_contracts_there_is_nothing_to_compare(tmp_path, originals, capsys):
    assert contracts.main(originals, tmp_path / "none") == 0
    assert "nothing to compare" in capsys.readouterr().out


def test_what_the_vendor_has_is_kept(tmp_path, originals):
    sandbox = believing(
        tmp_path,
        belief("/components/a~1b/properties", "id", "url"),
        belief("/events", "closed"),
        belief("/errors", 131026),
    )
    assert contracts.main(originals, sandbox) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (belief("/components/a~1b/properties", "amount"), "has no 'amount'"),
        (belief("/events", "reopened"), "has no 'reopened'"),
        (belief("/errors", 1), "has no 1"),
        (belief("/nowhere", "id"), "nothing at /nowhere"),
        (belief("/events", "closed", file="gone.json"), "there is no gone.json"),
    ],
)
def test_what_the_vendor_lacks_is_named(tmp_path, originals, capsys, wrong, said):
    assert contracts.main(originals, believing(tmp_path, wrong)) == 1
    assert said in capsys.readouterr().out


def test_a_contract_that_compares_with_nothing_is_a_difference(tmp_path, originals):
    assert contracts.main(originals, believing(tmp_path)) == 1


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    assert contracts.main(tmp_path / "nowhere") == 2
