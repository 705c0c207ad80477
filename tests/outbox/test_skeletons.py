"""A flattened template says what python-liquid says, and a version renders the same again years later."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liquid import Environment, StrictUndefined
from liquid.exceptions import LiquidError

from bursar.core.errors import Invalid
from bursar.outbox import liquid
from bursar.outbox.comparisons import Unknown
from bursar.outbox.programs import flattened, program
from bursar.outbox.skeletons import Composed, compile_version
from bursar.outbox.tags import Category, sample_values
from bursar.outbox.targets import PIXEL, UNSUBSCRIBE, Links, checked_target


class Stock(Environment):
    """python-liquid as it comes, escaping by its own means: nothing of ours in it but one switch."""

    suppress_blank_control_flow_blocks = False


STOCK = {
    "html": Stock(undefined=StrictUndefined, autoescape=True),
    "text": Stock(undefined=StrictUndefined, autoescape=False),
}
OURS = {"html": liquid.html_environment("en"), "text": liquid.text_environment("en")}

words = st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" <>&\"'{}%ا😀"), max_size=12)
scalars = words | st.integers(-5, 5) | st.booleans() | st.none()
rows = st.lists(st.fixed_dictionaries({"n": scalars, "d": st.integers(-2, 9)}), max_size=4)
values = st.fixed_dictionaries(
    {
        "a": scalars,
        "b": st.integers(0, 4),
        "c": st.fixed_dictionaries({"x": scalars, "y": words}),
        "rows": rows,
    }
)

paths = st.sampled_from(["a", "b", "c.x", "c.y", "rows.size"])
in_loop = st.sampled_from(
    ["r.n", "r.d", "forloop.index", "forloop.last", "forloop.length", "forloop.rindex0"]
)
filters = st.sampled_from(
    ["", "| upcase", "| downcase", "| truncate: 5", "| default: 'none'", "| append: a", "| size", "| strip"]
)
constants = st.sampled_from(["x", "\n", " <b>y</b> ", "ا", "  ", "{ ", "}"])
literals = st.sampled_from(["1", "0", "'x'", "true", "false", "nil", "blank", "empty"])
orders = st.sampled_from(["<", ">", "<=", ">="])


def conditions(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    same = st.tuples(inside, st.sampled_from(["==", "!="]), inside | literals).map(" ".join)
    ordered = st.tuples(
        st.sampled_from(["rows.size", "b", "7", "2"]), orders, st.sampled_from(["2", "3", "b", "nil"])
    )
    one = inside | same | ordered.map(" ".join)
    return one | st.tuples(one, st.sampled_from(["and", "or"]), one).map(" ".join)


def outputs(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("{{{{ {} {} }}}}".format, inside, filters)


def templates(inside: st.SearchStrategy[str], depth: int) -> st.SearchStrategy[str]:
    leaves = constants | outputs(inside)
    if depth == 0:
        return st.lists(leaves, max_size=3).map("".join)
    inner = templates(inside, depth - 1)
    looped = templates(inside | in_loop, depth - 1)
    blocks = (
        st.builds("{{% if {} %}}{}{{% elsif {} %}}{}{{% else %}}{}{{% endif %}}".format,
                  conditions(inside), inner, conditions(inside), inner, inner)
        | st.builds("{{% unless {} %}}{}{{% endunless %}}".format, conditions(inside), inner)
        | st.builds("{{% for r in rows %}}{}{{% else %}}{}{{% endfor %}}".format, looped, inner)
        | st.builds("{{%- for r in rows -%}} {} {{%- if r.d > 3 %}}{{% break %}}{{% endif %}}{{% endfor -%}}".format, looped)
    )  # fmt: skip
    return st.lists(leaves | blocks, max_size=3).map("".join)


def outcome(write, *arguments) -> str:
    """What was written, or that nothing could be: a missing value, or things that do not compare."""
    try:
        return write(*arguments)
    except (Invalid, LiquidError, LookupError, TypeError, Unknown):
        return "nothing"


def stock(mode: str, source: str, given_values: dict) -> str:
    text = STOCK[mode].from_string(source).render(**given_values)
    # The same characters, spelled as markupsafe spells them.
    return text.replace("&#34;", "&quot;").replace("&#39;", "&#x27;") if mode == "html" else text


@pytest.mark.parametrize("mode", ["html", "text"])
@settings(max_examples=150, deadline=None)
@given(source=templates(paths, 2), given_values=values)
def test_a_flattened_template_says_what_liquid_says(mode, source, given_values):
    parsed = OURS[mode].from_string(source)
    expected = outcome(stock, mode, source, given_values)
    assert outcome(liquid.rendered, parsed, given_values, Links()) == expected
    assert outcome(program(parsed), given_values, Links()) == expected


@pytest.mark.parametrize("mode", ["html", "text"])
@settings(max_examples=150, deadline=None)
@given(source=templates(paths, 2), given_values=values)
def test_usual_templates_need_no_second_try(mode, source, given_values):
    written = flattened(OURS[mode].from_string(source))(given_values, Links())
    assert written == stock(mode, source, given_values)


@pytest.mark.parametrize("source", ["{{ missing }}", "{{ c.z }}", "{{ a.b }}", "{% if missing %}{% endif %}",
                                    "{% for x in missing %}{% endfor %}", "{% if a < rows %}{% endif %}",
                                    "{{ rows[7].n }}", "{{ c.x.first }}"])  # fmt: skip
def test_where_liquid_has_no_answer_neither_have_we(source):
    given_values = {"a": "x", "b": 1, "c": {"x": "", "y": ""}, "rows": []}
    for mode, environment in OURS.items():
        with pytest.raises(LiquidError):
            stock(mode, source, given_values)
        with pytest.raises(Invalid):
            program(environment.from_string(source))(given_values, Links())


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("0", True), ("''", True), ("nil", False), ("false", False), ("blank == ''", True), ("empty == ' '", False),
        ("a == blank", True), ("1 == true", False), ("0 == false", False), ("2 <= 2", True), ("2 >= 2", True),
        ("2 < 2", False), ("true <= true", False), ("nil < 1", False), ("'a' < 'b'", True),
        ("false or true and false", False), ("true or false and false", True),
    ],
)  # fmt: skip
def test_conditions_are_liquids_and_not_pythons(condition, truth):
    source = "{% if " + condition + " %}yes{% else %}no{% endif %}"
    written = flattened(OURS["text"].from_string(source))({"a": " "}, Links())
    assert written == stock("text", source, {"a": " "}) == ("yes" if truth else "no")


def test_values_and_literals_are_escaped_in_html_whatever_filter_they_passed():
    evil = """<b onclick='x'>&"</b>"""
    escaped = "&lt;b onclick=&#x27;x&#x27;&gt;&amp;&quot;&lt;/b&gt;"
    html = OURS["html"]
    for source in ("{{ a }}", "{{ a | default: 'x' }}", "{{ n | default: a }}", "{{ '' | append: a }}"):
        assert program(html.from_string(source))({"a": evil, "n": None}, Links()) == escaped
    assert program(html.from_string("{{ '<i>' }}{{ '<i>' | strip }}"))({}, Links()) == "&lt;i&gt;" * 2


def composed(body: str, body_format: str = "html", **changed) -> Composed:
    made = compile_version(
        subject="For {{ customer.name }}",
        body=body,
        body_format=body_format,
        locale="en",
        category=Category.STATEMENT,
        required_tags=(),
    )
    return made.render(sample_values(Category.STATEMENT, "en") | changed)


def test_links_are_kept_by_position_and_each_target_once():
    made = composed(
        '<a href="https://a.example/1">a</a> <a href="{{ pay_link }}">b</a> <a href="https://a.example/1">c</a>'
        '{% for invoice in invoices %}<a href="{{ invoice.link }}">d</a>{% endfor %}'
    )
    assert made.links == ("https://a.example/1", "https://pay.example/p/77", "https://pay.example/i/2041")
    assert made.html.slots == (0, 1, 0, 2, UNSUBSCRIBE, PIXEL)
    assert made.text.slots == (0, 1, 0, 2, UNSUBSCRIBE)


def test_links_of_a_template_that_cannot_be_flattened_are_kept_as_well():
    body = '{% for i in (1..2) %}<a href="{{ pay_link }}{{ i }}">a</a>{% endfor %}'
    assert composed(body).links == ("https://pay.example/p/771", "https://pay.example/p/772")


def test_a_stumble_leaves_no_links_behind():
    body = (
        '<a href="{{ pay_link }}">a</a>{% if customer.name > oldest_days_overdue %}b{% endif %}'
        '<a href="https://a.example">c</a>'
    )
    with pytest.raises(Invalid):
        composed(body)
    links = Links()
    either = program(OURS["text"].from_string("{% tracked_address %}{{ a }}{% endaddress %}{{ b.first }}"))
    with pytest.raises(Invalid):
        either({"a": "https://a.example", "b": 1}, links)
    assert links.targets == ["https://a.example"]


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https:\\\\evil.example",
        "javascript:alert(1)",
        "JAVASCRIPT://a.example/%0aalert(1)",
        "data:text/html,x",
        "ftp://a.example",
        "https://good.example@evil.example/",
        "https://good.example:x@evil.example",
        "https://a.example/\r\nX: y",
        "https://a.example/a b",
        "https://",
        "https:///path",
        "https://a..example/",
        "https://a.example:99999/",
        "relative",
        "",
        'https://a.example/"onclick="x',
        "https://a.example/<script>",
        "https://a.example/" + "x" * 2_000,
    ],
)
def test_an_address_that_could_lead_astray_is_refused(address):
    with pytest.raises(Invalid):
        checked_target(address)
    with pytest.raises(Invalid):
        composed('<a href="{{ pay_link }}">a</a>', pay_link=address)


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://a.example", "https://a.example"),
        (" https://a.example/x?y=1&z=2#e ", "https://a.example/x?y=1&z=2#e"),
        ("http://a.example:8080/~u/@me", "http://a.example:8080/~u/@me"),
        ("https://مثال.إختبار/دفع?x=١", "https://xn--mgbh0fb.xn--kgbechtv/%D8%AF%D9%81%D8%B9?x=%D9%A1"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("HTTPS://A.EXAMPLE/Path", "https://a.example/Path"),
    ],
)
def test_an_address_becomes_one_of_the_web_in_ascii(address, target):
    assert checked_target(address) == target


def test_the_hash_is_of_what_is_said_and_not_of_tokens():
    body = '<p>{{ customer.name }}</p><a href="{{ pay_link }}">pay</a>'
    first = composed(body)
    assert composed(body).content_sha256 == first.content_sha256
    assert len(first.content_sha256) == 32
    changed = composed(body, pay_link="https://pay.example/p/78")
    assert changed.content_sha256 != first.content_sha256
    assert changed.html.pieces == first.html.pieces


def test_the_hash_of_a_known_message_never_changes():
    """If this fails, what was sent years ago would be reported as altered: bump nothing here without need."""
    made = composed("Dear {{ customer.name }}", "text")
    again = composed("Dear {{ customer.name }}", "text", unsubscribe_link="another value")
    assert made.content_sha256 == again.content_sha256


def test_an_agents_own_subject_is_one_line_too():
    made = compile_version(
        subject="x", body="y", body_format="text", locale="en", category=Category.STATEMENT, required_tags=()
    )
    written = made.render(sample_values(Category.STATEMENT, "en"), subject="Re: your\r\nBcc: x@example.com")
    assert written.subject == "Re: your Bcc: x@example.com"


def test_a_long_subject_is_cut_with_a_sign():
    made = composed("x", customer={"name": "n" * 400, "company": None, "code": None})
    assert len(made.subject) == 250
    assert made.subject.endswith("n…")


def test_a_body_is_html_or_text():
    with pytest.raises(Invalid) as caught:
        composed("x", "mjml")
    assert caught.value.code == "body_format"


def test_branches_that_say_nothing_leave_no_gaps_in_the_text():
    body = "<p>a</p>{% for t in totals %}<p>{{ t.balance }}</p>{% endfor %}<p>{% if pay_link %}b{% endif %}</p><p>c</p>"
    text = composed(body, totals=[], pay_link=None).text.pieces[0].decode()
    assert text.startswith("a\r\n\r\nc\r\n\r\n")
