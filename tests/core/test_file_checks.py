"""What people upload is what its name says, opens, and does nothing when it is opened (R141)."""

from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from bursar.core.file_checks import PAPERS, NotTaken, judge
from bursar.core.file_names import LONGEST, clean_name


def a_picture(kind: str = "PNG", size: tuple[int, int] = (8, 8)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "white").save(out, kind)
    return out.getvalue()


def a_pdf(pages: int = 1, **having: str) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if "script" in having:
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
            {
                NameObject("/S"): NameObject("/JavaScript"),
                NameObject("/JS"): TextStringObject(having["script"]),
            }
        )
    if "opens_at" in having:
        writer.open_destination = having["opens_at"]
    if "attachment" in having:
        writer.add_attachment("inside.txt", having["attachment"].encode())
    if "password" in having:
        writer.encrypt(having["password"])
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "is_"),
    [
        ("proof.pdf", a_pdf(), "application/pdf"),
        ("opens at a page.pdf", a_pdf(opens_at="/Fit"), "application/pdf"),
        ("Transfer 12.PNG", a_picture(), "image/png"),
        ("IMG_0001.jpeg", a_picture("JPEG"), "image/jpeg"),
        ("photo.jpg ", a_picture("JPEG"), "image/jpeg"),
        ("photo.webp", a_picture("WEBP"), "image/webp"),
    ],
)
def test_papers_and_pictures_of_papers_are_taken(name: str, data: bytes, is_: str) -> None:
    assert judge(name, data, PAPERS).media_type == is_


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("proof.svg", b"<svg onload='alert(1)'/>", "file_type"),
        ("proof.html", b"<script>", "file_type"),
        ("proof", a_pdf(), "file_type"),
        ("proof.pdf\0.exe", b"MZ", "file_is_something_else"),
        ("proof.exe\0.pdf", a_pdf(), "file_type"),
        ("proof.png", a_pdf(), "file_is_something_else"),
        ("proof.pdf", a_picture(), "file_is_something_else"),
        ("proof.pdf", b"", "file_is_something_else"),
        ("proof.png", a_picture()[:40], "file_broken"),
        ("proof.jpg", b"\xff\xd8\xff" + b"\0" * 200, "file_broken"),
        ("proof.pdf", b"%PDF-1.7\nnothing", "file_broken"),
        ("proof.pdf", a_pdf(pages=0), "file_broken"),
        ("proof.pdf", a_pdf(script="app.alert(1)"), "file_acts"),
        ("proof.pdf", a_pdf(attachment="MZ"), "file_acts"),
        ("proof.pdf", a_pdf(password="secret"), "file_locked"),
        ("proof.png", a_picture() + b"PK\x05\x06" + b"\0" * 18, "file_acts"),
        ("proof.jpg", a_picture("JPEG") + b"<script>alert(1)</script>", "file_acts"),
    ],
)
def test_what_is_not_what_it_says_is_broken_or_acts_is_refused_with_its_reason(
    name: str, data: bytes, why: str
) -> None:
    with pytest.raises(NotTaken) as refusal:
        judge(name, data, PAPERS)

    assert (refusal.value.code, refusal.value.field) == (why, "file")


def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(NotTaken) as refusal:
        judge("bomb.png", a_picture(size=(9_000, 9_000)), PAPERS)

    assert refusal.value.code == "file_broken"


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("../../x.pdf", "x.pdf"),
        ("..\\..\\windows\\x.pdf", "x.pdf"),
        ("a.pdf\0.exe", "a.pdf"),
        ("CON", "file CON.pdf"),
        ("con.txt.pdf", "file con.txt.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe.pdf"),
        ('say "hi"\r\nSet-Cookie: a=b.pdf', "say _hi_Set-Cookie_ a=b.pdf"),
        ("", "file.pdf"),
        (" . ", "file.pdf"),
        ("فاتورة.pdf", "فاتورة.pdf"),
        ("photo.PDF", "photo.pdf"),
    ],
)
def test_a_name_becomes_text_that_is_safe_on_every_system(given: str, cleaned: str) -> None:
    assert clean_name(given, "pdf") == cleaned


def test_a_name_of_three_hundred_signs_keeps_its_extension() -> None:
    cleaned = clean_name("x" * 300 + ".pdf", "pdf")

    assert len(cleaned) == LONGEST
    assert cleaned.endswith(".pdf")
