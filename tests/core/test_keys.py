import base64
import pickle
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bursar.core.keys import BadKeyring, Keyring, Purpose, new_entry

pytestmark = pytest.mark.pure

ROOT_1, ROOT_2 = bytes(range(32)), bytes(range(100, 132))


def entry(key_id: str, root: bytes) -> str:
    return f"{key_id}:{base64.b64encode(root).decode()}"


BOTH = f"{entry('k2', ROOT_2)},{entry('k1', ROOT_1)}"


def test_the_first_key_is_the_current_one():
    ring = Keyring.parse(f" {entry('k2', ROOT_2)} ,\n {entry('k1', ROOT_1)}, ")

    assert ring.current_id == "k2"
    assert ring.ids == ("k2", "k1")
    assert ring.key(Purpose.WRAP) == ring.key(Purpose.WRAP, "k2")


def test_each_purpose_and_each_root_has_a_key_of_its_own():
    ring = Keyring.parse(BOTH)
    derived = [key for purpose in Purpose for key in ring.each(purpose).values()]

    assert len({*derived, ROOT_1, ROOT_2}) == 2 * len(Purpose) + 2
    assert {len(key) for key in derived} == {32}


def test_a_derived_key_does_not_depend_on_the_ring_it_stands_in():
    alone, among = Keyring.parse(entry("old", ROOT_1)), Keyring.parse(BOTH)
    assert alone.key(Purpose.TOTP) == among.key(Purpose.TOTP, "k1")


def test_derivation_is_fixed_for_ever():
    """What is sealed today must open in ten years: the recipe is written here a second time."""
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"bursar/v1/token-mac")
    assert Keyring.parse(entry("k1", ROOT_1)).key(Purpose.TOKEN_MAC) == hkdf.derive(ROOT_1)


def test_the_url_alphabet_and_missing_padding_are_read_too():
    root = bytes([0xFB, 0xFF, *range(30)])
    text = base64.urlsafe_b64encode(root).decode().rstrip("=")
    assert Keyring.parse(f"k1:{text}").key(Purpose.WRAP) == Keyring({"k1": root}).key(Purpose.WRAP)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (" , ", "empty"),
        (base64.b64encode(ROOT_1).decode(), "entry 1 .* not written as id:base64"),
        (f"{entry('k1', ROOT_1)},{entry('k1', ROOT_2)}", "entry 2 .* repeats the id"),
        (f"{entry('k1', ROOT_1)},{entry('k2', ROOT_1)}", "the same key"),
        (entry("K1", ROOT_1), "small letters or digits"),
        (entry("", ROOT_1), "small letters or digits"),
        (entry("toolongid", ROOT_1), "small letters or digits"),
        (entry("k1", ROOT_1[:31]), "holds 31 bytes and must hold 32"),
        (entry("k1", ROOT_1 + b"x"), "holds 33 bytes"),
        ("k1:not base64!", "entry 1 .* not base64"),
        ("k1:abcde", "entry 1 .* not base64"),
        ("k1:é", "entry 1 .* not base64"),
        (entry("k1", b"\0" * 32), "does not look random"),
        (entry("k1", b"password" * 4), "does not look random"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_in_words(text, message):
    with pytest.raises(BadKeyring, match=message):
        Keyring.parse(text)


CANARY = base64.b64encode(ROOT_1).decode()


@pytest.mark.parametrize(
    "text", [CANARY, f"k1:{CANARY}!", f"{CANARY}:{CANARY}", f"k1:{CANARY[:-8]}", f"k1:{CANARY},k1:{CANARY}"]
)
def test_no_refusal_quotes_the_key(text):
    with pytest.raises(BadKeyring) as refused:
        Keyring.parse(text)
    said = repr(refused.value) + repr(refused.value.__cause__)
    assert CANARY[:16] not in said
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_keyring_shows_ids_only():
    ring = Keyring.parse(BOTH)
    ring.each(Purpose.WRAP)
    shown = repr(ring) + str(ring) + f"{ring}"
    assert "k2" in shown
    for secret in (ROOT_1, ROOT_2, ring.key(Purpose.WRAP)):
        assert base64.b64encode(secret).decode()[:12] not in shown
        assert secret.hex()[:12] not in shown
        assert quote(secret)[:12] not in shown


def test_a_keyring_does_not_travel():
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Keyring.parse(BOTH))


def test_a_fresh_entry_is_read_back_and_never_twice_the_same():
    first, second = new_entry("k3"), new_entry("k3")
    assert first != second
    assert Keyring.parse(first).ids == ("k3",)
    with pytest.raises(BadKeyring):
        new_entry("not an id")
