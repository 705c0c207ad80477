import base64
import string
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core import tokens
from bursar.core.keys import Keyring, Purpose
from bursar.core.tokens import BadToken, Kind, Signed, Signer, sign, verify

pytestmark = pytest.mark.pure

OLD, NEW, OTHER = bytes(range(32)), bytes(range(50, 82)), bytes(range(90, 122))
RING = Keyring({"k1": OLD})
TENANT, SEND = UUID(int=7), UUID(int=9)
ALPHABET = string.ascii_letters + string.digits + "-_"

kinds = st.sampled_from(Kind)
extras = st.one_of(st.integers(0, 300), st.integers(0, 2**48 - 1))


@given(kinds, st.uuids(), st.uuids(), extras)
def test_a_signed_token_says_what_was_signed(kind, tenant_id, row_id, extra):
    token = sign(RING, kind, tenant_id, row_id, extra)

    assert verify(RING, kind, token) == Signed(tenant_id, row_id, extra)
    assert set(token) <= set(ALPHABET)
    assert len(token) in {68, 72, 76}


@given(kinds, kinds, extras)
def test_a_token_of_one_kind_never_passes_as_another(made, asked, extra):
    token = sign(RING, made, TENANT, SEND, extra)
    if made is asked:
        assert verify(RING, asked, token).id == SEND
    else:
        with pytest.raises(BadToken):
            verify(RING, asked, token)


@pytest.mark.parametrize("extra", [0, 1, 2**24])
def test_every_character_counts(extra):
    token = sign(RING, Kind.LINK, TENANT, SEND, extra)
    for place, good in enumerate(token):
        for bad in ALPHABET:
            if bad != good:
                with pytest.raises(BadToken):
                    verify(RING, Kind.LINK, token[:place] + bad + token[place + 1 :])


@given(st.text(max_size=80) | st.text(ALPHABET, min_size=60, max_size=80))
def test_noise_is_refused_and_never_crashes(noise):
    with pytest.raises(BadToken):
        verify(RING, Kind.PIXEL, noise)


@pytest.mark.parametrize(
    "change", [lambda t: t + "=", lambda t: t + "\n", lambda t: " " + t, lambda t: t[:-4]]
)
def test_a_token_has_one_spelling(change):
    token = sign(RING, Kind.PIXEL, TENANT, SEND)
    with pytest.raises(BadToken):
        verify(RING, Kind.PIXEL, change(token))


def test_the_standard_alphabet_is_not_ours():
    token = next(
        token
        for extra in range(1000)
        if "_" in (token := sign(RING, Kind.PIXEL, TENANT, SEND, extra)) or "-" in token
    )
    with pytest.raises(BadToken):
        verify(RING, Kind.PIXEL, token.replace("-", "+").replace("_", "/"))


def test_all_refusals_look_alike():
    token = sign(RING, Kind.PIXEL, TENANT, SEND)
    said = set()
    for ring, kind, text in [
        (RING, Kind.LINK, token),
        (Keyring({"k1": OTHER}), Kind.PIXEL, token),
        (RING, Kind.PIXEL, token[:-1] + ("A" if token[-1] != "A" else "B")),
        (RING, Kind.PIXEL, "x"),
    ]:
        with pytest.raises(BadToken) as refused:
            verify(ring, kind, text)
        said.add((refused.value.status, refused.value.code, str(refused.value)))
    assert said == {(404, "not_found", "There is no such link.")}


def test_after_a_rotation_old_tokens_verify_and_new_ones_carry_the_new_key():
    old = sign(RING, Kind.UNSUBSCRIBE, TENANT, SEND)
    both = Keyring({"k2": NEW, "k1": OLD})
    assert verify(both, Kind.UNSUBSCRIBE, old).id == SEND

    new = sign(both, Kind.UNSUBSCRIBE, TENANT, SEND)
    assert verify(Keyring({"k2": NEW}), Kind.UNSUBSCRIBE, new).id == SEND
    with pytest.raises(BadToken):
        verify(RING, Kind.UNSUBSCRIBE, new)


def test_a_dropped_key_takes_its_tokens_along():
    with pytest.raises(BadToken):
        verify(Keyring({"k2": NEW}), Kind.LINK, sign(RING, Kind.LINK, TENANT, SEND))


def test_a_signer_signs_a_whole_send_as_one_by_one():
    signer = Signer(RING, Kind.LINK, TENANT)
    one_by_one = [sign(RING, Kind.LINK, TENANT, SEND, position) for position in range(40)]
    assert signer.sign_each(SEND, range(40)) == one_by_one
    assert signer.sign(SEND) == one_by_one[0]


def test_a_signer_shows_no_key():
    shown = repr(Signer(RING, Kind.LINK, TENANT))
    assert str(TENANT) in shown
    assert RING.key(Purpose.TOKEN_MAC).hex()[:8] not in shown


def test_the_wire_form_is_fixed_for_ever():
    """Links in old mails must work after any rewrite, so this one is written down."""
    token = sign(RING, Kind.LINK, TENANT, SEND, 3)
    raw = base64.urlsafe_b64decode(token)
    assert (raw[0], raw[3:19], raw[19:35], raw[35:38]) == (2, TENANT.bytes, SEND.bytes, b"\0\0\3")
    assert token == "Aqs3AAAAAAAAAAAAAAAAAAAABwAAAAAAAAAAAAAAAAAAAAkAAAOJUw--GU9Vx27Y9ALI-sfd"


@pytest.mark.parametrize("extra", [-1, 2**48])
def test_an_extra_that_does_not_fit_is_a_programming_error(extra):
    with pytest.raises(ValueError, match="extra number"):
        sign(RING, Kind.LINK, TENANT, SEND, extra)


@given(st.uuids())
def test_a_stored_token_names_its_tenant_and_is_found_by_its_hash(tenant_id):
    token = tokens.new_token(tenant_id)

    assert tokens.tenant_of(token.text) == (tenant_id if tenant_id.int else None)
    assert tokens.hash_of(token.text) == token.hash
    assert len(token.hash) == 32
    assert set(token.text) <= set(ALPHABET)


def test_a_global_stored_token_names_no_tenant():
    assert tokens.tenant_of(tokens.new_token(None).text) is None


def test_stored_tokens_never_repeat_and_carry_256_random_bits():
    made = [tokens.new_token(TENANT) for _ in range(500)]
    assert len({token.hash for token in made}) == 500
    assert {len(base64.urlsafe_b64decode(token.text)) for token in made} == {16 + 32}


def test_a_new_token_hides_its_text():
    token = tokens.new_token(TENANT)
    assert token.text not in repr(token)
    assert token.text not in f"{token}"


@given(st.text(max_size=80).filter(lambda text: len(text) != 64))
def test_a_text_that_cannot_be_ours_is_refused_before_any_look_up(noise):
    with pytest.raises(BadToken):
        tokens.hash_of(noise)
    with pytest.raises(BadToken):
        tokens.tenant_of(noise)


def test_a_changed_stored_token_has_another_hash():
    text = tokens.new_token(TENANT).text
    other = text[:-1] + ("A" if text[-1] != "A" else "B")
    assert tokens.hash_of(other) != tokens.hash_of(text)
    with pytest.raises(BadToken):
        tokens.hash_of("é" * 64)


def test_a_derived_token_is_made_again_from_its_row_and_looks_like_any_stored_one():
    made = tokens.derived_token(RING, TENANT, SEND, 3)

    assert (tokens.hash_of(made.text), tokens.tenant_of(made.text)) == (made.hash, TENANT)
    assert tokens.same_token(RING, TENANT, SEND, 3, made.hash) == made.text
    assert made.text not in repr(made)


def test_of_tenant_row_and_issue_none_may_be_another():
    made, other = tokens.derived_token(RING, TENANT, SEND, 1), UUID(int=1)

    for tenant, row, issue in ((other, SEND, 1), (TENANT, other, 1), (TENANT, SEND, 2)):
        assert tokens.derived_token(RING, tenant, row, issue).text != made.text
        assert tokens.same_token(RING, tenant, row, issue, made.hash) is None


def test_a_derived_token_is_made_again_after_a_rotation_until_its_key_is_dropped():
    made, rotated = tokens.derived_token(RING, TENANT, SEND), Keyring({"k2": NEW, "k1": OLD})

    assert tokens.same_token(rotated, TENANT, SEND, 0, made.hash) == made.text
    assert tokens.same_token(Keyring({"k2": NEW}), TENANT, SEND, 0, made.hash) is None
    assert tokens.derived_token(rotated, TENANT, SEND).text != made.text


def test_the_derived_form_is_fixed_for_ever():
    assert tokens.derived_token(RING, TENANT, SEND, 1).text == (
        "AAAAAAAAAAAAAAAAAAAAB7MX3y35_HWKoeo1ehyntFge0XnySalNkOTwntUu2enw"
    )
