"""Bytes of a stranger's message to text: each charset and encoding of mail, at a cost that follows its length."""

import binascii
import html
import re
from encodings.aliases import aliases

LONGEST_TEXT = 50_000  # characters of one message that are kept
_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]{0,4000})\?=")
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]")
_OVERRIDES = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")

_MEANT = {
    "ascii", "utf_8", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "latin_1", "cp437", "cp850", "cp862", "cp864",
    "cp874", "koi8_r", "koi8_u", "mac_roman", "big5", "big5hkscs", "gb2312", "gbk", "gb18030", "shift_jis", "cp932",
    "euc_jp", "euc_kr", "iso2022_jp", "cp949", "tis_620",
    *(f"cp125{n}" for n in range(9)),
    *(f"iso8859_{n}" for n in (*range(1, 12), *range(13, 17))),
}  # fmt: skip
# The library would also take names that are no charsets of mail (idna, punycode), whose work grows with the
# square of the text, and it remembers every name it did not know.
_CHARSETS = {
    **{alias: codec for alias, codec in aliases.items() if codec in _MEANT},
    **{codec: codec for codec in _MEANT},
    **{f"iso_8859_{n}_{order}": f"iso8859_{n}" for n in (6, 8) for order in ("i", "e")},
}

_UNSEEN = re.compile(r"<(style|script|head|title)\b", re.IGNORECASE)
_LINE_ENDS = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6]|/blockquote|/table)\b[^<>]*>", re.IGNORECASE)
_QUOTED = re.compile(
    r"<(?:blockquote\b|div\b[^<>]*\b(?:gmail_quote|yahoo_quoted|moz-cite-prefix|divRplyFwdMsg|appendonsend))",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]*>")
QUOTE_MARK = "\x1c"
"""Stands in text read off HTML where its markup says that quoted history begins."""


def decoded(body: bytes, encoding: str) -> bytes:
    """The octets behind a Content-Transfer-Encoding; what is broken is read as far as it goes."""
    match encoding.strip().lower():
        case "base64":
            signs = _NOT_BASE64.sub(b"", body)
            signs = signs[: len(signs) - 1] if len(signs) % 4 == 1 else signs
            return binascii.a2b_base64(signs + b"=" * (-len(signs) % 4))
        case "quoted-printable":
            return binascii.a2b_qp(body)
    return body


def text_of(octets: bytes, charset: str | None) -> str:
    """As text, whatever the charset claims: unknown ones are read as UTF-8, then as Western Windows."""
    codec = _CHARSETS.get((charset or "").strip().lower().replace("-", "_"))
    if codec and codec != "ascii":
        return octets.decode(codec, "replace")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def shown(text: str) -> str:
    """Without signs that nobody sees and the database or a page would stumble over; line ends are single."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return _OVERRIDES.sub("", _HIDDEN.sub("", plain))[:LONGEST_TEXT]


def words_of(value: str) -> str:
    """A header with its encoded words read (RFC 2047); those of neighbours are joined: many cut characters in two."""
    out: list[str] = []
    charset, octets, end = "", b"", 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        raw = word[3].encode("ascii", "replace")
        read = (
            decoded(raw, "base64")
            if word[2] in "bB"
            else binascii.a2b_qp(raw.replace(b"_", b" "), header=True)
        )
        if octets and (between.strip() or word[1].lower() != charset):
            out.append(text_of(octets, charset))
            octets = b""
        if between.strip() or not end:
            out.append(between)
        charset, octets, end = word[1].lower(), octets + read, word.end()
    out += [text_of(octets, charset), value[end:]] if octets else [value[end:]]
    return " ".join(shown("".join(out)).split())


def text_of_html(markup: str) -> str:
    """The lines a reader would see, roughly; where quoted history begins stands `QUOTE_MARK`.

    One pass of patterns that never look back: markup of strangers is not parsed into a tree.
    """
    seen = _without_unseen(markup)
    seen = re.sub(r"\s+", " ", seen)
    seen = _QUOTED.sub(lambda found: f"\n{QUOTE_MARK}\n{found[0]}", seen)
    seen = _TAG.sub("", _LINE_ENDS.sub("\n", seen))
    lines = [line.strip() for line in html.unescape(seen).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_unseen(markup: str) -> str:
    """Drops comments, styles and scripts with what is in them; one that never ends takes the rest."""
    out, at = [], 0
    low = markup.lower()
    while at < len(markup):
        comment = markup.find("<!--", at)
        found = _UNSEEN.search(markup, at, comment if comment >= 0 else len(markup))
        if found:
            out.append(markup[at : found.start()])
            close = low.find(f"</{found[1].lower()}", found.end())
            at = len(markup) if close < 0 else close
        elif comment >= 0:
            out.append(markup[at:comment])
            close = markup.find("-->", comment + 4)
            at = len(markup) if close < 0 else close + 3
        else:
            out.append(markup[at:])
            break
    return "".join(out)
