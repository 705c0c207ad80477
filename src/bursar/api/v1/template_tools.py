"""Around templates: merge tags, previews, the library, messages of other programs, who says a template's words."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed
from bursar.api.v1.templates import Locale, Words
from bursar.api.values import Flag, Shown, ShownMoney, Strict
from bursar.chasing.sampling import values_of
from bursar.chasing.template_usage import results_of, usage_of
from bursar.outbox import tags, template_library, template_words
from bursar.outbox.states import BodyFormat
from bursar.outbox.tags import Category, TagKind
from bursar.outbox.template_import import LARGEST_HTML, keep_import, read_words

previews = door("/template-previews", "templates", tag="templates")
tag_lists = door("/template-tags", "templates", tag="templates")
libraries = door("/template-library", "templates", tag="templates")
html_imports = door("/template-imports", "templates", tag="templates")
usages = door("/templates/{template_id}/usage", "templates", tag="templates")


class WordsToTry(Words):
    """`customer_id`: with the values of what this customer owes, instead of samples."""

    category: Category
    customer_id: UUID | None = None


class HtmlIn(Strict):
    """A message of another program. Without a `subject` the title of the page is one, without a `code` one is made."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{1,60}$")] | None = None
    category: Category
    locale: Locale
    subject: Annotated[str, Field(max_length=500)] = ""
    source: Annotated[str, Field(min_length=1, max_length=LARGEST_HTML)]
    dry_run: Flag = False


class Preview(Shown):
    subject: str
    preheader: str
    html: str
    text: str


class Tag(Shown):
    """A merge tag of a category. A `path` with [] stands inside a loop over that list."""

    path: str
    kind: TagKind
    label: str
    may_be_empty: bool
    required: bool


class TagQuery(Strict):
    category: Category


class Installed(Shown):
    """Codes of the library that were new."""

    added: list[str]


class Imported(Shown):
    """What became of a message of another program; a dry run keeps nothing and has no `id`."""

    id: UUID | None
    subject: str
    body: str
    body_format: BodyFormat
    recognised: dict[str, str]
    unknown: list[str]
    removed: list[str]
    one_invoice: bool


class InCampaign(Shown):
    id: UUID
    name: str
    state: str


class InSequence(Shown):
    id: UUID
    name: str
    active: bool
    offset_days: int


class Usage(Shown):
    campaigns: list[InCampaign]
    sequences: list[InSequence]
    notices: list[str]


class Results(Shown):
    """Of the messages since `since`, of at most the firm's newest 100,000."""

    since: datetime
    sent: int
    bounced: int
    replied: int
    clicked: int
    collected: list[ShownMoney]


class UsageAndResults(Shown):
    usage: Usage
    results: Results


@usages.get("")
async def get_template_usage(work: Acting, template_id: UUID) -> UsageAndResults:
    """Who says its words, and what came of them."""
    usage, results = await usage_of(work, template_id), await results_of(work, template_id)
    return UsageAndResults(usage=Usage.model_validate(usage), results=Results.model_validate(results))


@previews.post("", status_code=201)
async def preview_words(work: Acting, given: WordsToTry) -> Preview:
    """As a reader would see it, with sample values or those of a customer; nothing is kept."""
    values = None
    if given.customer_id is not None:
        values = await values_of(work, given.customer_id, given.category, given.locale)
    return Preview.model_validate(template_words.preview(given.version(), given.category, values))


@tag_lists.get("")
async def list_template_tags(_work: Acting, asked: Annotated[TagQuery, Query()]) -> Listed[Tag]:
    """What a template of a category may name, in the order of the editor."""
    required = tags.required_tags(asked.category)
    found = [
        Tag(
            path=one.path,
            kind=one.kind,
            label=one.label,
            may_be_empty=one.may_be_empty,
            required=one.path in required,
        )
        for one in tags.tags_of(asked.category).values()
    ]
    return Listed(items=found, next_cursor=None)


@libraries.post("", status_code=201)
async def install_library(work: Acting) -> Installed:
    """The templates every firm starts with, those that are not here yet; safe to repeat."""
    return Installed(added=await template_library.install_library(work))


@html_imports.post("", status_code=201)
async def import_html(work: Acting, given: HtmlIn) -> Imported:
    """Cleaned, its merge tags made ours, kept as a draft. Sheets of templates come by /imports."""
    found = read_words(given.source, given.category, given.locale, given.subject)
    template_id = None
    if not given.dry_run:
        template_id = await keep_import(work, found, given.category, name=given.name, code=given.code or "")
    return Imported(
        id=template_id,
        subject=found.words.subject,
        body=found.words.body,
        body_format=BodyFormat(found.words.body_format),
        recognised=dict(found.recognised),
        unknown=list(found.unknown),
        removed=list(found.removed),
        one_invoice=found.one_invoice,
    )
