"""Pages, fragments, forms, errors and live progress, as a browser gets them."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jinja2
import pytest
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.testclient import TestClient

from bursar.core.errors import Conflict, Invalid, NotFound, NotSignedIn, TooMany
from bursar.core.money import Money
from bursar.web import formats, pages
from bursar.web.app import found_routers
from bursar.web.forms import Form
from bursar.web.icons import NAMES, icon
from bursar.web.languages import OFFERED
from dev import gallery
from tests.makers.web import a_web

pytestmark = pytest.mark.pure

HTMX = {"hx-request": "true", "sec-fetch-site": "same-origin"}


def a_client(**routes: Callable[..., Any]) -> TestClient:
    """The application with one GET and POST route for each function given."""
    router = APIRouter()
    for name, function in routes.items():
        router.add_api_route(f"/{name}", function, methods=["GET", "POST"], response_model=None)
    return TestClient(a_web(router), follow_redirects=False, headers={"sec-fetch-site": "same-origin"})


async def refuse(request: Request) -> Response:
    refusals = {
        "gone": NotFound("invoice"),
        "late": Conflict("This campaign was released already.", code="released"),
        "fast": TooMany("Wait %(seconds)s seconds.", code="slow_down", seconds=7),
        "who": NotSignedIn(),
        "odd": Invalid("%(name)s cannot be used.", code="name", name="<script>alert(1)</script>"),
    }
    raise refusals[request.query_params["kind"]]


@pytest.mark.parametrize("name", gallery.NAMES)
@pytest.mark.parametrize("code", OFFERED)
def test_every_component_renders_in_every_language(name: str, code: str):
    answer = TestClient(gallery.create_gallery()).get(f"/gallery/{name}?lang={code}")

    assert answer.status_code == 200
    assert f'lang="{code}" dir="{OFFERED[code].dir}"' in answer.text
    assert answer.headers["content-language"] == code


def test_the_gallery_can_be_written_to_files(tmp_path: Path):
    written = gallery.write(tmp_path)

    assert len(written) == len(gallery.NAMES) * len(OFFERED)
    assert '"/static/' not in written[0].read_text()


def test_a_page_read_from_the_right_brings_the_mirrored_sheet():
    client = TestClient(gallery.create_gallery())

    assert "tabler.rtl.min.css" in client.get("/gallery/today?lang=ar").text
    assert "tabler.min.css" in client.get("/gallery/today?lang=en").text


def test_htmx_gets_only_the_part_it_asked_for():
    client = TestClient(gallery.create_gallery())
    part = client.get("/gallery/invoices", headers=HTMX).text

    assert part.lstrip().startswith('<div id="results">')
    assert "<html" not in part


@pytest.mark.parametrize("header", ["hx-boosted", "hx-history-restore-request"])
def test_htmx_gets_the_whole_page_where_it_needs_one(header: str):
    client = TestClient(gallery.create_gallery())
    assert "<html" in client.get("/gallery/invoices", headers={**HTMX, header: "true"}).text


def test_every_page_may_differ_by_language_and_by_who_asks():
    vary = TestClient(gallery.create_gallery()).get("/gallery/today").headers["vary"]
    for reason in ("HX-Request", "Cookie", "Accept-Language"):
        assert reason in vary


@pytest.mark.parametrize(("kind", "status"), [("gone", 404), ("late", 409), ("fast", 429), ("odd", 422)])
def test_a_refusal_is_a_page_with_its_status_and_its_sentence(kind: str, status: int):
    answer = a_client(act=refuse).post(f"/act?kind={kind}")

    assert answer.status_code == status
    assert "<html" in answer.text
    assert "<script>alert" not in answer.text


def test_htmx_hears_a_refusal_as_a_toast_and_keeps_its_page():
    answer = a_client(act=refuse).post("/act?kind=late", headers=HTMX)

    assert answer.status_code == 409
    assert answer.headers["hx-reswap"] == "none"
    assert json.loads(answer.headers["hx-trigger"])["toast"]["text"] == "This campaign was released already."


def test_too_many_says_how_long_to_wait():
    assert a_client(act=refuse).post("/act?kind=fast").headers["retry-after"] == "7"


def test_who_is_not_signed_in_is_led_to_the_door_and_back():
    web = a_client(act=refuse)

    assert web.get("/act?kind=who").headers["location"] == "/sign-in?next=%2Fact%3Fkind%3Dwho"
    assert web.post("/act?kind=who").headers["location"] == "/sign-in"
    assert web.get("/act?kind=who", headers=HTMX).headers["hx-redirect"].startswith("/sign-in")


async def numbered(number: int) -> Response:
    return Response(str(number))


def test_an_id_that_cannot_be_is_not_found_and_a_bad_value_is_refused():
    router = APIRouter()
    router.add_api_route("/things/{number}", numbered)
    router.add_api_route("/things", numbered)
    web = TestClient(a_web(router))

    assert web.get("/things/x").status_code == 404
    assert web.get("/things?number=x").status_code == 422
    assert web.put("/things/1").status_code == 405


def test_after_a_change_the_next_page_says_so_once():
    async def change(request: Request) -> Response:
        return pages.see_other(request, "/language-free", toast="Sign in first.")

    web = a_client(change=change)
    sent = web.post("/change")
    assert (sent.status_code, sent.headers["location"]) == (303, "/language-free")

    first, second = web.get("/nowhere"), web.get("/nowhere")
    assert "Sign in first." in first.text
    assert "Sign in first." not in second.text


@pytest.mark.parametrize("cookie", ["x", "%%%", "bnVsbA", "WzEsMl0", "WyJldmlsIiwieCJd", "/w"])
def test_a_toast_that_cannot_be_read_is_no_toast(cookie: str):
    web = a_client()
    answer = web.get("/nowhere", headers={"cookie": f"bursar_toast={cookie}"})

    assert answer.status_code == 404
    assert 'class="toast-line"' not in answer.text


def test_htmx_follows_a_change_by_itself():
    async def change(request: Request) -> Response:
        return pages.see_other(request, "/invoices")

    answer = a_client(change=change).post("/change", headers=HTMX)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/invoices")


def test_nobody_is_sent_to_another_site():
    async def change(request: Request) -> Response:
        return pages.see_other(request, "//evil.example")

    assert a_client(change=change).post("/change").status_code == 500


def test_the_language_is_kept_and_brings_one_back():
    web = a_client()
    chosen = web.post("/language", data={"code": "ar", "next": "/invoices"})

    assert chosen.headers["location"] == "/invoices"
    assert 'lang="ar"' in web.get("/nowhere").text


def test_the_language_switch_is_no_open_redirect_and_knows_its_languages():
    web = a_client()

    assert web.post("/language", data={"code": "ar", "next": "//evil.example"}).headers["location"] == "/"
    assert web.post("/language", data={"code": "tlh"}).status_code == 422


def test_the_language_switch_leads_back_to_the_page_it_stands_on():
    web = a_client()

    assert 'name="next" value="/nowhere?q=1&amp;state=open"' in web.get("/nowhere?q=1&state=open").text
    assert 'name="next" value="/"' in web.post("/nowhere").text


def test_a_mail_is_previewed_where_it_can_do_nothing():
    headers = pages.preview("<style>p {}</style><script>x()</script>").headers

    assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "script-src" not in headers["content-security-policy"]


def test_the_folders_of_pages_can_be_read():
    assert isinstance(found_routers(), list)


def rendered(source: str, code: str = "en", **values: Any) -> str:
    return pages.environment(code).from_string(source).render(**values)


def test_text_from_outside_is_shown_and_never_run():
    evil = '"><script>alert(1)</script>'
    form = Form({"name": evil}).refused(Invalid("%(v)s is wrong.", code="x", field="name", v=evil))
    shown = rendered(
        "{{ ui.field(form, 'name', evil) }}{{ ui.form_errors(form) }}{{ ui.alert(evil, evil) }}"
        "{{ ui.empty(evil, evil) }}{{ evil|bdi }}{{ ui.status('invoice', evil) }}{{ ui.act(evil, evil, confirm=evil) }}",
        form=form,
        evil=evil,
    )
    assert "<script" not in shown


def test_a_field_says_its_hint_and_its_error_to_everybody():
    form = Form({"email": "a@"}).refused(Invalid("Not an address.", code="email", field="email"))
    shown = rendered("{{ ui.field(form, 'email', 'E-mail', hint='Where answers go') }}", form=form)

    assert 'aria-invalid="true"' in shown
    assert 'aria-describedby="hint-email error-email"' in shown
    assert 'id="error-email"' in shown
    assert 'value="a@"' in shown


def test_a_password_is_never_shown_again():
    shown = rendered("{{ ui.field(form, 'p', 'P', 'password') }}", form=Form({"p": "correct horse"}))
    assert "correct horse" not in shown


def test_a_form_answers_with_the_status_of_its_first_refusal():
    assert Form().status == 200
    assert Form().refused(Conflict("x", code="x"), Invalid("y", code="y")).status == 409
    assert Form({"a": None}).value("a", 3) == 3


def test_a_forgotten_value_breaks_the_page_in_the_test_and_not_for_the_reader():
    with pytest.raises(jinja2.UndefinedError):
        rendered("{{ nothing_like_this }}")


def test_money_is_isolated_and_named_by_its_code():
    for code in OFFERED:
        shown = str(formats.money(Money(123450, "AED"), code))
        assert "<bdi" in shown
        assert "AED" in shown
        assert "1,234.50" in shown
    assert "1,234" in str(formats.money(Money(1234, "JPY"), "en"))


def test_an_instant_is_shown_on_the_readers_clock():
    shown = str(formats.moment(datetime(2026, 11, 18, 21, 30, tzinfo=UTC), "en", "Asia/Dubai"))

    assert "19 Nov 2026, 01:30" in shown
    assert 'datetime="2026-11-18T21:30:00+00:00"' in shown


def test_digits_are_latin_in_arabic_too():
    assert "18" in formats.day(date(2026, 11, 18), "ar")
    assert "2026" in formats.day(date(2026, 11, 18), "ar")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge · Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1",
            "Safari · iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome · Android"),
        ("curl/8.14.1", "curl/8.14.1"),
    ],
)
def test_a_browser_is_called_as_its_user_calls_it(sent: str, shown: str):
    assert formats.browser(sent) == shown


def test_a_share_is_not_100_percent_before_the_last_one():
    assert formats.percent(999, 1000, "en") == "99%"
    assert formats.percent(0, 0, "en") == "0%"


def test_an_icon_alone_has_a_name_and_beside_words_it_is_silent():
    assert 'aria-hidden="true"' in icon("bell")
    assert 'role="img" aria-label="Bell"' in icon("bell", "Bell")
    assert {"home", "alert"} <= NAMES
