"""Whether each mailbox keeps its pace when 300 firms send at once: five messages every three seconds, two workers.

There is no faster way to do it right: the limit is the pace itself, and "limit_ratio" is what the slowest mailbox took
for its messages against it. Ends with "least", "most" and "mean" as shares of that pace.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

from benchmarks.ground import Ground, run, say
from bursar.core.clock import SystemClock
from tests.makers.pacing import Rush, shares


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    rush = Rush(
        firms=arguments.size, batch=5, every=3.0, seconds=arguments.seconds, workers=arguments.workers
    )
    async with Ground(SystemClock()) as house:
        folder = house.settings.data_dir
        begun = time.perf_counter()
        kept = await shares(house, _environment(house.addresses.app, folder), folder, rush)
    mean = sum(kept) / len(kept)
    say(f"{rush.firms} firms: from {min(kept):.3f} to {max(kept):.3f} of their pace, mean {mean:.3f}")
    return {
        "size": rush.firms,
        "seconds": round(time.perf_counter() - begun, 1),
        "per_second": round(mean * rush.firms * rush.batch / rush.every),
        "least": round(min(kept), 3),
        "most": round(max(kept), 3),
        "mean": round(mean, 3),
        "limit_ratio": round(1 / min(kept), 3),
    }


def _environment(app: Any, folder: Path) -> dict[str, str]:
    """What the worker processes need; their keys lie in the folder."""
    url = app.set(drivername="postgresql").render_as_string(hide_password=False)
    ours = {"DATABASE_URL": url, "BURSAR_PRIVATE_HOSTS": "127.0.0.0/8", "BURSAR_DATA_DIR": str(folder)}
    return {**{k: v for k, v in os.environ.items() if not k.startswith("BURSAR_")}, **ours}


if __name__ == "__main__":
    run(
        main,
        size=300,
        seconds={"type": float, "default": 120.0, "help": "how long the firms are watched"},
        workers={"type": int, "default": 2, "help": "worker processes"},
    )
