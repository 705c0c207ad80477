"""A person at a browser without JavaScript: opens an address, fills in the form that is there, presses its button."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx2

from bursar.demo.doors import PATIENCE_S, Refused


class _Forms(HTMLParser):
    """Every form of a page: where it goes, and what is in it before anybody types."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = True
            self.found.append((told.get("action", ""), {}))
        elif tag == "input" and self._inside and told.get("name"):
            ticked = told.get("type") not in {"radio", "checkbox"} or "checked" in told
            if ticked:
                self.found[-1][1][told["name"]] = told.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


class Browser:
    """Has its own cookies, and shows one page at a time."""

    def __init__(self) -> None:
        headers = {"Accept-Language": "en", "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
        self._client = httpx2.Client(
            timeout=PATIENCE_S, trust_env=False, follow_redirects=True, headers=headers
        )
        self.url = ""
        self.text = ""

    def open(self, url: str) -> str:
        """Raises `Refused` if there is no such page."""
        return self._shown(self._client.get(urljoin(self.url, url)))

    def press(self, part: str, **typed: str) -> str:
        """The button of the form whose address has this part; what is typed replaces what stood there."""
        forms = _Forms()
        forms.feed(self.text)
        action, given = next(((to, held) for to, held in forms.found if part in to), ("", {}))
        if not action:
            raise Refused(
                f"There is no form {part!r} on {self.url}; there are {[to for to, _ in forms.found]}"
            )
        return self._shown(self._client.post(urljoin(self.url, action), data={**given, **typed}))

    def close(self) -> None:
        self._client.close()

    def _shown(self, answer: httpx2.Response) -> str:
        if answer.status_code >= 400:
            raise Refused(
                f"{answer.request.method} {answer.request.url}: {answer.status_code}\n{answer.text}"
            )
        self.url, self.text = str(answer.url), answer.text
        return self.text


class Stripe:
    """The sandbox's Stripe, from the side of whoever has an account there."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.pages_url: str = told["pages_url"]
        self.key: str = told["accounts"][0]["test_key"]
        self._control = httpx2.Client(base_url=told["control_url"], timeout=PATIENCE_S, trust_env=False)

    def listen(self, url: str) -> str:
        """Reports go there from now on; the secret they are signed with."""
        made = self._control.post("/endpoints", json={"url": url}).raise_for_status().json()
        return made["secrets"][0]

    def sessions(self, email: str) -> list[dict[str, Any]]:
        """Checkouts of somebody, the newest first, with what became of each."""
        return self._control.get("/sessions", params={"email": email}).raise_for_status().json()

    def report_again(self, session_id: str, times: int) -> int:
        """All that was ever told of a checkout, so many times more; how many reports that were."""
        events = self._control.get("/events", params={"object": session_id}).raise_for_status().json()
        for event in events:
            self._control.post(f"/events/{event['id']}/resend", json={"times": times}).raise_for_status()
        return len(events) * times

    def until_quiet(self) -> None:
        """Raises `Refused` if reports are still on their way after a long while."""
        told = self._control.get("/idle", params={"seconds": PATIENCE_S / 2}).raise_for_status().json()
        if not told["idle"]:
            raise Refused("Reports of Stripe were not taken in time.")

    def close(self) -> None:
        self._control.close()
