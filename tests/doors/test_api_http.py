"""What holds for every address: keys, limits, media types, methods, headers, and refusals that tell nothing."""

import logging
from uuid import uuid4

import pytest

from bursar import app
from bursar.api.auth import Buckets, Limits, TooFast
from bursar.api.guards import JSON_LIMIT_BYTES
from bursar.tenancy.api_keys import revoke_api_key
from tests.makers.api import a_program, operations

pytestmark = pytest.mark.anyio


async def test_a_revoked_key_is_dead_at_once(program):
    spare = await program.post("/api-keys", {"name": "Spare", "scopes": ["*"]})
    as_spare = f"Bearer {spare['text']}"
    assert (await program("GET", "/tenant", Authorization=as_spare)).status_code == 200

    assert (await program("DELETE", f"/api-keys/{spare['id']}")).status_code == 204
    assert await program.refused("GET", "/tenant", Authorization=as_spare) == (401, "not_signed_in")
    assert await program.refused("DELETE", f"/api-keys/{spare['id']}") == (404, "not_found")


async def test_a_key_gives_away_no_more_than_it_may_itself(api):
    narrow = await a_program(api, scopes=["settings:write", "customers:read"])
    wanted = {"name": "Wider"}

    for scope in ("*", "customers:write", "payments:read"):
        refused = await narrow.refused("POST", "/api-keys", {**wanted, "scopes": [scope]})
        assert refused == (403, "scope_missing"), scope
    await narrow.post("/api-keys", {**wanted, "scopes": ["settings:read", "customers:read"]})


async def test_a_cookie_is_no_key(program):
    answer = await program("GET", "/tenant", Authorization="", Cookie=f"bursar_session={program.key}")

    assert answer.status_code == 401


async def test_a_hasty_key_is_told_when_to_go_on(api):
    clock = [0.0]
    limits = Limits(keys=Buckets(rate=2, burst=3, clock=lambda: clock[0]))
    program = await a_program(api, site=app.site(api, limits=limits))

    assert [(await program("GET", "/tenant")).status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = await program("GET", "/tenant")
    assert (answer.headers["retry-after"], answer.json()["code"]) == ("1", "too_many_requests")
    clock[0] += 0.5
    assert [(await program("GET", "/tenant")).status_code for _ in range(2)] == [200, 429]


async def test_whoever_guesses_keys_is_slowed_down_and_others_are_not(api):
    limits = Limits(strangers=Buckets(rate=0.01, burst=2))
    program = await a_program(api, site=app.site(api, limits=limits))
    wrong = f"Bearer {program.key[:-4]}AAAA"

    assert [(await program("GET", "/tenant", Authorization=wrong)).status_code for _ in range(3)] == [
        401,
        401,
        429,
    ]
    assert (await program("GET", "/tenant")).status_code == 200


def test_a_bucket_forgets_those_that_rested():
    clock = [0.0]
    buckets = Buckets(rate=1, burst=1, clock=lambda: clock[0])
    for number in range(10_001):
        buckets.take(str(number))
        clock[0] += 1
    buckets.take("one more")

    assert len(buckets._levels) == 2
    with pytest.raises(TooFast):
        buckets.take("one more")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_a_body_is_json_or_refused(program, kind):
    answer = await program.client.post(
        "/api/v1/customers", content=b'{"company_name": "X"}', headers={"Content-Type": kind}
    )

    assert (answer.status_code, answer.json()["code"]) == (415, "media_type")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"null", 422),
        (b"[]", 422),
        (b'{"company_name": "a\\u0000b"}', 422),
        (b'{"company_name": "\\ud800"}', 422),
        (b'{"company_name": "X", "custom_fields": {"a": NaN}}', 422),
        (b'{"company_name": "X", "custom_fields": {"a\\u0000": 1}}', 422),
        (b'{"company_name": 1}', 422),
        (b'{"company_name": "X", "unknown": 1}', 422),
    ],
)
async def test_a_body_that_cannot_be_is_refused_and_changes_nothing(program, body, status):
    answer = await program.client.post(
        "/api/v1/customers", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == status, answer.text
    assert (await program.get("/customers"))["items"] == []


async def test_a_body_that_is_too_large_is_not_read(program):
    answer = await program("POST", "/customers", {"company_name": "x" * JSON_LIMIT_BYTES})

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_an_unknown_query_is_refused_so_that_no_filter_is_ignored(program):
    answer = await program("GET", "/customers?stat=active")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query.stat"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=1&limit=2", "limit"),
        ("limit=x&limit=2", "limit"),
        ("state=active&state=suspended", "state"),
        ("=1", ""),
        ("limit=1&%00=1", "\0"),
        ("limit[]=1", "limit[]"),
        ("LIMIT=1", "LIMIT"),
    ],
)
async def test_a_parameter_given_twice_or_in_another_way_is_refused(program, query, field):
    answer = await program("GET", f"/customers?{query}")

    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [f"query.{field}"]


async def test_no_operation_takes_a_query_that_is_not_documented(api, program):
    """Those that read none refuse it too: who asks for `?limit=1` where there are no pages is told so."""
    taken = []
    for name, method, path, _ in operations(api):
        answer = await program(method, f"{path.format_map(Nowhere())}?nobody=1")
        if answer.status_code != 422 or answer.json()["errors"][0]["field"] != "query.nobody":
            taken.append((name, answer.status_code))

    assert taken == []


class Nowhere(dict):
    """Ids that nobody has, by whatever name."""

    def __missing__(self, _: str) -> str:
        return str(uuid4())


@pytest.mark.parametrize("path", ["/customers/1", "/customers/%0A", "/customers/%00", "/nothing", "/", ""])
async def test_what_is_nowhere_is_a_problem_of_404(program, path):
    assert (await program.refused("GET", path))[0] == 404


async def test_head_is_get_without_a_body_and_options_names_the_methods(program):
    head, options = await program("HEAD", "/customers"), await program("OPTIONS", "/customers")
    get = await program("GET", "/customers")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


async def test_a_method_that_is_not_known_names_those_that_are(program):
    answer = await program("PUT", f"/customers/{uuid4()}")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, PATCH"


async def test_every_answer_has_the_headers_that_keep_it_to_itself(program):
    for answer in (await program("GET", "/customers"), await program("GET", "/x")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert len(answer.headers["x-request-id"]) == 16
        assert "set-cookie" not in answer.headers


async def test_a_mistake_of_ours_is_written_down_and_told_to_nobody(program, monkeypatch, caplog):
    async def broken(work):
        raise RuntimeError("select secret from tenants")

    monkeypatch.setattr("bursar.tenancy.tenants.this_tenant", broken)
    with caplog.at_level(logging.ERROR):
        answer = await program("GET", "/tenant")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "select" not in answer.text
    assert "select secret" in caplog.text


async def test_the_document_is_there_for_everybody(program):
    answer = await program("GET", "/openapi.json", Authorization="")

    assert answer.json()["openapi"].startswith("3.1")


async def test_the_journal_says_which_key_it_was_and_which_request(program):
    answer = await program("POST", "/customers", {"company_name": "X"})
    [event] = (await program.get("/events", entity_type="customer", entity_id=answer.json()["id"]))["items"]

    assert event["type"] == "customer.active"
    assert (event["actor_type"], event["actor_id"]) == ("agent", str(program.actor.id))
    assert event["cause"].startswith("api_key ")
    async with program.work() as work:
        with pytest.raises(Exception, match="no such API key"):
            await revoke_api_key(work, uuid4())
