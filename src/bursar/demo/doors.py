"""The doors through which the story is played: the command line, the API, the pages, and the sandbox's mailboxes.

Nothing of Bursar is imported: whoever can type a command or send a request can do all of this.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2

PATIENCE_S = 60


class Refused(RuntimeError):
    """A door said no where the story expected a yes."""


class CommandLine:
    """`bursar …` as a process of its own, answered in JSON."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __call__(self, *words: str | Path, **variables: str) -> dict[str, Any]:
        """Raises `Refused`. `variables` are added to its environment."""
        command = [str(word) for word in words]
        ran = subprocess.run(
            [sys.executable, "-m", "bursar", *command, "--json"],
            env={**self._environment, **variables},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S * 2,
            check=False,
        )
        if ran.returncode:
            said = (ran.stdout or ran.stderr).strip()
            raise Refused(f"bursar {' '.join(command)}\n{said[-2_000:]}")
        return json.loads(ran.stdout.rstrip("\n").rpartition("\n")[2])


class Api:
    """API v1 with the key of one firm's owner."""

    def __init__(self, base_url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}", "Accept-Language": "en"}
        self._client = httpx2.Client(
            base_url=f"{base_url}/api/v1", headers=headers, timeout=PATIENCE_S, trust_env=False
        )

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self._answer(self._client.get(path, params=params))

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self._answer(self._client.post(path, json=body))

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._answer(self._client.patch(path, json=body))

    def upload(self, path: str, file: Path, **form: str) -> dict[str, Any]:
        with file.open("rb") as opened:
            return self._answer(self._client.post(path, data=form, files={"file": (file.name, opened)}))

    def each(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """All items of a list, page after page."""
        cursor: dict[str, Any] = {}
        while True:
            page = self.get(path, **params, **cursor)
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}

    def status(self, path: str) -> int:
        """How it answers, whatever that is."""
        return self._client.get(path).status_code

    def close(self) -> None:
        self._client.close()

    def _answer(self, answer: httpx2.Response) -> dict[str, Any]:
        if not answer.is_success:
            raise Refused(
                f"{answer.request.method} {answer.request.url}: {answer.status_code}\n{answer.text}"
            )
        return answer.json() if answer.content else {}


class Pages:
    """The staff app in the hands of somebody who signed in."""

    def __init__(self, base_url: str, email: str, password: str) -> None:
        self._client = httpx2.Client(
            base_url=base_url,
            timeout=PATIENCE_S,
            trust_env=False,
            headers={"Origin": base_url, "Accept-Language": "en"},
        )
        answer = self._client.post("/sign-in", data={"email": email, "password": password})
        if answer.status_code != 303:
            raise Refused(f"The sign-in of {email} was answered with {answer.status_code}.")

    def status(self, path: str) -> int:
        return self._client.get(path).status_code

    def close(self) -> None:
        self._client.close()


class Mailboxes:
    """The sandbox: its pages, with buttons people press, and the port from which its server is told to misbehave."""

    def __init__(self, pages_url: str, control_url: str) -> None:
        settings: dict[str, Any] = {"timeout": PATIENCE_S, "trust_env": False}
        self._pages = httpx2.Client(base_url=pages_url, headers={"Accept": "application/json"}, **settings)
        self._control = httpx2.Client(base_url=control_url, **settings)

    def numbers(self) -> dict[str, list[int]]:
        """Of the messages in each mailbox, the newest first."""
        found = self._pages.get("/").raise_for_status().json()
        return {one["address"]: one["messages"] for one in found}

    def count(self) -> int:
        return self._control.get("/stats").raise_for_status().json()["messages"]

    def mail(self, number: int) -> dict[str, Any]:
        return self._pages.get(f"/messages/{number}").raise_for_status().json()

    def press(self, number: int, button: str, **form: Any) -> dict[str, Any]:
        """openings, clicks, scans, unsubscription, replies. Raises `Refused` if what it fetches is refused."""
        done = self._pages.post(f"/messages/{number}/{button}", data=form).raise_for_status().json()
        if not done["worked"]:
            raise Refused(f"The button {button} of message {number}: {done['fetched']}")
        return done

    def go_silent(self, after: int) -> None:
        """The server keeps one more message after `after` others, and never says so."""
        rule = {"beat": "before-250", "act": "stall", "skip": after, "times": 1}
        self._control.put("/rules", json=[rule]).raise_for_status()

    def is_silent(self) -> bool:
        return self._control.get("/stats").raise_for_status().json()["stalled"] > 0

    def speak_again(self) -> None:
        self._control.put("/rules", json=[]).raise_for_status()
        self._control.post("/release").raise_for_status()

    def close(self) -> None:
        self._pages.close()
        self._control.close()
