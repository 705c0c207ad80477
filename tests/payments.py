"""A simulated Stripe as a process of its own, the hands of payers and banks in it, and somebody who listens to it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx2
import pytest

from tests.vendors import a_process

VERSION = "2026-10-28.endive"
SUCCESS = "https://firm.example/paid?session={CHECKOUT_SESSION_ID}"
CANCEL = "https://firm.example/offer"
NO_LIMITS = {"test_requests_per_second": None, "live_requests_per_second": None}


def encoded(params: Mapping[str, Any]) -> dict[str, str]:
    """As Stripe takes them: `{"a": {"b": [1]}}` is `a[b][0]=1`."""
    told: dict[str, str] = {}

    def put(name: str, value: Any) -> None:
        match value:
            case dict():
                for key, one in value.items():
                    put(f"{name}[{key}]", one)
            case list():
                for place, one in enumerate(value):
                    put(f"{name}[{place}]", one)
            case bool():
                told[name] = str(value).lower()
            case _:
                told[name] = str(value)

    for key, value in params.items():
        put(key, value)
    return told


def asked_for(amount: int = 450_000, currency: str = "aed", **given: Any) -> dict[str, Any]:
    """Parameters of a checkout of one thing."""
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Company formation"}}
    return {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 1}],
        "success_url": SUCCESS,
        "cancel_url": CANCEL,
        **given,
    }


def refused(answer: httpx2.Response) -> tuple[int, str | None, str | None]:
    """Status, code and parameter of a refusal."""
    told = answer.json()["error"]
    assert told["type"] in {"api_error", "card_error", "idempotency_error", "invalid_request_error"}
    assert told["message"]
    return answer.status_code, told.get("code"), told.get("param")


@dataclass
class StripeProcess:
    """What `python -m bursar.sandbox.stripe` said, and its doors."""

    told: dict[str, Any]
    http: httpx2.Client
    control: httpx2.Client

    @property
    def settings(self) -> dict[str, str]:
        return self.told["settings"]

    @property
    def account(self) -> dict[str, str]:
        return self.told["accounts"][0]

    # A program

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        once: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """`key`: of the account; none: the first account's test key. `once`: the idempotency key."""
        told = {"Authorization": f"Bearer {key or self.account['test_key']}", **(headers or {})}
        told |= {"Idempotency-Key": once} if once is not None else {}
        flat = encoded(params or {})
        url = f"{self.told['url']}{path}"
        if method == "GET":
            return self.http.get(url, params=flat, headers=told)
        return self.http.request(method, url, data=flat, headers=told)

    def open(self, *, key: str | None = None, once: str | None = None, **given: Any) -> dict[str, Any]:
        """A checkout."""
        answer = self.call("POST", "/v1/checkout/sessions", asked_for(**given), key=key, once=once)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        answer = self.call("GET", path, params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    # People, banks, time

    def act(self, path: str, **given: Any) -> dict[str, Any]:
        """POST at the control door, e.g. act(f"/sessions/{id}/attempts", card="declined")."""
        answer = self.control.post(path, json=given)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def pay(self, session_id: str, card: str = "paid", **payer: str) -> dict[str, Any]:
        return self.act(f"/sessions/{session_id}/attempts", card=card, **payer)

    def seen(self, session_id: str) -> dict[str, Any]:
        """session, url, payer, intent, charge, refunds, disputes."""
        return self.control.get(f"/sessions/{session_id}").raise_for_status().json()

    def clock(self, **given: float) -> dict[str, Any]:
        return self.control.put("/clock", json=given).raise_for_status().json()

    # Webhooks and manners

    def listen(self, url: str, **given: Any) -> dict[str, Any]:
        return self.act("/endpoints", url=url, **given)

    def behave(self, **given: Any) -> None:
        answer = self.control.put("/behaviour", json=given)
        assert answer.is_success, answer.text

    def events(self, **wanted: str | list[str]) -> list[dict[str, Any]]:
        """The newest first; `object` are ids, those of payment intents stand for all their money."""
        return self.control.get("/events", params=wanted).raise_for_status().json()

    def deliveries(self, **wanted: str) -> list[dict[str, Any]]:
        return self.control.get("/deliveries", params=wanted).raise_for_status().json()

    def idle(self, seconds: float = 10) -> None:
        answer = self.control.get("/idle", params={"seconds": seconds}, timeout=seconds + 5)
        assert answer.json() == {"idle": True}

    def trouble(self, answer: str, **given: Any) -> None:
        told = self.control.post("/troubles", json=[{"answer": answer, **given}])
        assert told.status_code == 200, told.text

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        told = self.control.get("/calls").raise_for_status().json()
        return [call for call in told if operation in {None, call["operation"]}]

    def set(self, **settings: Any) -> None:
        assert self.control.put("/settings", json=settings).is_success

    def reset(self) -> None:
        self.control.post("/reset").raise_for_status()


@contextmanager
def a_stripe(*options: str) -> Iterator[StripeProcess]:
    with (
        a_process("stripe", *options) as told,
        httpx2.Client(timeout=20, trust_env=False) as http,
        httpx2.Client(base_url=told["control_url"], timeout=20, trust_env=False) as control,
    ):
        yield StripeProcess(told, http, control)


@pytest.fixture(scope="session")
def stripe_process() -> Iterator[StripeProcess]:
    with a_stripe("--account", "Rive Partners", "--account", "Another firm") as process:
        yield process


@pytest.fixture
def stripe(stripe_process: StripeProcess) -> StripeProcess:
    """Stripe as if it had just started, and in no hurry."""
    stripe_process.reset()
    stripe_process.set(**NO_LIMITS)
    return stripe_process


@dataclass
class Came:
    """One webhook as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def signature(self) -> str:
        return self.headers["stripe-signature"]


@dataclass
class Listener:
    """A firm's webhook address. `answers`: statuses to give first; then 200."""

    url: str = ""
    came: list[Came] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def types(self) -> list[str]:
        return [one.event["type"] for one in self.came]


@contextmanager
def a_listener() -> Iterator[Listener]:
    listener = Listener()

    class Hears(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            listener.came.append(Came(self.path, headers, body))
            self.send_response(listener.answers.pop(0) if listener.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Silently."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hears) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        listener.url = f"http://127.0.0.1:{server.server_address[1]}/hooks"
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with a_listener() as made:
        yield made
