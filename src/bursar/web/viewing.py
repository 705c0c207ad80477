"""Who looks at a page. The sign-in puts it at `request.state.viewer`; the layouts read it."""

from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Viewer:
    """An agent at the staff app. `language` is the account's, None follows the browser."""

    name: str
    email: str
    tenant: str
    role: str
    time_zone: str = "UTC"
    language: str | None = None
    unread: int = 0
    tenants: int = 1


def viewer_of(request: Request) -> Viewer | None:
    return getattr(request.state, "viewer", None)
