"""How a process of ours ends: asked once it finishes what it has in hand, asked twice it goes."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

log = structlog.get_logger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def on_signal(stop: Callable[[], None]) -> Iterator[None]:
    """The first SIGTERM or SIGINT calls `stop`; a second one ends the process where it stands."""
    loop = asyncio.get_running_loop()

    def first() -> None:
        log.info("stop_requested")
        stop()
        for one in SIGNALS:
            loop.remove_signal_handler(one)

    for one in SIGNALS:
        loop.add_signal_handler(one, first)
    try:
        yield
    finally:
        for one in SIGNALS:
            loop.remove_signal_handler(one)
