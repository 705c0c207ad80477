import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from bursar.core.crypto import CannotOpen
from bursar.core.keys import Keyring
from bursar.tenancy import totp

pytestmark = pytest.mark.pure

OLD, NEW = bytes(range(32)), bytes(range(50, 82))
RING = Keyring({"k1": OLD})
ACCOUNT = uuid4()

# RFC 6238, appendix B, SHA-1: the secret is "12345678901234567890", the codes' last six digits.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_published_codes_are_accepted(seconds, code):
    assert totp.accepted_step(SECRET, code, now=at(seconds), last_step=None) == seconds // 30


@pytest.mark.parametrize("late", [-30, -1, 0, 20, 50])
def test_a_clock_may_be_one_step_off(late):
    now = at(1234567890) + timedelta(seconds=late)  # its step begins at that very second
    assert totp.accepted_step(SECRET, "005924", now=now, last_step=None) == 1234567890 // 30


@pytest.mark.parametrize("late", [-61, -31, 60, 90])
def test_two_steps_off_is_too_far(late):
    now = at(1234567890) + timedelta(seconds=late)
    assert totp.accepted_step(SECRET, "005924", now=now, last_step=None) is None


def test_a_code_works_once():
    now = at(1234567890)
    step = 1234567890 // 30
    assert totp.accepted_step(SECRET, "005924", now=now, last_step=None) == step
    assert totp.accepted_step(SECRET, "005924", now=now, last_step=step) is None
    assert totp.accepted_step(SECRET, "005924", now=now, last_step=step + 1) is None
    assert totp.accepted_step(SECRET, "005924", now=now, last_step=step - 1) == step


@pytest.mark.parametrize(
    "code", ["", "00592", "0059240", "abcdef", "005925", "-05924", "+05924", "٠٠٥٩٢", "½½½½½½"]
)
def test_anything_else_is_not_accepted(code):
    assert totp.accepted_step(SECRET, code, now=at(1234567890), last_step=None) is None


@pytest.mark.parametrize("code", [" 005 924 ", "٠٠٥٩٢٤", "۰۰۵۹۲۴"])
def test_a_code_may_be_typed_with_spaces_or_arabic_digits(code):
    assert totp.accepted_step(SECRET, code, now=at(1234567890), last_step=None)


def test_a_fresh_secret_makes_codes_and_never_repeats():
    assert len({totp.new_secret() for _ in range(100)}) == 100
    assert re.fullmatch(r"[A-Z2-7]{32}", totp.new_secret())


def test_the_qr_code_names_the_program_and_the_person():
    uri = urlsplit(totp.provisioning_uri(SECRET, "amira@example.com"))
    said = parse_qs(uri.query)
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/Bursar:amira%40example.com")
    assert (said["secret"], said["issuer"]) == ([SECRET], ["Bursar"])


def test_a_sealed_secret_opens_for_its_own_account_only():
    sealed = totp.seal_secret(RING, ACCOUNT, SECRET)
    assert SECRET.encode() not in sealed
    assert totp.open_secret(RING, ACCOUNT, sealed) == SECRET
    assert totp.open_secret(Keyring({"k2": NEW, "k1": OLD}), ACCOUNT, sealed) == SECRET
    with pytest.raises(CannotOpen):
        totp.open_secret(RING, uuid4(), sealed)
    with pytest.raises(CannotOpen):
        totp.open_secret(Keyring({"k2": NEW}), ACCOUNT, sealed)


def test_recovery_codes_are_for_paper_and_never_repeat():
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{6}(-[0-9a-hjkmnp-tv-z]{6}){3}", code) for code in codes)


def test_a_recovery_code_is_found_by_its_hash_however_it_was_copied():
    codes = totp.new_recovery_codes()
    hashes = [totp.recovery_hash(code) for code in codes]

    written = codes[3].upper().replace("-", " ").replace("0", "O").replace("1", "l")
    assert totp.matching_hash(written, hashes) == hashes[3]
    assert totp.matching_hash(codes[3], hashes[:3] + hashes[4:]) is None
    assert totp.matching_hash("", hashes) is None
