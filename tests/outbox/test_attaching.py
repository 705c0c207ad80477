"""A file that goes with a letter: whole, after the texts, and no other letter waits for it."""

import hashlib
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.core.files import FileStore, new_key
from bursar.outbox.attaching import LOST, attach, with_file
from bursar.outbox.composing import Attachment
from bursar.outbox.ports import Letter, Result
from bursar.outbox.skeletons import one_line
from bursar.outbox.tags import Category, sample_values
from tests.makers.mime import TEMPLATE, built, read

anything = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\r\n=_-\u202e"), max_size=200)


def carried(name: str = "invoice-7.pdf", data: bytes = b"%PDF-1.7") -> Attachment:
    return Attachment("somewhere", name, "application/pdf", hashlib.sha256(data).digest())


@pytest.mark.pure
@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=5_000), name=anything, who=anything)
def test_any_file_comes_back_as_it_was_and_the_texts_stay_what_they_were(data, name, who):
    values = sample_values(Category.STATEMENT, "ar")
    values["customer"]["name"] = who
    composed = TEMPLATE.render(values)
    plain = built(composed, unsubscribe_url="https://t.example/u/a")

    message = with_file(plain, carried(name, data), data)

    parsed, before = read(message), read(plain)
    assert parsed.get_content_type() == "multipart/mixed"
    texts, attachment = parsed.iter_parts()
    assert texts.get_content_type() == "multipart/alternative"
    assert [part.get_payload(decode=True) for part in texts.iter_parts()] == [
        part.get_payload(decode=True) for part in before.iter_parts()
    ]
    assert attachment.get_payload(decode=True) == data
    assert attachment.get_content_disposition() == "attachment"
    assert parsed["Subject"] == one_line(composed.subject)
    assert [(key, value) for key, value in parsed.items() if key != "Content-Type"] == [
        (key, value) for key, value in before.items() if key != "Content-Type"
    ]
    lines = message.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 998


@pytest.mark.pure
def test_a_name_cannot_end_its_header():
    message = with_file(built(), carried('a"\r\nBcc: x@example.com; q="é.pdf'), b"x")
    _, attachment = read(message).iter_parts()
    assert attachment.get_filename() == "a-Bcc-x-example.com-q-.pdf"
    assert read(message)["Bcc"] is None


def a_letter(send_id: UUID) -> Letter:
    return Letter(send_id, "us@firm.example", "you@customer.example", built())


@pytest.mark.anyio
async def test_a_file_that_is_gone_or_is_not_what_it_was_holds_back_its_own_letter_alone(tmp_path: Path):
    files, tenant = FileStore(tmp_path), uuid4()
    key, changed = new_key(tenant), new_key(tenant)
    await files.put(key, b"%PDF-1.7 whole")
    await files.put(changed, b"%PDF-1.7 other")
    plain, good, missing, damaged = (uuid4() for _ in range(4))
    digest = hashlib.sha256(b"%PDF-1.7 whole").digest()
    wanted = {
        good: Attachment(key, "a.pdf", "application/pdf", digest),
        missing: Attachment(new_key(tenant), "b.pdf", "application/pdf", digest),
        damaged: Attachment(changed, "c.pdf", "application/pdf", digest),
    }

    ready, lost = await attach(files, [a_letter(one) for one in (plain, good, missing, damaged)], wanted)

    assert [letter.send_id for letter in ready] == [plain, good]
    assert ready[0].message == built()
    assert b"multipart/mixed" in ready[1].message
    assert [(one.send_id, one.result, one.text) for one in lost] == [
        (missing, Result.ERROR, LOST),
        (damaged, Result.ERROR, LOST),
    ]
