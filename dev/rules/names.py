"""A file's name must be able to refuse a line.

`invoices.py` says no to what is not about invoices; `utils.py` says no to nothing, and in a year holds
everything. So a file or folder is named after its subject.
"""

from collections.abc import Iterator

from dev.rules.source import Finding, Source

FORBIDDEN = frozenset({
    "base", "common", "helper", "helpers", "manager", "managers", "misc", "service", "services", "shared",
    "stuff", "tools", "util", "utilities", "utils",
})  # fmt: skip


def check(source: Source) -> Iterator[Finding]:
    for part in source.parts:
        word = part.removesuffix(".py")
        if word in FORBIDDEN:
            yield Finding(1, word, f"{word!r} refuses no line: name the file after its subject")
