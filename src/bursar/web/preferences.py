"""What a reader chose for this browser: the language. (The theme is chosen by bursar.js alone.)"""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from bursar.core.errors import N_, Invalid
from bursar.web import languages, pages
from bursar.web.security import is_local_path

router = APIRouter()


@router.post("/language")
async def choose_language(
    request: Request, code: Annotated[str, Form()], came_from: Annotated[str, Form(alias="next")] = "/"
) -> Response:
    """Kept in a cookie of its own, so that it also holds before signing in."""
    language = languages.offered(code)
    if language is None:
        raise Invalid(N_("This language is not offered."), code="unknown_language", field="code")
    response = pages.see_other(request, came_from if is_local_path(came_from) else "/")
    response.set_cookie(
        languages.COOKIE,
        language.code,
        max_age=languages.COOKIE_AGE_S,
        secure=request.app.state.site.secure,
        httponly=True,
        samesite="lax",
    )
    return response
