"""The page on which a person chooses a mailbox and says what a program may do, and the one that says why not."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader
from starlette.responses import HTMLResponse, Response

from bursar.sandbox.cloud.account import Account
from bursar.sandbox.identity.manners import Asked, Manner

TEMPLATES = Environment(
    loader=PackageLoader("bursar.sandbox.identity"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def consent_page(manner: Manner, asked: Asked, number: str, at: str, accounts: Sequence[Account]) -> Response:
    """A browser holds `form-action` against where the answer redirects to, so that is allowed by name."""
    asks = [(scope, manner.permissions[scope]) for scope in asked.scopes]
    html = TEMPLATES.get_template("consent.html").render(
        title=manner.title,
        asked=asked,
        asking=number,
        at=at,
        accounts=accounts,
        asks=[(scope, each) for scope, each in asks if not each.silent],
        knows=[each.words for _, each in asks if each.silent],
    )
    back = urlsplit(asked.redirect_uri)
    return _page(html, 200, f"'self' {back.scheme}://{back.netloc}")


def refusal_page(title: str, why: str) -> Response:
    html = TEMPLATES.get_template("refusal.html").render(title=title, why=why)
    return _page(html, 400, "'none'")


def _page(html: str, status: int, form_action: str) -> Response:
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; form-action {form_action}; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return HTMLResponse(html, status, headers=headers)
