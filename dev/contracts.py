"""`python -m dev.contracts DIR`: what we believe of a vendor's wire format, against the vendor's own files.

Each `sandbox/<vendor>/contract.json`, and each `integrations/<vendor>/contract.json` beside an adapter, may say
under "originals" where its beliefs come from, so that a new version of a vendor's file shows at once which of them
is no longer true:

    {"originals": [{"file": "stripe_openapi_subset.json",
                    "at": "/components/schemas/checkout.session/properties",
                    "names": ["id", "url", "payment_status"]}]}

`at` is a JSON pointer; `names` are keys of the object there, members of the list there, or the codes of a
list of objects that each have a `code`.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BURSAR = Path(__file__).parents[1] / "src" / "bursar"
BOTH_SIDES = (BURSAR / "sandbox", BURSAR / "integrations")


def main(originals: Path, *folders: Path) -> int:
    """Print every belief that an original contradicts; the exit status is 1 if there was one."""
    if not originals.is_dir():
        print(f"There is no folder {originals}: name the one that holds the vendors' files.", file=sys.stderr)
        return 2
    contracts = [one for folder in folders or BOTH_SIDES for one in sorted(folder.glob("*/contract.json"))]
    if not contracts:
        print("No vendor has a contract yet: nothing to compare.")
        return 0
    problems = [problem for contract in contracts for problem in compare(contract, originals)]
    for problem in problems:
        print(problem)
    print(f"{len(contracts)} contracts compared, {len(problems)} differences")
    return 1 if problems else 0


def compare(contract: Path, originals: Path) -> Iterator[str]:
    """One line for each file, place or name that the originals lack."""
    vendor = contract.parent.name
    beliefs = json.loads(contract.read_text(encoding="utf-8")).get("originals", [])
    if not beliefs:
        yield f'{vendor}: contract.json names no "originals" to compare with'
    for belief in beliefs:
        original = find_original(originals, belief["file"])
        if original is None:
            yield f"{vendor}: there is no {belief['file']} below {originals}"
            continue
        try:
            place = at_pointer(json.loads(original.read_text(encoding="utf-8")), belief["at"])
        except LookupError:
            yield f"{vendor}: {belief['file']} has nothing at {belief['at']}"
            continue
        for name in belief["names"]:
            if name not in names_of(place):
                yield f"{vendor}: {belief['file']} has no {name!r} at {belief['at']}"


def find_original(originals: Path, name: str) -> Path | None:
    """`originals` itself or its data/ folder may hold the files."""
    candidates = (originals / name, originals / "data" / name)
    return next((path for path in candidates if path.is_file()), None)


def at_pointer(document: Any, pointer: str) -> Any:
    """What an RFC 6901 pointer points at. Raises `LookupError` if that is nothing."""
    place = document
    for raw in pointer.split("/")[1:]:
        key = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(place, list) and key.isdigit():
            place = place[int(key)]
        elif isinstance(place, dict):
            place = place[key]
        else:
            raise LookupError(pointer)
    return place


def names_of(place: Any) -> set[Any]:
    if isinstance(place, dict):
        return set(place)
    if isinstance(place, list):
        return {each.get("code") if isinstance(each, dict) else each for each in place}
    return {place}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Say where the originals are: python -m dev.contracts DIR")
    sys.exit(main(Path(sys.argv[1])))
