"""The text part of a message, read off its sanitised HTML while Liquid is still hidden behind marks.

Not inscriptis: it lays tables out in columns as wide as what is in them, and here the cells hold marks and
the rows stand in loops.
"""

import re
from html.parser import HTMLParser

from bursar.outbox.marks import Marks

_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "ul", "ol", "table", "blockquote"})
_LINES = frozenset({"div", "li", "tr", "caption"})
_CELLS = frozenset({"td", "th"})
LONGEST_LINE = 200  # characters of our own; with values put in, a line stays far below 998 octets as a rule


def text_part(clean: str, marks: Marks) -> str:
    """Liquid for `liquid.text_environment`: links as "label <address>", cells of a row parted by " | "."""
    reader = _Reader(marks)
    reader.feed(clean)
    reader.close()
    text = re.sub(r"\n{3,}", "\n\n", "".join(reader.out)).strip("\n") + "\n"
    return "".join(reader.restored(piece) for piece in re.split(r"(\x02[^\x02]*\x02)", _wrapped(text)))


def _wrapped(text: str) -> str:
    """Our longest lines broken at a space, outside addresses (which stand between STX characters)."""
    out: list[str] = []
    column = 0
    for piece in re.findall(r"\x02[^\x02]*\x02|[^ \n\x02]+|[ \n]", text):
        ended = piece == "\n" or (piece == " " and column > LONGEST_LINE)
        column = 0 if ended else column + len(piece)
        out.append("\n" if ended else piece)
    return "".join(out)


class _Reader(HTMLParser):
    def __init__(self, marks: Marks) -> None:
        super().__init__()
        self.out: list[str] = []
        self._marks = marks
        self._at_start = True  # of a line, as far as what is shown goes
        self._hrefs: list[tuple[str, int]] = []
        self._cells = 0

    def restored(self, piece: str) -> str:
        if piece.startswith("\x02"):
            kind, _, address = piece.strip("\x02").partition(" ")
            return f"{{% {kind}_address %}}{self._literal(address)}{{% endaddress %}}"
        return self._literal(piece)

    def _literal(self, text: str) -> str:
        """A brace of the text itself must not begin Liquid."""
        return self._marks.restored(text.replace("{", "\x03")).replace("\x03", '{{ "{" }}')

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in _PARAGRAPHS or tag in _LINES:
            self._break("\n")
        if tag == "tr":
            self._cells = 0
        elif tag == "li":
            self._say("- ")
        elif tag == "br":
            self.out.append("\n")
            self._at_start = True
        elif tag == "hr":
            self._break("\n")
            self._say("--")
            self._break("\n")
        elif tag == "img":
            self._say(values.get("alt", ""))
        elif tag == "a":
            self._hrefs.append((values.get("href", ""), len(self.out)))
        elif tag in _CELLS:
            self._say(" | " if self._cells else "")
            self._cells += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._hrefs:
            self._say_address(*self._hrefs.pop())
        elif tag in _PARAGRAPHS:
            self._break("\n\n")
        elif tag in _LINES:
            self._break("\n")

    def _say_address(self, href: str, since: int) -> None:
        label = self._marks.restored("".join(self.out[since:])).strip()
        shown = self._marks.restored(href).removeprefix("mailto:").removeprefix("tel:")
        kind = self._marks.address_kind("href", href)
        if not href or (label == shown and not kind):
            return
        address = f"\x02{kind} {href}\x02" if kind else href
        if label == shown:
            del self.out[since:]
            label = ""
        self._say(f" <{address}>" if label else f"<{address}>")

    def handle_data(self, data: str) -> None:
        words = " ".join(data.replace("\xa0", "\x04").split()).replace("\x04", "\xa0")
        before = " " if data[:1].isspace() and not self._at_start and not self._ends_in_space() else ""
        after = " " if words and data[-1:].isspace() else ""
        self._say(before + words + after)

    def handle_comment(self, data: str) -> None:
        """Tags take no room: neither a line nor a space begins or ends with them."""
        if re.fullmatch(self._marks.pattern, data):
            self.out.append(data)

    def _say(self, text: str) -> None:
        if text:
            self.out.append(text)
            self._at_start = False

    def _ends_in_space(self) -> bool:
        for piece in reversed(self.out):
            mark = next(self._marks.find(piece), None) if re.fullmatch(self._marks.pattern, piece) else None
            if mark is None or not mark.tag:
                return piece[-1:].isspace()
        return False

    def _break(self, newlines: str) -> None:
        """End the line, if anything stands in it; before a tag, so that both ways through it begin alike."""
        if not self._at_start:
            self.out[-1] = self.out[-1].rstrip(" ")
            self.out.append(newlines)
            self._at_start = True
        elif newlines == "\n\n" and self.out and not "".join(self.out[-2:]).endswith("\n\n"):
            self.out.append("\n")
