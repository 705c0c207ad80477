"""The page for an address that leads nowhere: it says no word about why, nor whose it was."""

from starlette.requests import Request
from starlette.responses import Response

from bursar.web import pages


def gone(request: Request) -> Response:
    return pages.render(request, "public/gone.html", status=404)
