import pickle
import traceback
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core import crypto
from bursar.core.crypto import CannotOpen, Place, Sealer, Why
from bursar.core.keys import Keyring, Purpose

pytestmark = pytest.mark.pure

OLD, NEW, OTHER = bytes(range(32)), bytes(range(50, 82)), bytes(range(90, 122))
TENANT, ROW = UUID(int=1), UUID(int=2)
HERE = Place(TENANT, "secrets", ROW, "smtp")
CANARY = b"canary-7f3a"

before = crypto.keyring_sealer(Keyring({"k1": OLD}), Purpose.WRAP)
after = crypto.keyring_sealer(Keyring({"k2": NEW, "k1": OLD}), Purpose.WRAP)

ELSEWHERE = [
    Place(UUID(int=7), "secrets", ROW, "smtp"),
    Place(None, "secrets", ROW, "smtp"),
    Place(TENANT, "tenant_keys", ROW, "smtp"),
    Place(TENANT, "secrets", UUID(int=7), "smtp"),
    Place(TENANT, "secrets", ROW, "gmail"),
]


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_at_its_place(plaintext):
    assert before.open(before.seal(plaintext, HERE), HERE) == plaintext


@pytest.mark.parametrize("place", ELSEWHERE, ids=str)
def test_a_ciphertext_moved_to_another_row_or_tenant_stays_shut(place):
    with pytest.raises(CannotOpen) as refused:
        before.open(before.seal(CANARY, HERE), place)
    assert refused.value.why is Why.WRONG_PLACE_OR_CHANGED


def test_every_single_bit_counts():
    sealed = before.seal(CANARY, HERE)
    for bit in range(len(sealed) * 8):
        flipped = bytearray(sealed)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CannotOpen):
            before.open(bytes(flipped), HERE)


@given(st.binary(max_size=80))
def test_anything_else_is_a_typed_refusal_and_never_a_crash(noise):
    with pytest.raises(CannotOpen):
        before.open(noise, HERE)


def test_a_cut_ciphertext_is_unreadable():
    sealed = before.seal(b"", HERE)
    for length in range(len(sealed)):
        with pytest.raises(CannotOpen) as refused:
            before.open(sealed[:length], HERE)
        assert refused.value.why is Why.UNREADABLE


def test_the_same_secret_sealed_twice_looks_different():
    assert len({before.seal(CANARY, HERE) for _ in range(50)}) == 50


def test_the_layout_is_fixed_for_ever():
    sealed = before.seal(CANARY, HERE)
    assert sealed[:4] == b"\x01\x02k1"
    assert len(sealed) == 4 + 12 + len(CANARY) + 16
    assert str(HERE) == (
        "v1|00000000-0000-0000-0000-000000000001|secrets|00000000-0000-0000-0000-000000000002|smtp"
    )
    assert str(Place(None, "accounts", ROW, "totp")).startswith("v1|-|accounts|")


def test_after_a_rotation_the_old_opens_and_the_new_is_made_with_the_new_key():
    old = before.seal(CANARY, HERE)
    assert after.open(old, HERE) == CANARY
    assert not after.is_current(old)

    new = after.seal(CANARY, HERE)
    assert after.is_current(new)
    with pytest.raises(CannotOpen) as refused:
        before.open(new, HERE)
    assert refused.value.why is Why.UNKNOWN_KEY


def test_another_key_under_the_same_id_does_not_open():
    stranger = crypto.keyring_sealer(Keyring({"k1": OTHER}), Purpose.WRAP)
    with pytest.raises(CannotOpen) as refused:
        stranger.open(before.seal(CANARY, HERE), HERE)
    assert refused.value.why is Why.WRONG_PLACE_OR_CHANGED


def test_the_key_of_one_purpose_does_not_open_anothers():
    totp = crypto.keyring_sealer(Keyring({"k1": OLD}), Purpose.TOTP)
    with pytest.raises(CannotOpen):
        totp.open(before.seal(CANARY, HERE), HERE)


def test_rotating_the_root_rewraps_the_data_key_and_leaves_the_data_alone():
    key_place = Place(TENANT, "tenant_keys", TENANT, "data")
    wrapped = crypto.new_data_key(before, key_place)
    secret = crypto.data_sealer(before, wrapped, key_place).seal(CANARY, HERE)

    rewrapped = crypto.rewrap(after, wrapped, key_place)
    only_new = crypto.keyring_sealer(Keyring({"k2": NEW}), Purpose.WRAP)

    assert crypto.data_sealer(only_new, rewrapped, key_place).open(secret, HERE) == CANARY
    with pytest.raises(CannotOpen):
        crypto.data_sealer(only_new, wrapped, key_place)


def test_one_tenants_data_key_opens_nothing_of_anothers():
    places = [Place(tenant, "tenant_keys", tenant, "data") for tenant in (TENANT, UUID(int=7))]
    wrapped = [crypto.new_data_key(before, place) for place in places]
    mine, theirs = (
        crypto.data_sealer(before, each, place) for each, place in zip(wrapped, places, strict=True)
    )

    with pytest.raises(CannotOpen):
        theirs.open(mine.seal(CANARY, HERE), HERE)
    with pytest.raises(CannotOpen):
        crypto.data_sealer(before, wrapped[0], places[1])


def test_a_customers_key_may_hang_from_the_tenants():
    key_place = Place(TENANT, "tenant_keys", TENANT, "data")
    subject_place = Place(TENANT, "subject_keys", ROW, "private")
    tenant = crypto.data_sealer(before, crypto.new_data_key(before, key_place), key_place)
    wrapped = crypto.new_data_key(tenant, subject_place)
    subject = crypto.data_sealer(tenant, wrapped, subject_place)
    assert subject.open(subject.seal(CANARY, HERE), HERE) == CANARY


def test_no_repr_and_no_exception_shows_a_secret():
    sealer = Sealer({"k1": OLD}, "k1")
    sealed = sealer.seal(CANARY, HERE)
    with pytest.raises(CannotOpen) as refused:
        sealer.open(sealed, ELSEWHERE[0])
    shut = refused.value
    assert shut.__suppress_context__
    said = "".join(traceback.format_exception(shut)) + repr(shut) + repr(shut.args)
    shown = said + repr(sealer) + str(sealer)
    assert "k1" in shown
    assert CANARY.decode() not in shown
    assert OLD.hex()[:8] not in shown
    assert repr(OLD)[2:20] not in shown


def test_a_sealer_does_not_travel():
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(before)


def test_no_part_of_a_place_can_pretend_to_be_two():
    with pytest.raises(ValueError, match="joined"):
        Place(TENANT, "secrets|x", ROW, "smtp")
