"""Opaque words that stand for Liquid while HTML tools work on what is around it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from bursar.core.errors import N_, Invalid
from bursar.outbox.liquid import TAGS

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_OPENING = frozenset({"if", "unless", "for", "case"})
_BETWEEN = frozenset({"else", "elsif", "when"})
# Merge tags whose value is a web address: in plain writing they become links by themselves.
_ADDRESS_NAMES = frozenset({"link", "pay_link", "portal_link", "private_link", "unsubscribe_link"})
# Known only when the message is built: wherever they stand, they are slots.
SLOTS = {"unsubscribe_link": "unsubscribe_address", "private_link": "private_address"}


@dataclass(frozen=True, slots=True)
class Mark:
    """`block` numbers the if or for a tag belongs to; None for outputs and for tags that stand alone."""

    liquid: str
    tag: str
    block: int | None

    @property
    def shown(self) -> str:
        return " ".join(self.liquid.split())

    @property
    def restored(self) -> str:
        """As it was written, in its tag of ours if it is a slot."""
        tag = SLOTS.get(self.value_name)
        return f"{{% {tag} %}}{self.liquid}{{% endaddress %}}" if tag else self.liquid

    @property
    def value_name(self) -> str:
        """The last name of an output: "link" of `{{ invoice.link | strip }}`; empty for a tag."""
        found = re.match(r"\{\{-?\s*([\w.]+)", self.liquid)
        return found[1].rpartition(".")[2] if found else ""


class Marks:
    """All Liquid of one body. `avoiding` is text in which no mark may occur by chance."""

    def __init__(self, avoiding: str) -> None:
        self._word = "lqz"
        while self._word in avoiding.lower():
            self._word += "z"
        self._marks: list[Mark] = []
        self._blocks = 0
        self.pattern = rf"{self._word}\d+q"

    def hide(self, source: str, field: str = "body") -> str:
        """`source` with marks in place of Liquid, comments taken out. Raises `Invalid` for foreign tags."""
        source = re.sub(r"\{%-?\s*comment\b.*?\bendcomment\s*-?%\}", "", source, flags=re.DOTALL)
        stack: list[int] = []
        masked = _LIQUID.sub(lambda found: self._hidden(found.group(), stack, field), source)
        for left in ("{{", "{%"):
            if left in masked:
                raise Invalid(
                    N_("A “%(left)s” is never closed."), code="template_syntax", field=field, left=left
                )
        return masked

    def _hidden(self, liquid: str, stack: list[int], field: str) -> str:
        name = re.match(r"\{%-?\s*(#|\w*)", liquid)
        tag, block = (name[1] if name else ""), None
        plain = tag.removeprefix("end")
        if tag == "#":
            return ""
        if name and plain not in TAGS and tag not in _BETWEEN:
            raise Invalid(
                N_("{%% %(tag)s %%} cannot be used here. Templates know: %(known)s."),
                code="template_tag_refused",
                field=field,
                tag=tag,
                known=", ".join(sorted(TAGS - {"#", "cycle", "comment"})),
            )
        if tag in _OPENING:
            self._blocks += 1
            stack.append(self._blocks)
        if stack and (tag in _OPENING or tag in _BETWEEN or plain in _OPENING):
            block = stack.pop() if tag.startswith("end") else stack[-1]
        self._marks.append(Mark(liquid, tag, block))
        return f"{self._word}{len(self._marks) - 1}q"

    def find(self, text: str) -> Iterator[Mark]:
        for found in re.finditer(self.pattern, text):
            yield self._marks[int(found.group()[len(self._word) : -1])]

    def restored(self, text: str) -> str:
        pattern = rf"<!--({self.pattern})-->|({self.pattern})"
        return re.sub(pattern, lambda found: self._one(found[1] or found[2]).restored, text)

    def unhidden(self, text: str) -> str:
        """`text` with the Liquid in it as it was written: for people to go on with, not to be rendered."""
        pattern = rf"<!--({self.pattern})-->|({self.pattern})"
        return re.sub(pattern, lambda found: self._one(found[1] or found[2]).liquid, text)

    def _one(self, word: str) -> Mark:
        return next(self.find(word))

    def only_tags(self, line: str) -> bool:
        found = list(self.find(line))
        return bool(found) and all(mark.tag for mark in found) and not re.sub(self.pattern, "", line).strip()

    def opens(self, line: str) -> bool:
        return self._opened(line) is not None

    def is_address(self, word: str) -> bool:
        return self._one(word).value_name in _ADDRESS_NAMES

    def address_kind(self, attribute: str, value: str) -> str:
        """How an href or src is rendered; "" for what is not the web (mailto:, tel:) and stays as it is."""
        first = re.match(self.pattern, value)
        if not first and not value.startswith(("http://", "https://")):
            return ""
        if attribute == "src":
            return "plain"
        return "" if first and self._one(first[0]).value_name in SLOTS else "tracked"

    def split_where_blocks_cross(self, lines: list[str]) -> Iterator[list[str]]:
        """Runs of lines, cut at lines of tags whose if or for reaches beyond these lines."""
        whole = {block for block in map(self._opened, lines) if block}
        whole &= {block for line in lines for block in self._closed(line)}
        run: list[str] = []
        for line in lines:
            crosses = self.only_tags(line) and any(mark.block not in whole for mark in self.find(line))
            if crosses:
                yield from ([run] if run else [])
                yield [line]
                run = []
            else:
                run.append(line)
        yield from ([run] if run else [])

    def _opened(self, line: str) -> int | None:
        return next((mark.block for mark in self.find(line) if mark.tag in _OPENING), None)

    def _closed(self, line: str) -> list[int | None]:
        return [mark.block for mark in self.find(line) if mark.tag.startswith("end")]

    def as_comments(self, masked: str) -> str:
        """Tags that stand in content as comments; those inside an element's tag stay words."""
        inside_tag = r"<[a-zA-Z/](?:\"[^\"]*\"|'[^']*'|[^'\">])*>"

        def one(found: re.Match[str]) -> str:
            word = found["mark"]
            return f"<!--{word}-->" if word and self._one(word).tag else found.group()

        return re.sub(rf"{inside_tag}|(?P<mark>{self.pattern})", one, masked)

    def refuse_lost(self, clean: str) -> None:
        """Raises `Invalid` for Liquid that did not survive, or whose if or for is torn between places."""
        places = _Places(self)
        places.feed(clean)
        places.close()
        for number, mark in enumerate(self._marks):
            if number not in places.seen:
                raise Invalid(
                    N_("%(tag)s stands where HTML allows no text. Move it into the content."),
                    code="template_tag_misplaced",
                    field="body",
                    tag=mark.shown,
                )
            if (
                mark.block is not None
                and places.blocks.setdefault(mark.block, places.seen[number]) != places.seen[number]
            ):
                raise Invalid(
                    N_("%(tag)s must stand in the same element as the tag that opens it."),
                    code="template_tag_misplaced",
                    field="body",
                    tag=mark.shown,
                )

    def number(self, word: str) -> int:
        return int(word[len(self._word) : -1])


_VOID = frozenset({"br", "hr", "img"})


class _Places(HTMLParser):
    """In which element, or attribute, each mark of sanitised HTML stands."""

    def __init__(self, marks: Marks) -> None:
        super().__init__()
        self.seen: dict[int, int] = {}
        self.blocks: dict[int, int] = {}
        self._marks = marks
        self._open = [0]
        self._count = 0

    def _note(self, text: str, place: int) -> None:
        for word in re.findall(self._marks.pattern, text):
            self.seen[self._marks.number(word)] = place

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for _name, value in attrs:
            self._count += 1
            self._note(value or "", self._count)
        if tag not in _VOID:
            self._count += 1
            self._open.append(self._count)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and len(self._open) > 1:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._note(data, self._open[-1])

    def handle_comment(self, data: str) -> None:
        self._note(data, self._open[-1])
