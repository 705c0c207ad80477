"""What the commands are handed by `app.py`, which they may not import, any more than the other doors."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bursar.core.settings import Settings
from bursar.house import House


@dataclass(frozen=True, slots=True)
class Building:
    """`worker(house, until_idle=…)` returns when it has ended; `settings` reads the environment,
    `site` makes an ASGI application.
    """

    settings: Callable[[], Settings]
    build: Callable[[Settings], House]
    site: Callable[[House], Any]
    worker: Callable[..., Awaitable[None]]
