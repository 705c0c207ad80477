"""An act that needs a word or two first: one small form on a page of its own, the same for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from bursar.web import pages
from bursar.web.forms import Form

Trail = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Ask:
    """One field. `kind` is text, area, date, amount or select; `label` and `hint` are msgids.

    `options` of a select are (value, msgid); `unit` stands behind an amount.
    """

    kind: str
    name: str
    label: str
    hint: str | None = None
    required: bool = True
    unit: str | None = None
    options: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """What is asked before something is done: msgids, and where the form goes to. `about` names the thing."""

    title: str
    button: str
    action: str
    fields: tuple[Ask, ...]
    lead: str | None = None
    about: str | None = None
    tone: str = "primary"


def ask(request: Request, act: Act, form: Form, *, at: str, trail: Trail) -> Response:
    """The page of `act`; `trail` are (text as it is, path) above it. The last one is where "Back" leads."""
    return pages.render(request, "staff/act.html", status=form.status, act=act, form=form, at=at, trail=trail)
