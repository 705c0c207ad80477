"""A letter that carries a file: the file is fetched after the claim and before the hand-over, in no Work.

The letter itself is written without it; around its two texts goes a second frame, and the file after them
(RFC 2046, 5.1.3). Whoever sends nothing along pays nothing for it.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from secrets import token_hex
from uuid import UUID

import structlog

from bursar.core.errors import N_
from bursar.core.files import FileMissing, FileStore
from bursar.outbox.composing import Attachment
from bursar.outbox.ports import Letter, Outcome, Result

log = structlog.get_logger(__name__)

LOST = N_("The file that belongs to this message could not be read.")
_TEXTS = b"\r\nContent-Type: multipart/alternative"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


async def attach(
    files: FileStore, letters: Sequence[Letter], wanted: Mapping[UUID, Attachment]
) -> tuple[list[Letter], list[Outcome]]:
    """The letters as they are handed over, and what is already known of those whose file is not to be had.

    Such a letter never left the house: it is tried again as if nobody had answered.
    """
    ready, lost = [], []
    for letter in letters:
        attachment = wanted.get(letter.send_id)
        if attachment is None:
            ready.append(letter)
            continue
        try:
            data = await _read(files, attachment)
            ready.append(letter._replace(message=with_file(letter.message, attachment, data)))
        except Exception:  # a store may fail in many ways, and none of them may hold up the other letters
            log.exception("attachment_not_read", send=str(letter.send_id))
            lost.append(Outcome(letter.send_id, Result.ERROR, text=LOST))
    return ready, lost


def with_file(message: bytes, attachment: Attachment, data: bytes) -> bytes:
    """`message` as `mime.build_message` made it, with the file after its texts."""
    boundary = f"=_{token_hex(16)}".encode()  # "=_" occurs in no base64, and nobody can guess the rest
    head, texts = message.split(
        _TEXTS, 1
    )  # the last line of the head; no header holds a line break before it
    name = _UNSAFE.sub("-", attachment.name).encode()
    return b"".join(
        (
            head,
            b'\r\nContent-Type: multipart/mixed; boundary="%b"\r\n\r\n--%b' % (boundary, boundary),
            _TEXTS,
            texts,
            b'--%b\r\nContent-Type: %b; name="%b"\r\n' % (boundary, attachment.media_type.encode(), name),
            b'Content-Disposition: attachment; filename="%b"\r\n' % name,
            b"Content-Transfer-Encoding: base64\r\n\r\n",
            base64.encodebytes(data).replace(b"\n", b"\r\n"),
            b"--%b--\r\n" % boundary,
        )
    )


async def _read(files: FileStore, attachment: Attachment) -> bytes:
    """Raises `FileMissing` also for bytes that are not those of the row."""
    data = await files.read(attachment.key)
    if hashlib.sha256(data).digest() != attachment.sha256:
        raise FileMissing
    return data
