"""The guards in front of every route: headers, cross-site requests, size, request ids, cookies."""

from collections.abc import Iterator

import httpx2
import pytest
from fastapi import APIRouter, Request
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request as PlainRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from bursar.web import pages
from bursar.web.security import (
    DOCUMENT_POLICY,
    FORM_LIMIT_BYTES,
    SESSION_COOKIE,
    BodyLimit,
    Cookies,
    Site,
    is_local_path,
)
from tests.makers.web import a_web

pytestmark = pytest.mark.pure

HTTPS = Site(
    "https://pay.example",
    trusted_origins=frozenset({"https://forms.example"}),
    checkout_hosts=("checkout.stripe.com", "pay.firm.example:8443"),
)
SIGNED_IN = {"cookie": f"__Host-{SESSION_COOKIE}=x"}


def a_router() -> APIRouter:
    router = APIRouter()

    @router.post("/things")
    @router.post("/u/{token}")
    @router.post("/api/v1/things")
    @router.post("/imports")
    async def change(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    @router.get("/things")
    @router.get("/u/{token}")
    async def look(request: Request) -> Response:
        return PlainTextResponse(request.state.nonce + " " + request.state.request_id)

    @router.get("/file")
    async def download() -> Response:
        return Response(
            b"x", headers={"Content-Security-Policy": DOCUMENT_POLICY, "Cache-Control": "private"}
        )

    @router.get("/crash")
    async def crash() -> Response:
        raise RuntimeError("the secret inside")

    return router


@pytest.fixture
def web() -> Iterator[TestClient]:
    app = a_web(a_router(), site=HTTPS)
    with TestClient(app, base_url="https://pay.example") as client:
        yield client


def post(web: TestClient, path: str = "/things", **headers: str) -> httpx2.Response:
    return web.post(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("path", ["/things", "/nowhere", "/crash", "/static/bursar.css"])
def test_every_answer_carries_the_headers_whoever_gave_it(web: TestClient, path: str):
    headers = web.get(path).headers

    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert "camera=()" in headers["permissions-policy"]
    assert headers["x-request-id"]


def test_scripts_and_styles_come_from_us_or_bear_this_answers_nonce(web: TestClient):
    first, second = web.get("/things"), web.get("/things")
    nonce = first.text.split()[0]

    assert f"script-src 'self' 'nonce-{nonce}'" in first.headers["content-security-policy"]
    assert "unsafe" not in first.headers["content-security-policy"]
    assert nonce not in second.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/i/t0ken", "/c/t0ken", "/p/t0ken", "/pay/t0ken", "/portal/firm/orders"])
def test_a_page_that_takes_money_may_lead_to_the_providers_and_nowhere_else(web: TestClient, path: str):
    policy = web.get(path).headers["content-security-policy"].split("; ")

    assert "form-action 'self' checkout.stripe.com pay.firm.example:8443" in policy


@pytest.mark.parametrize("path", ["/things", "/u/t0ken", "/invoices/1", "/portals"])
def test_no_other_page_leads_out_of_the_house(web: TestClient, path: str):
    assert "form-action 'self'" in web.get(path).headers["content-security-policy"].split("; ")


def test_pages_are_not_kept_by_any_cache_and_hashed_files_for_a_year(web: TestClient):
    assert web.get("/things").headers["cache-control"] == "no-store"
    assert web.get("/nowhere").headers["cache-control"] == "no-store"
    assert "immutable" in web.get(pages.static("bursar.css")).headers["cache-control"]
    assert "immutable" not in web.get("/static/bursar.css").headers["cache-control"]


def test_what_a_route_says_of_its_own_answer_stays(web: TestClient):
    headers = web.get("/file").headers

    assert headers["content-security-policy"] == DOCUMENT_POLICY
    assert headers["cache-control"] == "private"


def test_the_address_of_a_token_page_is_never_told_to_others(web: TestClient):
    assert web.get("/u/t0ken").headers["referrer-policy"] == "no-referrer"


def test_plain_http_promises_no_transport_security():
    app = a_web(a_router(), site=Site("http://127.0.0.1:8000"))
    assert "strict-transport-security" not in TestClient(app).get("/things").headers


def test_a_crash_is_answered_without_its_reason(web: TestClient):
    answer = web.get("/crash")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_request_ids_are_ours_and_differ(web: TestClient):
    first = web.get("/things", headers={"X-Request-ID": "forged"})
    second = web.get("/things")

    assert first.text.split()[1] == first.headers["x-request-id"] != "forged"
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"origin": "https://forms.example", "sec_fetch_site": "cross-site"}, True),
        ({"sec_fetch_site": "same-origin", "origin": "https://pay.example"}, True),
        ({"sec_fetch_site": "none"}, True),
        ({"sec_fetch_site": "cross-site", "origin": "https://pay.example"}, False),
        ({"sec_fetch_site": "same-site", "origin": "https://blog.pay.example"}, False),
        ({"sec_fetch_site": "nonsense"}, False),
        ({"origin": "https://pay.example"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "https://pay.example.evil.example"}, False),
        ({"origin": "https://pay.example:444"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({}, False),
    ],
)
def test_a_change_from_a_browser_with_a_cookie_must_come_from_us(
    web: TestClient, headers: dict[str, str], passes: bool
):
    assert post(web, **headers, **SIGNED_IN).status_code == (200 if passes else 403)


def test_without_a_browser_and_without_a_cookie_there_is_nothing_to_abuse(web: TestClient):
    assert post(web).status_code == 200


def test_two_origins_are_none(web: TestClient):
    headers = [("origin", "https://forms.example"), ("origin", "https://pay.example")]
    assert web.post("/things", headers=headers).status_code == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_open_to_every_site(web: TestClient, method: str):
    headers = {"sec-fetch-site": "cross-site", **SIGNED_IN}
    assert web.request(method, "/things", headers=headers).status_code != 403


def test_one_click_unsubscribe_may_come_from_any_site(web: TestClient):
    headers = {"origin": "https://mail.example", "sec_fetch_site": "cross-site"}
    assert post(web, "/u/t0ken", **headers).status_code == 200


def test_an_api_key_needs_no_origin_but_a_cookie_beside_it_does(web: TestClient):
    key = {"authorization": "Bearer k", "sec_fetch_site": "cross-site"}

    assert post(web, "/api/v1/things", **key).status_code == 200
    assert post(web, "/api/v1/things", **key, **SIGNED_IN).status_code == 403
    assert post(web, "/things", **key).status_code == 403


def test_a_refused_change_says_so_in_the_readers_language(web: TestClient):
    headers = {"sec-fetch-site": "cross-site", "accept-language": "ar"}
    answer = web.post("/things", headers=headers)

    assert answer.status_code == 403
    assert 'lang="ar" dir="rtl"' in answer.text


def test_a_form_has_one_limit_and_an_upload_another(web: TestClient):
    body = b"x" * (FORM_LIMIT_BYTES + 1)

    assert web.post("/things", content=body[:-1]).status_code == 200
    assert web.post("/things", content=body).status_code == 413
    assert web.post("/imports", content=body).status_code == 200


def test_a_body_that_hides_its_length_is_counted(web: TestClient):
    pieces = (b"x" * 1024 for _ in range(1 + FORM_LIMIT_BYTES // 1024))
    assert web.post("/things", content=pieces).status_code == 413


def test_nothing_of_a_body_that_is_too_long_reaches_the_route():
    seen: list[int] = []

    async def read(request: PlainRequest) -> Response:
        seen.append(len(await request.body()))
        return PlainTextResponse("read")

    app = Starlette(routes=[Route("/", read, methods=["POST"])], middleware=[Middleware(BodyLimit, limit=4)])
    with pytest.raises(Exception, match="413"):
        TestClient(app).post("/", content=b"12345")
    assert seen == []


def test_cookies_belong_to_this_host_alone_where_https_allows_it():
    response = Response()
    Cookies(secure=True).set(response, SESSION_COOKIE, "token", max_age_s=60)
    written = response.headers["set-cookie"]

    assert written.startswith(f"__Host-{SESSION_COOKIE}=token;")
    for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=60"):
        assert attribute in written
    assert "Domain" not in written


def test_the_demo_on_plain_http_gets_cookies_that_browsers_accept():
    response = Response()
    Cookies(secure=False).set(response, SESSION_COOKIE, "token", max_age_s=60)
    written = response.headers["set-cookie"]

    assert written.startswith(f"{SESSION_COOKIE}=token;")
    assert "Secure" not in written
    assert "HttpOnly" in written


@pytest.mark.parametrize("target", ["/", "/invoices?state=open#top", "/a//b"])
def test_paths_of_this_site_may_be_gone_to(target: str):
    assert is_local_path(target)


@pytest.mark.parametrize(
    "target",
    ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\nb", "a", "/\tevil", "/a\\b"],
)
def test_no_redirect_leads_elsewhere(target: str):
    assert not is_local_path(target)


def test_big_pages_travel_compressed(web: TestClient):
    assert (
        web.get("/static/bursar.css", headers={"accept-encoding": "gzip"}).headers["content-encoding"]
        == "gzip"
    )
