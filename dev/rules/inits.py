"""`__init__.py` files stay empty.

A name has one place to be imported from, importing a room's file does not import the whole room, and the
import contracts see every edge as it is.
"""

from collections.abc import Iterator

from dev.rules.source import Finding, Source


def check(source: Source) -> Iterator[Finding]:
    if source.parts[-1] == "__init__.py" and source.text.strip():
        yield Finding(1, "__init__", "__init__.py stays empty: import from the file that has the name")
