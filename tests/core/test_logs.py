"""Log lines tell what happened and not who somebody is, nor what would sign in."""

import io
import json
import logging

import pytest
import structlog

from bursar.core.logs import set_up_logs
from bursar.core.settings import load_settings
from tests.makers.cli import untouched_logging

pytestmark = pytest.mark.pure


def lines(log, form: str = "json", level: str = "info") -> list[str]:
    out = io.StringIO()
    with untouched_logging():
        set_up_logs(load_settings(log_format=form, log_level=level), stream=out)
        log()
    return out.getvalue().splitlines()


def test_a_line_is_an_object_with_level_logger_time_and_what_is_bound():
    def log():
        with structlog.contextvars.bound_contextvars(tenant="t-1", request_id="r-1", cause="cli:me"):
            structlog.get_logger("bursar.outbox.pump").info("claimed", many=7)

    [line] = map(json.loads, lines(log))
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "claimed",
        "level": "info",
        "logger": "bursar.outbox.pump",
        "many": 7,
        "tenant": "t-1",
        "request_id": "r-1",
        "cause": "cli:me",
    }


def test_a_library_speaks_in_the_same_form():
    [line] = map(json.loads, lines(lambda: logging.getLogger("some.library").warning("%s of %s", 1, 2)))

    assert (line["event"], line["level"], line["logger"]) == ("1 of 2", "warning", "some.library")


@pytest.mark.parametrize(
    "said",
    [
        {"password": "s3cret"},
        {"smtp_password": "s3cret"},
        {"api_key": "s3cret"},
        {"token": "s3cret"},
        {"headers": {"Authorization": "Bearer s3cret"}},
        {"email": "s3cret"},
        {"to_address": "s3cret"},
        {"full_name": "s3cret"},
        {"text": "mail to s3cret@example.com bounced"},
        {"texts": ["<s3cret@example.com>"]},
        {"url": "postgresql://bursar:s3cret@db/bursar"},
    ],
)
@pytest.mark.parametrize("form", ["json", "console"])
def test_what_signs_in_or_names_somebody_is_not_written(said, form):
    written = lines(lambda: structlog.get_logger("x").info("said", **said), form)

    assert len(written) == 1
    assert "s3cret" not in written[0]


def test_neither_does_a_traceback_tell_them():
    def log():
        try:
            raise ValueError("no such mailbox: s3cret@example.com")
        except ValueError:
            structlog.get_logger("x").exception("broke")

    written = "\n".join(lines(log))
    assert "ValueError" in written
    assert "s3cret" not in written


def test_below_the_level_nothing_is_written():
    assert lines(lambda: structlog.get_logger("x").info("quiet"), level="warning") == []
    assert lines(lambda: logging.getLogger("procrastinate.worker").info("chatter")) == []
