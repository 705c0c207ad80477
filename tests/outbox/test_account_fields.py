"""What may stand in an account, and when a queue will be empty: from values alone."""

from datetime import datetime, timedelta

import pytest

from bursar.core.errors import Invalid
from bursar.outbox.account_fields import SmtpServer, clean_account, clean_server
from bursar.outbox.forecasts import Pace, finishes_at
from tests.conftest import NOW

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("queued", "left", "expected"),
    [
        (0, 10, None),
        (1, 10, timedelta(0)),
        (5, 10, timedelta(0)),
        (6, 10, timedelta(seconds=3)),
        (10, 10, timedelta(seconds=3)),
        (11, 10, timedelta(hours=25)),
        (110, 10, timedelta(hours=25, seconds=57)),
        (111, 10, timedelta(hours=50)),
        (1, 0, timedelta(hours=25)),
    ],
)
def test_a_queue_ends_when_pace_and_quota_allow(queued: int, left: int, expected: timedelta | None) -> None:
    pace = Pace(batch_size=5, batch_interval=timedelta(seconds=3), daily_quota=100, left=left)
    at: datetime | None = NOW + expected if expected is not None else None

    assert finishes_at(NOW, queued, pace) == at


@pytest.mark.parametrize(
    ("server", "field"),
    [
        (SmtpServer("", 587), "host"),
        (SmtpServer("smtp.example.com:587", 587), "host"),
        (SmtpServer("https://smtp.example.com", 587), "host"),
        (SmtpServer("smtp.example.com", 0), "port"),
        (SmtpServer("smtp.example.com", 70_000), "port"),
        (SmtpServer("smtp.example.com", 587, "us"), "password"),
        (SmtpServer("smtp.example.com", 587, None, "secret"), "username"),
        (SmtpServer("smtp.example.com", 587, "us\r\nQUIT", "secret"), "username"),
        (SmtpServer("smtp.example.com", 587, "us", "se\ncret"), "password"),
        (SmtpServer("smtp.example.com", 587, tls="yes"), "tls"),  # pyright: ignore[reportArgumentType]  what a form may bring
    ],
)
def test_a_server_that_cannot_be_is_refused_by_field(server: SmtpServer, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        clean_server(server)

    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("batch_size", 0),
        ("batch_size", 501),
        ("daily_quota", 0),
        ("connections", 65),
        ("batch_interval", timedelta(seconds=-1)),
        ("batch_interval", timedelta(hours=2)),
        ("reply_to", "two@example.com, more@example.com"),
        ("display_name", "a\r\nBcc: x@example.com"),
    ],
)
def test_a_pace_or_name_that_cannot_be_is_refused_by_field(field: str, value: object) -> None:
    with pytest.raises(Invalid) as refusal:
        clean_account({field: value})

    assert refusal.value.field == field
