"""Versions over HTTP: every answer about one thing names its version, and a change may insist on it.

The tags are weak, because what is computed (a status, a count) may differ within one version; `If-Match`
compares the version alone.
"""

import re
from typing import Annotated

from fastapi import Depends, Header
from starlette.responses import Response

from bursar.core.errors import N_, Invalid, StaleVersion

_TAG = re.compile(r'(?:W/)?"([0-9]{1,9})"')
_ANY_TAG = re.compile(r'(?:W/)?"[^"]*"')
LONGEST = 1_000


def tag(response: Response, version: int) -> None:
    response.headers["ETag"] = f'W/"{version}"'


async def if_match(
    if_match: Annotated[
        str | None,
        Header(
            description="The ETag that this change was made from; otherwise it applies to whatever is there.",
            max_length=LONGEST,
        ),
    ] = None,
) -> int | None:
    """The version that must still be there, None for any. Raises `StaleVersion` for a tag not of ours."""
    if if_match is None or if_match.strip() == "*":
        return None
    given = if_match.strip()
    if found := _TAG.fullmatch(given):
        return int(found[1])
    if _ANY_TAG.fullmatch(given):
        raise StaleVersion("resource")
    raise Invalid(
        N_("Give one ETag as it came, like %(example)s."),
        code="if_match_unreadable",
        field="header.If-Match",
        example='W/"3"',
    )


Version = Annotated[int | None, Depends(if_match)]
