"""What Stripe tells us is believed if it signed these very bytes just now (R127)."""

import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bursar.billing.tills.ports import Forged
from bursar.integrations.stripe.desk import StripeDesk

pytestmark = pytest.mark.pure

VECTOR: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "stripe_vector.json").read_text())
SECRET, BODY, T = VECTOR["secret"].encode(), VECTOR["body"].encode(), VECTOR["timestamp"]
THEN = datetime.fromtimestamp(T, UTC)


def signed(body: bytes = BODY, t: Any = T, secret: bytes = SECRET) -> str:
    """As Stripe signs, written a second time."""
    return hmac.new(secret, f"{t}.".encode() + body, sha256).hexdigest()


def a_header(**given: Any) -> str:
    return f"t={given.get('t', T)},v1={signed(**given)}"


def verify(
    signature: str, *, body: bytes = BODY, secrets: tuple[bytes, ...] = (SECRET,), after: int = 0
) -> None:
    StripeDesk().verify(body, signature, secrets, THEN + timedelta(seconds=after))


def test_stripes_own_vectors_pass() -> None:
    verify(VECTOR["header"])
    verify(VECTOR["rotation_header"])


def test_while_a_secret_is_changed_either_is_good() -> None:
    for secret in (SECRET, b"whsec_the_next_one"):
        verify(a_header(secret=secret), secrets=(SECRET, b"whsec_the_next_one"))


@pytest.mark.parametrize("after", [-300, -299, 0, 299, 300])
def test_five_minutes_either_way_are_good(after: int) -> None:
    verify(VECTOR["header"], after=after)


@pytest.mark.parametrize("after", [-301, 301, 86_400, -86_400])
def test_what_is_older_or_from_the_future_is_not(after: int) -> None:
    with pytest.raises(Forged, match="timestamp"):
        verify(VECTOR["header"], after=after)


def test_a_body_that_was_written_anew_is_not_what_was_signed() -> None:
    rewritten = json.dumps(json.loads(BODY)).encode()
    assert json.loads(rewritten) == json.loads(BODY)

    with pytest.raises(Forged):
        verify(VECTOR["header"], body=rewritten)


NOBODY = "0" * 64
ARABIC = str(T).translate({0x30 + digit: 0x660 + digit for digit in range(10)})


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "t=",
        f"t={T}",
        f"v1={signed()}",
        f"t={T},v1=",
        f"t={T},v1={NOBODY}",
        f"t={T},v0={signed()}",
        f"t={T},V1={signed()}",
        f"t={T},v1={signed().upper()}",
        f"t={T},v1={signed()[:-1]}",
        f"t={T},t={T + 1},v1={signed()}",
        f"t={T + 1},v1={signed()}",
        f"t=+{T},v1={signed()}",
        f"t=-{T},v1={signed(t=-T)}",
        f"t={ARABIC},v1={signed(t=ARABIC)}",
        f"t=1e9,v1={signed(t='1e9')}",
        f"t={'9' * 30},v1={signed(t='9' * 30)}",
        f"t={T},v1=é{signed()[1:]}",
        f"t={T}," + ",".join(f"v1={NOBODY}" for _ in range(1000)) + f",v1={signed()}",
        "\udce9",
        VECTOR["header"].replace(",", ";"),
    ],
)
def test_a_header_that_stripe_would_not_write_is_forged(signature: str) -> None:
    with pytest.raises(Forged):
        verify(signature)


@pytest.mark.parametrize("secrets", [(), (b"",), (b" \n",), (b"whsec_of_another",), (SECRET + b"x",)])
@pytest.mark.parametrize("used", [SECRET, b"", b" \n"])
def test_nobody_signs_with_another_secret_or_with_none(secrets: tuple[bytes, ...], used: bytes) -> None:
    with pytest.raises(Forged):
        verify(a_header(secret=used), secrets=secrets)
