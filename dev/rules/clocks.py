"""Time comes in as a parameter.

A room reads `work.now` and `work.today`: a scenario lets a month pass in a second, and "today" is the
tenant's, not the server's. core/clock.py is the one place that asks the machine. How long something took is
no date: doors and the outside may measure it. The database's now() is a second clock, so statements do not
use it either; the default of a column does. The sandbox plays strangers, whose clocks are their own.
"""

import ast
from collections.abc import Iterator

from dev.rules.source import Finding, Source, dotted

HOME = "src/bursar/core/clock.py"
CALENDAR = frozenset({
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns",
    "time.localtime", "time.gmtime",
})  # fmt: skip
STOPWATCH = frozenset({"time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns"})
DATABASE = frozenset({"func.now", "func.current_timestamp", "func.clock_timestamp", "func.current_date"})
MAY_MEASURE = frozenset({"api", "cli", "demo", "integrations", "sandbox", "web", "worker"})
POOL = "src/bursar/core/database.py"  # how long a connection rested is the socket's business, no room's


def check(source: Source) -> Iterator[Finding]:
    if not source.shipped or source.path == HOME or source.room == "sandbox":
        return
    imported = _imported_names(source.tree)
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        name = imported.get(dotted(node), dotted(node)) if isinstance(node, ast.Name) else dotted(node)
        name = ".".join(name.split(".")[-2:])
        if name in CALENDAR:
            yield Finding(node.lineno, name, f"{name}: take the time as a parameter (work.now, work.today)")
        elif name in STOPWATCH and source.room not in MAY_MEASURE and source.path != POOL:
            yield Finding(node.lineno, name, f"{name}: a room has no stopwatch, its door or adapter measures")
        elif name in DATABASE and not {"tables", "tables.py"} & set(source.parts):
            yield Finding(node.lineno, name, f"{name}: bind work.now, the database's clock is another one")


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """`{"monotonic": "time.monotonic"}` for `from time import monotonic`; module aliases are not followed."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for alias in node.names
    }
