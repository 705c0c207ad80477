"""A page of the portal, in its reader's language and its firm's colours."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bursar.billing.documents.keeping import logo_of
from bursar.billing.documents.page import colour_of
from bursar.tenancy.portal_sign_in import Guest, Presented
from bursar.web import pages
from bursar.web.forms import Form
from bursar.web.languages import Language
from bursar.web.portal.guests import path_of
from bursar.web.portal.words import refusal_words, words
from bursar.web.public.answering import asked_language, house_of
from bursar.web.public.invoice_view import embedded
from bursar.web.public.page_headers import headers_of
from bursar.web.public.wording import LANGUAGES, spoken

MENU = ("home", "orders", "invoices", "payments", "profile", "consents")
PAGE_SIZE = 25


def language_of(request: Request, *wishes: str | None) -> Language:
    """What the address asks for, else the first of these that we speak."""
    return spoken(request.query_params.get("lang"), *wishes)


async def page(
    request: Request,
    guest: Guest,
    template: str,
    at: str,
    *,
    form: Form | None = None,
    said: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """A page for who is signed in; `at` is its line of the menu, `said` replaces the words of the form's refusals."""
    language = language_of(request, guest.locale)
    menu = [(key, path_of(guest.firm.slug, key)) for key in MENU]
    told = {"guest": guest, "menu": menu, "at": at, **values}
    return await _answer(request, guest.firm, language, template, form, said, told)


async def open_page(
    request: Request,
    firm: Presented,
    language: Language,
    template: str,
    form: Form | None = None,
    **values: Any,
) -> Response:
    """A page before the door."""
    return await _answer(request, firm, language, template, form, None, {"guest": None, **values})


def go(request: Request, path: str) -> Response:
    """After a change: on to `path`, in the language that was asked for."""
    return RedirectResponse(path + asked_language(request), status_code=303)


async def _answer(
    request: Request,
    firm: Presented,
    language: Language,
    template: str,
    form: Form | None,
    said: Mapping[str, str] | None,
    values: Mapping[str, Any],
) -> Response:
    form = form or Form()
    logo = await logo_of(house_of(request).press, firm.tenant_id, firm.branding.get("logo_file_id"))
    refusals = {one.field or "": refusal_words(language.code, one) for one in form.refusals}
    html = (
        pages.environment("en")
        .get_template(template)
        .render(
            t=words(language.code),
            language=language,
            languages=tuple(LANGUAGES.values()),
            lang=asked_language(request),
            here=request.url.path,
            portal=path_of(firm.slug),
            firm=firm.name,
            colour=colour_of(firm.branding),
            logo=embedded(logo) if logo else None,
            form=form,
            refusals={**refusals, **(said or {})},
            **values,
        )
    )
    return HTMLResponse(html, status_code=form.status, headers=headers_of(request, language.code))
