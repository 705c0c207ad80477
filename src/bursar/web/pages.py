"""From values to HTML: whole pages, the fragment of one that htmx asked for, and where to go next."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2_fragments import render_block
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bursar.core.errors import Refusal
from bursar.core.formats import format_number
from bursar.core.money import Money
from bursar.web import formats, icons, languages, navigation, state_words, words
from bursar.web.forms import Form
from bursar.web.languages import Language
from bursar.web.security import PREVIEW_POLICY, Cookies, is_local_path
from bursar.web.viewing import Viewer, viewer_of

HERE = Path(__file__).parent
TEMPLATES, STATIC = HERE / "templates", HERE / "static"
TOAST_COOKIE, THEME_COOKIE = "bursar_toast", "bursar_theme"
TOAST_AGE_S = 60


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `ui.table`. `kind`: text, number (aligned to the line's end), actions, or check.

    `primary` heads the row, and the card that the row becomes on a phone.
    """

    key: str
    label: str
    kind: str = "text"
    primary: bool = False


@dataclass(frozen=True, slots=True)
class PageView:
    """What the layouts know of the request; page templates see it as `page`."""

    language: Language
    here: str
    nonce: str
    request_id: str
    theme: str
    viewer: Viewer | None
    toast: tuple[str, str] | None

    @property
    def time_zone(self) -> str:
        return self.viewer.time_zone if self.viewer else "UTC"


@lru_cache(maxsize=256)
def static(path: str) -> str:
    """The address of a file of ours with its content in it, so that browsers may keep it for good."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"


@lru_cache(maxsize=len(languages.OFFERED))
def environment(code: str) -> jinja2.Environment:
    """One environment a language: macros are compiled once and see its words without being told."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.policies["ext.i18n.trimmed"] = True
    catalogue = languages.words_of(code)
    env.install_gettext_translations(catalogue, newstyle=True)  # pyright: ignore[reportAttributeAccessIssue]  # added by the extension
    env.filters.update(_filters(code))
    env.globals.update(
        icon=icons.icon,
        static=static,
        column=Column,
        blank_form=Form(),
        state_word=lambda machine, state: state_words.state_word(catalogue, machine, state),
        word=lambda kind, value: words.word(catalogue, kind, value),
        languages=tuple(languages.OFFERED.values()),
        written_languages=languages.WRITTEN,
        sections=navigation.SECTIONS,
        at_hand=navigation.at_hand(),
    )
    env.globals["ui"] = env.get_template("components/ui.html").module
    return env


def _filters(code: str) -> dict[str, Any]:
    @jinja2.pass_context
    def moment(context: jinja2.runtime.Context, value: datetime) -> Markup:
        page: PageView = context["page"]
        return formats.moment(value, code, page.time_zone)

    def day(value: date) -> Markup:
        return formats.day(value, code)

    def money(amount: Money) -> Markup:
        return formats.money(amount, code)

    return {
        "ago": lambda value, now: formats.ago(value, now, code),
        "bdi": formats.bdi,
        "browser": formats.browser,
        "day": day,
        "initials": formats.initials,
        "moment": moment,
        "money": money,
        "number": lambda value: format_number(value, code),
        "percent_of": lambda part, whole: formats.percent(part, whole, code),
        "sentence": lambda told: languages.say(code, told.message, told.params),
        "refusal": lambda refusal: languages.refusal_text(code, refusal),
        "translated": lambda text: languages.say(code, text),
    }


def page_view(request: Request) -> PageView:
    viewer = viewer_of(request)
    theme = request.cookies.get(THEME_COOKIE, "")
    return PageView(
        language=languages.language_of(request, viewer.language if viewer else _spoken(request)),
        here=_here(request),
        nonce=getattr(request.state, "nonce", ""),
        request_id=getattr(request.state, "request_id", ""),
        theme=theme if theme in {"light", "dark"} else "",
        viewer=viewer,
        toast=_read_toast(request),
    )


def _spoken(request: Request) -> str | None:
    """What a page of the public has set: the language in which its reader was written to."""
    return getattr(request.state, "spoken", None)


def _here(request: Request) -> str:
    """Where the language switch comes back to: this page, unless it answers a change."""
    if here := getattr(request.state, "here", None):
        return here
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}" if request.method == "GET" else "/"


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks for a part; going back in its history and boosted links need the whole page."""
    headers = request.headers
    return (
        headers.get("hx-request") == "true"
        and headers.get("hx-boosted") != "true"
        and headers.get("hx-history-restore-request") != "true"
    )


def render(
    request: Request,
    template: str,
    /,
    *,
    fragment: str | None = None,
    status: int = 200,
    toast: str | None = None,
    **values: Any,
) -> HTMLResponse:
    """The page, or only its block `fragment` when htmx asks. `toast` is a msgid said beside a fragment."""
    page = page_view(request)
    env = environment(page.language.code)
    context = {"page": page, **values}
    part = fragment if fragment and wants_fragment(request) else None
    body = (
        render_block(env, template, part, **context) if part else env.get_template(template).render(**context)
    )
    response = HTMLResponse(body, status_code=status, headers={"Content-Language": page.language.code})
    response.headers["Vary"] = "HX-Request, Cookie, Accept-Language"
    if toast:
        response.headers["HX-Trigger"] = toast_trigger(languages.say(page.language.code, toast), "good")
    if page.toast and not part:
        _cookies(request).drop(response, TOAST_COOKIE)
    return response


def preview(html: str) -> HTMLResponse:
    """A mail as its reader sees it, for an `iframe` of ours: its own styles, no script, no request."""
    headers = {"Content-Security-Policy": PREVIEW_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(html, headers=headers)


def render_text(request: Request, template: str, block: str, **values: Any) -> str:
    """One block as text: the data of a server-sent event."""
    page = page_view(request)
    return render_block(environment(page.language.code), template, block, page=page, **values)


def see_other(
    request: Request,
    target: str,
    *,
    toast: str | None = None,
    tone: str = "good",
    params: Mapping[str, Any] | None = None,
) -> Response:
    """After a change: go to `target`, a path of ours, and say `toast` (a msgid) there.

    Raises `ValueError` for an address elsewhere: it would be an open redirect.
    """
    if not is_local_path(target):
        msg = f"not a path of this site: {target!r}"
        raise ValueError(msg)
    if request.headers.get("hx-request") == "true":
        response: Response = Response(status_code=204, headers={"HX-Redirect": target})
    else:
        response = RedirectResponse(target, status_code=303)
    if toast:
        text = languages.say(page_view(request).language.code, toast, dict(params or {}))
        _cookies(request).set(response, TOAST_COOKIE, _pack([tone, text]), max_age_s=TOAST_AGE_S)
    return response


def toast_trigger(text: str, tone: str) -> str:
    """The value of HX-Trigger that makes bursar.js show a toast; headers hold ASCII only."""
    return json.dumps({"toast": {"text": text, "tone": tone}}, ensure_ascii=True)


def translated(request: Request, text: str) -> str:
    """A msgid without places in the language of the page; other text stays."""
    return languages.say(page_view(request).language.code, text)


def refusal_text(request: Request, refusal: Refusal) -> str:
    return languages.refusal_text(page_view(request).language.code, refusal)


def _pack(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _read_toast(request: Request) -> tuple[str, str] | None:
    """What `see_other` left. It is text of ours, but a cookie: anything unreadable is no toast."""
    packed = request.cookies.get(_cookies(request).name(TOAST_COOKIE))
    if not packed:
        return None
    try:
        told = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    except ValueError:
        return None
    match told:
        case ["good" | "busy" | "bad" as tone, str(text)]:
            return tone, text[:500]
    return None


def _cookies(request: Request) -> Cookies:
    return request.app.state.site.cookies
