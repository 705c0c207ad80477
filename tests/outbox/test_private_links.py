"""An address that only the letter holds: a slot in the words, filled when the bytes are built."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any
from uuid import uuid4

import pytest

from bursar.core.errors import Invalid
from bursar.core.keys import Keyring, new_entry
from bursar.outbox.blocks.conversions import as_html, as_text
from bursar.outbox.blocks.reading import read_blocks, written
from bursar.outbox.blocks.shorthand import read_shorthand
from bursar.outbox.composing import Say
from bursar.outbox.letters import Addressee, Letterhead, Letters
from bursar.outbox.skeletons import CompiledTemplate, compile_version
from bursar.outbox.states import MailStream
from bursar.outbox.tags import Category, sample_values
from bursar.outbox.targets import PRIVATE
from bursar.outbox.template_words import VersionInput, preview

pytestmark = pytest.mark.pure

SECRET = "https://pay.firm.example/p/S3cret"
TEXT = "{{ offer.price }} at {{ private_link }}"
HTML = '<p>{{ offer.price }} <a href="{{ private_link }}">here</a> or {{ private_link }}</p>'
BLOCKS = written(read_shorthand("{{ offer.price }}\n\n[button private: See it]"))


def compiled(body: str, body_format: str) -> CompiledTemplate:
    return compile_version(
        subject="Offer", body=body, body_format=body_format, locale="en", category=Category.PAYMENT_LINK
    )


def values(place: str = "https://pay.firm.example/p/") -> dict[str, Any]:
    return {**sample_values(Category.PAYMENT_LINK, "en"), "private_link": place, "unsubscribe_link": None}


def letter(template: CompiledTemplate, url: str | None, stream: MailStream = MailStream.TRANSACTIONAL) -> Any:
    """As a reader's program parses it; the mailbox counts what it may."""
    sent = Letters(Keyring.parse(new_entry("k1")), "https://pay.firm.example").write(
        uuid4(),
        Letterhead("billing@firm.example", "Firm", None, tracked=True),
        Addressee(uuid4(), "lina@x.example", "", stream),
        template.render(values()),
        message_id="<1@firm.example>",
        date=datetime(2026, 11, 18, tzinfo=UTC),
        private_url=url,
    )
    return message_from_bytes(sent.message, policy=policy.default)


@pytest.mark.parametrize(("body", "body_format"), [(TEXT, "text"), (HTML, "html"), (BLOCKS, "blocks")])
@pytest.mark.parametrize("stream", [MailStream.TRANSACTIONAL, MailStream.REMINDER])
def test_the_letter_leads_there_in_both_parts_and_no_click_of_it_is_counted(
    body: str, body_format: str, stream: MailStream
) -> None:
    message = letter(compiled(body, body_format), SECRET, stream)

    assert SECRET in message.get_body(("plain",)).get_content()
    assert f'href="{SECRET}"' in message.get_body(("html",)).get_content()


@pytest.mark.parametrize(("body", "body_format"), [(TEXT, "text"), (HTML, "html"), (BLOCKS, "blocks")])
def test_what_is_composed_holds_a_place_for_it_and_no_link(body: str, body_format: str) -> None:
    composed = compiled(body, body_format).render(values())

    assert composed.links == ()
    assert PRIVATE in composed.html.slots
    assert PRIVATE in composed.text.slots


def test_the_hash_of_the_content_is_the_same_whatever_the_address() -> None:
    template = compiled(HTML, "html")

    assert (
        template.render(values("https://a.example/")).content_sha256
        == template.render(values("https://b.example/")).content_sha256
    )


def test_a_message_that_shows_one_and_was_given_none_is_not_sent() -> None:
    with pytest.raises(Invalid) as refused:
        letter(compiled(TEXT, "text"), None)

    assert refused.value.code == "no_private_link"


def test_an_address_that_is_none_is_not_sent() -> None:
    with pytest.raises(Invalid):
        letter(compiled(TEXT, "text"), 'javascript:alert("x")')


@pytest.mark.parametrize("where", ["subject", "preheader"])
def test_it_stands_in_no_subject_and_beside_none(where: str) -> None:
    given = {"subject": "Offer", "preheader": "", where: "{{ private_link }}"}
    with pytest.raises(Invalid) as refused:
        compile_version(body=TEXT, body_format="text", locale="en", category=Category.PAYMENT_LINK, **given)
    assert refused.value.field == where


def test_a_tenant_cannot_write_our_own_tag_around_a_word_of_theirs() -> None:
    with pytest.raises(Invalid):
        compiled(TEXT + "{% private_address %}x{% endaddress %}", "text")


def test_an_offer_must_name_its_page_and_an_invoice_has_none() -> None:
    with pytest.raises(Invalid, match="private_link"):
        compiled("{{ offer.price }}", "text")
    with pytest.raises(Invalid):
        compile_version(
            subject="Late",
            body="{{ private_link }}",
            body_format="text",
            locale="en",
            category=Category.OVERDUE_NOTICE,
            required_tags=(),
        )


def test_a_preview_leads_nowhere() -> None:
    shown = preview(VersionInput("en", "Offer", HTML, "html"), Category.PAYMENT_LINK)

    assert 'href="#"' in shown.html
    assert "pay.example/their-own" not in shown.html + shown.text


def test_its_button_goes_on_as_html_and_as_text() -> None:
    blocks = read_blocks(BLOCKS)

    assert "{{ private_link }}" in as_html(blocks, "en")
    assert "See it: {{ private_link }}" in as_text(blocks, "en")


def test_no_repr_shows_it() -> None:
    assert "S3cret" not in repr(Say({"offer": 1}, private_link=SECRET))
