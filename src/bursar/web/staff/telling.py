"""The journal in the reader's words: a sentence for each event, and who did it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.requests import Request

from bursar.core import journal
from bursar.core.kinds import ActorType
from bursar.core.work import Work
from bursar.outbox.reasons import REASONS
from bursar.tenancy.agents import names_of_agents
from bursar.web import languages, pages


@dataclass(frozen=True, slots=True)
class Told:
    """Entries with their sentences by id, names of agents by id, and the cursor of the older page."""

    entries: list[journal.Entry]
    sentences: Mapping[UUID, str]
    names: Mapping[UUID, str]
    before: UUID | None


async def tell(work: Work, request: Request, page: journal.Page) -> Told:
    """What happened, in the language of the page."""
    code = pages.page_view(request).language.code

    def say(message: str, params: Mapping[str, Any]) -> str:
        told = dict(params)
        if because := REASONS.get(told.get("because", "")):
            told["because"] = because
        return languages.say(code, message, told)

    ids = {one.actor_id for one in page.entries if one.actor_type == ActorType.AGENT and one.actor_id}
    names = await names_of_agents(work, sorted(ids)) if ids else {}
    return Told(page.entries, {one.id: one.sentence(say) for one in page.entries}, names, page.before)
