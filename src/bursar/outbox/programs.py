"""A parsed Liquid template flattened into one Python function: 20 times the speed of walking its tree.

The source of that function is written from our own list of instructions. No character of a template gets
into it: constants, names of values and literals are bound by number in the function's globals. What this file
does not know stays with python-liquid, which is also asked again whenever a flattened program stumbles, so
that the answer, or the refusal, is always Liquid's own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from liquid import BoundTemplate
from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import (
    BooleanExpression,
    FilteredExpression,
    Path,
    PositionalArgument,
    primitive,
)
from liquid.builtin.expressions import logical as logic
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode, ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.inline_comment_tag import InlineCommentNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.exceptions import LiquidError

from bursar.outbox.comparisons import NAMES, Unknown
from bursar.outbox.liquid import SIZE_LIMIT, AddressNode, ShownNode, TenantEnvironment, plain_text, rendered
from bursar.outbox.targets import Links

Values = Mapping[str, Any]
Program = Callable[[Values, Links], str]

_LITERALS = primitive.StringLiteral, primitive.IntegerLiteral, primitive.TrueLiteral, primitive.FalseLiteral
_COMPARED = {
    logic.EqExpression: "eq(%s, %s)",
    logic.NeExpression: "not eq(%s, %s)",
    logic.LtExpression: "lt(%s, %s)",
    logic.GtExpression: "lt(%s, %s)",  # sides changed
    logic.LeExpression: "le(%s, %s)",
    logic.GeExpression: "le(%s, %s)",  # sides changed
}
_ENDS: dict[Any, Any] = {"first": 0, "last": -1}
_LOOP_FACTS = {
    "index": "(i%d + 1)",
    "index0": "i%d",
    "first": "(i%d == 0)",
    "last": "(i%d == n%d - 1)",
    "rindex": "(n%d - i%d)",
    "rindex0": "(n%d - i%d - 1)",
    "length": "n%d",
}


def program(template: BoundTemplate) -> Program:
    """`template` as a function of its values: flattened where possible, always equal to python-liquid.

    The function raises `Invalid` where a value is missing, of a wrong kind or too big, and for bad addresses.
    """
    slow = partial(rendered, template)
    try:
        quick = flattened(template)
    except Unknown:
        return slow

    def either(values: Values, links: Links) -> str:
        # A failed try may have given positions away; the second starts from where the first did.
        held = links.held()
        try:
            text = quick(values, links)
            if len(text) * 4 > SIZE_LIMIT and len(text.encode()) > SIZE_LIMIT:
                raise Unknown
        except (Unknown, LiquidError, LookupError, TypeError, ValueError):
            links.restore(held)
            return slow(values, links)
        return text

    return either


def flattened(template: BoundTemplate) -> Program:
    """Raises `Unknown` for what this file does not know."""
    environment = template.env
    if not isinstance(environment, TenantEnvironment):
        raise Unknown("not one of our environments")
    writer = _Writer(environment)
    writer.nodes(template.nodes)
    lines = ["def run(v, links):\n o0 = []\n w0 = o0.append\n z = 0", *writer.lines(), " return ''.join(o0)"]
    names: dict[str, Any] = {**NAMES, **writer.bound, "plain": plain_text, "Unknown": Unknown}
    names |= {"show": environment.shown, "address": environment.read_address}
    exec(compile("\n".join(lines), "<flattened template>", "exec"), names)  # noqa: S102  no tenant text in it
    return names["run"]


@dataclass
class _Writer:
    environment: TenantEnvironment
    bound: dict[str, Any] = field(default_factory=dict)
    out: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    depth: int = 1
    buffers: int = 0
    loops: list[int] = field(default_factory=list)
    made_loops: int = 0
    constant: int = 0  # characters written so far that are the same in every message
    scope: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        self.flush()
        return self.out

    def bind(self, value: object) -> str:
        name = f"k{len(self.bound)}"
        self.bound[name] = value
        return name

    def line(self, text: str) -> None:
        self.flush()
        self.out.append(" " * self.depth + text)

    def flush(self) -> None:
        """Neighbouring constants become one."""
        text, self.pending = "".join(self.pending), []
        if text:
            self.constant += len(text)
            self.out.append(" " * self.depth + f"w{self.buffers}({self.bind(text)})")

    def nodes(self, nodes: list[Node]) -> None:
        for node in nodes:
            write = _WRITERS.get(type(node))
            if write is None:
                raise Unknown(type(node).__name__)
            write(self, node)

    def block(self, block: Node) -> None:
        self.flush()
        self.depth += 1
        self.out.append(" " * self.depth + "pass")
        self.nodes(block.nodes if isinstance(block, BlockNode) else [block])
        self.flush()
        self.depth -= 1

    def shown(self, node: ShownNode) -> None:
        expression = node.expression
        if isinstance(expression, FilteredExpression) and not expression.filters:
            expression = expression.left
        if isinstance(expression, _LITERALS):
            self.pending.append(self.environment.shown(expression.value))
            return
        self.line(f"w{self.buffers}(show({self.value(expression)}))")

    def branches(self, node: Any) -> None:
        negation = "not " if isinstance(node, UnlessNode) else ""
        self.line(f"if {negation}{self.truth(node.condition)}:")
        self.block(node.consequence)
        for alternative in node.alternatives:
            self.line(f"elif {self.truth(alternative.expression)}:")
            self.block(alternative.block)
        if node.default:
            self.line("else:")
            self.block(node.default)

    def loop(self, node: ForNode) -> None:
        expression = node.expression
        if (
            expression.limit
            or expression.offset
            or expression.reversed
            or not isinstance(expression.iterable, Path)
        ):
            raise Unknown("a loop with arguments")
        self.made_loops += 1
        at = self.made_loops
        self.line(f"s{at} = rows({self.path(expression.iterable)})")
        self.line(f"n{at} = len(s{at})")
        self.line(f"limit({' * '.join(f'n{loop}' for loop in [*self.loops, at])})")
        self.line(f"for i{at}, x{at} in enumerate(s{at}):")
        outer, self.scope = self.scope, {**self.scope, expression.identifier: f"x{at}"}
        self.loops.append(at)
        before = self.constant
        self.block(node.block)
        # A long body in many rounds is stopped while it grows, not once it fills the memory.
        self.out.append(" " * (self.depth + 1) + f"z += {self.constant - before}")
        self.out.append(" " * (self.depth + 1) + f"if z > {SIZE_LIMIT}: raise Unknown")
        self.loops.pop()
        self.scope = outer
        if node.default:
            self.line(f"if not n{at}:")
            self.block(node.default)

    def address(self, node: AddressNode) -> None:
        inner = node.block.nodes
        if len(inner) == 1 and isinstance(inner[0], ShownNode):
            # The usual {{ pay_link }} alone: reading back what was escaped gives the plain text.
            self.line(f"w{self.buffers}(links.{node.kind}(plain({self.value(inner[0].expression)})))")
            return
        self.line(f"o{self.buffers + 1} = []")
        self.buffers += 1
        self.line(f"w{self.buffers} = o{self.buffers}.append")
        self.nodes(node.block.nodes)
        self.flush()
        inner = f"address(''.join(o{self.buffers}))"
        self.buffers -= 1
        self.line(f"w{self.buffers}(links.{node.kind}({inner}))")

    def jump(self, node: Node) -> None:
        if not self.loops:
            raise Unknown("a jump without a loop")
        self.line("break" if isinstance(node, BreakNode) else "continue")

    def value(self, expression: Any) -> str:
        """Python for an expression's value, filters applied from the left."""
        if isinstance(expression, FilteredExpression):
            code = self.value(expression.left)
            for each in expression.filters or []:
                code = self.filtered(each, code)
            return code
        if isinstance(expression, Path):
            return self.path(expression)
        if isinstance(expression, _LITERALS):
            return self.bind(expression.value)
        if isinstance(expression, primitive.Nil):
            return "None"
        if isinstance(expression, (primitive.Blank, primitive.Empty)):
            return self.bind(expression)
        raise Unknown(type(expression).__name__)

    def filtered(self, each: Any, code: str) -> str:
        func = self.environment.filters[each.name]
        if getattr(func, "with_context", False):
            raise Unknown(f"filter {each.name}")
        if getattr(func, "with_environment", False):
            func = partial(func, environment=self.environment)
        arguments = [code]
        for argument in each.args:
            if not isinstance(argument, PositionalArgument):
                raise Unknown("a named argument")
            arguments.append(self.value(argument.value))
        return f"{self.bind(func)}({', '.join(arguments)})"

    def path(self, path: Path) -> str:
        head, *rest = path.path
        if head == "forloop" and self.loops:
            fact = _LOOP_FACTS.get(str(rest[0])) if len(rest) == 1 else None
            if fact is None:
                raise Unknown("forloop." + ".".join(map(str, rest)))
            return fact.replace("%d", str(self.loops[-1]))
        if not isinstance(head, str):
            raise Unknown("a path from a path")
        code = self.scope.get(head) or f"v[{self.bind(head)}]"
        for segment in rest:
            if segment == "size":
                code = f"size({code})"
            elif isinstance(segment, int) or segment in _ENDS:
                code = f"at({code}, {_ENDS.get(segment, segment):d})"
            elif isinstance(segment, str):
                code = f"{code}[{self.bind(segment)}]"
            else:
                raise Unknown("a path from a path")
        return code

    def truth(self, expression: Any) -> str:
        if isinstance(expression, BooleanExpression):
            return self.truth(expression.expression)
        if isinstance(expression, logic.LogicalAndExpression):
            return f"({self.truth(expression.left)} and {self.truth(expression.right)})"
        if isinstance(expression, logic.LogicalOrExpression):
            return f"({self.truth(expression.left)} or {self.truth(expression.right)})"
        pattern = _COMPARED.get(type(expression))
        if pattern is None:
            return f"((t := {self.value(expression)}) is not None and t is not False)"
        sides = [self.value(expression.left), self.value(expression.right)]
        if isinstance(expression, (logic.GtExpression, logic.GeExpression)):
            sides.reverse()
        return f"({pattern % tuple(sides)})"


_WRITERS: dict[type, Callable[[_Writer, Any], None]] = {
    ContentNode: lambda writer, node: writer.pending.append(node.text),
    ShownNode: _Writer.shown,
    IfNode: _Writer.branches,
    UnlessNode: _Writer.branches,
    ForNode: _Writer.loop,
    AddressNode: _Writer.address,
    BreakNode: _Writer.jump,
    ContinueNode: _Writer.jump,
    CommentNode: lambda _writer, _node: None,
    InlineCommentNode: lambda _writer, _node: None,
    BlockNode: lambda writer, node: writer.nodes(node.nodes),
}
