"""The journal in the reader's words: a sentence for each event, and who did it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.requests import Request

from bursar.core import journal
from bursar.core.kinds import ActorType
from bursar.core.registry import Say
from bursar.core.work import Work
from bursar.outbox.reasons import REASONS
from bursar.tenancy.agents import names_of_agents
from bursar.web import languages, pages
from bursar.web.changes import Changes, Reader


@dataclass(frozen=True, slots=True)
class Told:
    """Entries with their sentences and changes by id, names of agents by id, and the cursor of the older page."""

    entries: list[journal.Entry]
    sentences: Mapping[UUID, str]
    changes: Mapping[UUID, Changes]
    names: Mapping[UUID, str]
    before: UUID | None


async def tell(work: Work, request: Request, page: journal.Page) -> Told:
    """What happened, in the language of the page; people who act on themselves, as at a sign-in, are named too."""
    view = pages.page_view(request)
    say, reader = sayer(view.language.code), Reader(view.language.code, view.time_zone)
    ids = {one.actor_id for one in page.entries if one.actor_type == ActorType.AGENT and one.actor_id}
    ids |= {one.entity_id for one in page.entries if one.entity_type == "agent"}
    names = await names_of_agents(work, sorted(ids)) if ids else {}
    sentences = {one.id: one.sentence(say) for one in page.entries}
    return Told(
        page.entries, sentences, {one.id: reader.changes(one) for one in page.entries}, names, page.before
    )


def sayer(code: str) -> Say:
    """Says the journal's messages in a language, with the words for reasons that are codes."""

    def say(message: str, params: Mapping[str, Any]) -> str:
        told = dict(params)
        if because := REASONS.get(told.get("because", "")):
            told["because"] = because
        return languages.say(code, message, told)

    return say
