"""What a sender calls a file is text for people, never a path (R141): cleaned here, and used for nothing else."""

import re
import unicodedata

LONGEST = 120
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_PLAIN = re.compile(r'[\\/:*?"<>|]')


def clean_name(given: str, extension: str) -> str:
    """A name that is safe on every system and ends in `extension`, the one that the bytes have.

    What follows a NUL, what steers text (control and direction signs) and every folder before the name go.
    """
    name = given.split("\0", 1)[0].replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(
        sign for sign in name if unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    )
    stem = _PLAIN.sub("_", unicodedata.normalize("NFC", name)).strip(" .")
    if stem.lower().endswith(f".{extension}"):
        stem = stem[: -len(extension) - 1].rstrip(" .")
    if not stem or _RESERVED.fullmatch(stem):
        stem = f"file {stem}".rstrip()
    return f"{stem[: LONGEST - len(extension) - 1].rstrip(' .')}.{extension}"
