"""Headers of pages that lead to a payment provider: nothing runs but ours, and a form may end up at the provider."""

from starlette.requests import Request

HEADERS = {
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
}


def headers_of(request: Request, language: str, *, looks: bool = False) -> dict[str, str]:
    """`looks`: the page asks us again by itself, by a script of ours.

    Chromium holds the address of a redirect after a POST to `form-action` too, so the provider's hosts stand there.
    """
    hosts = " ".join(request.app.state.house.settings.checkout_hosts)
    policy = HEADERS["Content-Security-Policy"].replace("form-action 'self'", f"form-action 'self' {hosts}")
    if looks:
        policy += "; script-src 'self'; connect-src 'self'"
    return {**HEADERS, "Content-Security-Policy": policy, "Content-Language": language}
