"""The page of merge tags, from the tags themselves: what a template of each kind may name, and must."""

from collections.abc import Iterator

from bursar.outbox import tags
from bursar.outbox.liquid import FILTERS, TAGS
from bursar.outbox.tags import Category, MergeTag, TagKind

INTRODUCTION = """# Merge tags

What a template may name, by what it is for. A tag stands in double braces: `{{ customer.name }}`. What stands in a list
is named inside a loop, where each row has a name of its own:

```liquid
{% for invoice in invoices %}{{ invoice.number }}: {{ invoice.balance }}
{% endfor %}
```

A template that names something else is refused, with the name that comes nearest. One that does not name what is
*required* is refused too: its readers would not know what it is about. What *may be empty* is asked for first:
`{% if customer.company %}…{% endif %}`. Amounts and days arrive written in the reader's language.
"""


def page() -> str:
    sections = ["\n".join(_section(category)) for category in Category]
    return "\n".join([INTRODUCTION, *sections, *_language()])


def _section(category: Category) -> Iterator[str]:
    required = tags.required_tags(category)
    yield f"## {category}\n"
    yield "| tag | what it is | sample | |"
    yield "|---|---|---|---|"
    for tag in tags.tags_of(category).values():
        yield f"| `{_written(tag)}` | {tag.label} | {_sample(tag)} | {_remarks(tag, required=tag.path in required)} |"
    yield ""


def _written(tag: MergeTag) -> str:
    """As a template names it, inside its loop where it stands in a list."""
    return tag.path.replace("invoices[].", "invoice.").replace("totals[].", "total.")


def _sample(tag: MergeTag) -> str:
    return "" if tag.kind is TagKind.LIST else str(tag.sample("en"))


def _remarks(tag: MergeTag, *, required: bool) -> str:
    said = {
        "required": required,
        "may be empty": tag.may_be_empty,
        "a list": tag.kind is TagKind.LIST,
        "only in a link": tag.path == "unsubscribe_link",
    }
    return ", ".join(word for word, is_so in said.items() if is_so)


def _language() -> Iterator[str]:
    yield "## The language\n"
    yield "Templates are written in [Liquid](https://shopify.github.io/liquid/), of which they may use"
    yield f"the tags {', '.join(f'`{name}`' for name in sorted(TAGS - {'#'}))}"
    yield f"and the filters {', '.join(f'`{name}`' for name in sorted(FILTERS))}."
    yield "`money` writes an amount and `date` a day as the reader's language does; most tags are written so already."
