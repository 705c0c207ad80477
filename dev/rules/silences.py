"""Silencing a checker says why, on the same line.

`# noqa: BLE001` alone is read next year as "somebody could not be bothered". Which rule is switched off and
the reason in words stand together; ruff sees to the first, this to the second.
"""

import io
import re
import tokenize
from collections.abc import Iterator

from dev.rules.source import Finding, Source

SILENCE = re.compile(r"#\s*(?P<kind>noqa|type:\s*ignore|pyright:\s*ignore|pragma:\s*no cover)(?P<rest>.*)")
CODES = re.compile(r"^\s*:?\s*(\[[^\]]*\]|[A-Z]+[0-9]+(\s*,\s*[A-Z]+[0-9]+)*)?[\s#:]*")


def check(source: Source) -> Iterator[Finding]:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        found = SILENCE.search(token.string) if token.type == tokenize.COMMENT else None
        if found and not CODES.sub("", found["rest"], count=1).strip():
            yield Finding(token.start[0], found["kind"], "say on the same line why the checker is wrong here")
