"""Liquid as tenants may write it (R139): plain values in, text out; no Python and no files in reach.

Escaping happens where a value is shown and nowhere else: filters work on the raw text, no value and no
literal is ever "already safe", and what a value says is never read as Liquid again.
"""

import difflib
import html
import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from functools import cache, partial
from typing import Any, ClassVar, TextIO

from liquid import BoundTemplate, Environment, RenderContext, StrictUndefined
from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import Path
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.exceptions import LiquidError
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_CONTENT, TOKEN_ILLEGAL, TOKEN_OUTPUT, TOKEN_TAG, Token

from bursar.core.errors import N_, Invalid
from bursar.core.formats import format_day, format_money
from bursar.core.money import Money
from bursar.outbox.targets import PIXEL_SLOT, Links

TAGS = frozenset({"if", "unless", "case", "for", "break", "continue", "cycle", "comment", "#"})
# fmt: off
FILTERS = frozenset({
    "append", "capitalize", "date", "default", "downcase", "first", "join", "last", "minus", "money",
    "plus", "prepend", "size", "strip", "truncate", "upcase", "url_encode",
})
# fmt: on
LOOP_LIMIT = 2_000  # rounds, nested loops multiplied
SIZE_LIMIT = 400_000  # bytes a part; Gmail folds messages above 102 kB away
LINKS = "\x01links"  # no Liquid name can be written like this

_ODD = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)])
_ODD |= {0x09: "\t", 0x0A: "\n", 0x0B: "\n", 0x0C: "\n", 0x0D: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}


def plain_text(value: object) -> str:
    """What a value looks like: line breaks are LF, other control characters are gone.

    Raises TypeError for anything but text, whole numbers, truth and nothing: objects are not for templates.
    """
    if type(value) is not str:
        value = _spelled(value)
    if not value.isprintable():
        value = value.replace("\r\n", "\n").translate(_ODD)
    return value


def html_text(value: object) -> str:
    """As `plain_text`, with & < > " ' escaped: safe as content and inside a quoted attribute.

    By the standard library, which is twice as quick on short text as markupsafe.
    """
    if type(value) is not str or not value.isprintable():
        value = plain_text(value)
    return html.escape(value)


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, (str, int, StrictUndefined)):
        return str(value)
    if isinstance(value, list):
        return "".join(map(plain_text, value))
    raise TypeError(f"a template cannot show a {type(value).__name__}")


def money(locale: str, value: Any) -> str:
    """{"amount_minor": 12050, "currency": "AED"} as people write it; text was written already and stays."""
    if not isinstance(value, dict):
        return plain_text(value)
    return format_money(Money(value["amount_minor"], value["currency"]), locale)


def written_date(locale: str, value: Any, style: str = "long") -> str:
    """An ISO day ("2026-11-20") as people write it, "full" with its weekday. Other text stays."""
    try:
        day = date.fromisoformat(value if re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII) else "")
    except (TypeError, ValueError):  # no text, or a name like 2026-99-99
        return plain_text(value)
    return format_day(day, locale, "full" if style == "full" else "long")


class ShownNode(OutputNode):
    """An output that is written by the environment's own `shown`, so that escaping cannot be switched off."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        shown = context.env.shown  # pyright: ignore[reportAttributeAccessIssue]  our environment has it
        return buffer.write(shown(self.expression.evaluate(context)))


class ShownOutput(Output):
    node_class = ShownNode


class AddressNode(Node):
    """The address of a link or picture: its text becomes a checked target, or the slot of one."""

    __slots__ = ("block", "kind")

    def __init__(self, token: Token, kind: str, block: BlockNode) -> None:
        super().__init__(token)
        self.kind, self.block, self.blank = kind, block, False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        inner = context.get_buffer()
        self.block.render(context, inner)
        read_address = context.env.read_address  # pyright: ignore[reportAttributeAccessIssue]  our environment has it
        links: Any = context.scope[LINKS]
        return buffer.write(getattr(links, self.kind)(read_address(inner.getvalue())))

    def children(self, *_: Any, **__: Any) -> list[Node]:
        return [self.block]


class AddressTag(Tag):
    """Ours, never a tenant's: `bodies` puts it around what stood in href and src."""

    kind: ClassVar[str] = ""

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        block = get_parser(self.env).parse_block(stream, ("endaddress",))
        stream.expect(TOKEN_TAG, value="endaddress")
        return AddressNode(token, self.kind, block)


class TrackedAddress(AddressTag):
    name, kind = "tracked_address", "tracked"


class PlainAddress(AddressTag):
    name, kind = "plain_address", "plain"


class UnsubscribeAddress(AddressTag):
    name, kind = "unsubscribe_address", "unsubscribe"


class PrivateAddress(AddressTag):
    name, kind = "private_address", "private"


class PixelTag(Tag):
    name = "pixel"

    def parse(self, stream: TokenStream) -> Node:
        return ContentNode(stream.current, PIXEL_SLOT)


class TenantEnvironment(Environment):
    loop_iteration_limit = LOOP_LIMIT
    output_stream_limit = SIZE_LIMIT
    local_namespace_limit = 20_000
    context_depth_limit = 20
    block_nesting_limit = 12
    suppress_blank_control_flow_blocks = False

    def __init__(
        self, locale: str, shown: Callable[[object], str], read_address: Callable[[str], str]
    ) -> None:
        self.locale, self.shown, self.read_address = locale, shown, read_address
        super().__init__(undefined=StrictUndefined)

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        kept = TAGS | {TOKEN_CONTENT, TOKEN_ILLEGAL, TOKEN_OUTPUT}
        self.tags = {name: tag for name, tag in self.tags.items() if name in kept}
        for tag in (ShownOutput, TrackedAddress, PlainAddress, UnsubscribeAddress, PrivateAddress, PixelTag):
            self.add_tag(tag)
        self.filters = {name: func for name, func in self.filters.items() if name in FILTERS}
        self.add_filter("money", partial(money, self.locale))
        self.add_filter("date", partial(written_date, self.locale))


@cache
def html_environment(locale: str) -> TenantEnvironment:
    return TenantEnvironment(locale, html_text, html.unescape)


@cache
def text_environment(locale: str) -> TenantEnvironment:
    return TenantEnvironment(locale, plain_text, str)


def parsed(environment: Environment, source: str, field: str) -> BoundTemplate:
    """Raises `Invalid` with Liquid's own words where the source is not Liquid, or not ours."""
    try:
        template = environment.from_string(source)
        for used in template.analyze().filters:
            if used not in environment.filters:
                raise _unknown("filter", used, FILTERS, field)
    except LiquidError as err:
        raise Invalid(
            N_("The template has a mistake: %(reason)s."),
            code="template_syntax",
            field=field,
            reason=err.args[0],
        ) from err
    return template


def rendered(template: BoundTemplate, values: Mapping[str, Any], links: Links) -> str:
    """The slow way, and the definition of the right answer. Raises `Invalid`: a value missing or too big.

    Whatever a filter stumbles over in one person's values is about that message: a claim would else fail with
    its whole batch, again and again.
    """
    try:
        return template.render({**values, LINKS: links})
    except Invalid:
        raise
    except (LiquidError, TypeError, LookupError, ValueError, ArithmeticError, RecursionError) as err:
        raise Invalid(
            N_("The message cannot be written: %(reason)s."), code="template_value", reason=str(err)
        ) from err


def used_tags(template: BoundTemplate) -> set[str]:
    """Every merge tag a template names, loop variables resolved: {"customer.name", "invoices[].number"}."""
    found: set[str] = set()
    for node in template.nodes:
        _walk(node, {}, found)
    return found


def _walk(node: Node, scope: dict[str, str], found: set[str]) -> None:
    if isinstance(node, ForNode):
        loop = node.expression
        each = _read(loop.iterable, scope, found)
        _walk_expressions([loop.limit, loop.offset], scope, found)
        _walk(node.block, {**scope, loop.identifier: f"{each}[]" if each else "", "forloop": ""}, found)
        if node.default:
            _walk(node.default, scope, found)
        return
    _walk_expressions(list(node.expressions()), scope, found)
    for child in node.children(None):  # pyright: ignore[reportArgumentType]  static, needs no context
        _walk(child, scope, found)


def _walk_expressions(expressions: Collection[Any], scope: dict[str, str], found: set[str]) -> None:
    for expression in expressions:
        if isinstance(expression, Path):
            _read(expression, scope, found)
        elif expression is not None:
            _walk_expressions(expression.children(), scope, found)


def _read(path: Any, scope: dict[str, str], found: set[str]) -> str:
    """The name under which `tags` knows this path. "" is what needs no value: forloop and literals."""
    if not isinstance(path, Path):
        _walk_expressions(path.children(), scope, found)
        return ""
    head, *rest = path.path
    name = scope.get(str(head), str(head))
    for segment in rest:
        if isinstance(segment, int) or segment in ("first", "last"):
            name += "[]" if name else ""
        elif segment != "size" and name:
            name += f".{segment}"
    if name:
        found.add(name)
    return name


def refuse_unknown(used: Collection[str], known: Collection[str], field: str) -> None:
    for name in sorted(used):
        if name not in known:
            raise _unknown("tag", name.replace("[]", ""), [tag.replace("[]", "") for tag in known], field)


def _unknown(what: str, name: str, known: Collection[str], field: str) -> Invalid:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if not near:
        tail = name.rpartition(".")[2]
        near = [each for each in known if each.rpartition(".")[2] == tail][:1]
    code = f"unknown_{what}"
    if near:
        message = N_("There is no “%(name)s” here. Did you mean “%(near)s”?")
        return Invalid(message, code=code, field=field, name=name, near=near[0])
    return Invalid(
        N_("There is no “%(name)s” here. See the list beside the editor."), code=code, field=field, name=name
    )
