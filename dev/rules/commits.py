"""Only Work commits.

A door opens one Work and that is one transaction: reactions run before its COMMIT, jobs and events are
rows of it. A verb that commits on its own would let the first half of an act stand without the second.
"""

from collections.abc import Iterator

from dev.rules.source import Finding, Source, calls, last_name

HOME = "src/bursar/core/work.py"


def check(source: Source) -> Iterator[Finding]:
    if not source.shipped or source.path == HOME:
        return
    for call in calls(source.tree):
        if last_name(call.func) == "commit":
            yield Finding(
                call.lineno,
                "commit",
                f"only {HOME} commits: return, and let the door's Work end the transaction",
            )
