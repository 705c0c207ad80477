"""Customers, their people and their consents over the API."""

import pytest

from bursar.core.kinds import AgentRole
from tests.makers.api import a_program

pytestmark = pytest.mark.anyio


async def test_a_customer_is_made_read_changed_and_found(program):
    made = await program.post("/customers", {"company_name": "Dune Trading", "email": "Pay@Dune.example"})
    assert (made["state"], made["source"], made["version"]) == ("active", "api", 1)

    answer = await program("PATCH", f"/customers/{made['id']}", {"city": "Dubai"}, If_Match='W/"1"')
    assert answer.status_code == 200
    assert (answer.json()["city"], answer.headers["etag"]) == ("Dubai", 'W/"2"')
    assert answer.json()["company_name"] == "Dune Trading", "what is left out is not touched"

    page = await program.get("/customers", text="dune", has_email="true")
    assert [row["id"] for row in page["items"]] == [made["id"]]
    assert page["next_cursor"] is None
    assert await program.get(f"/customers/{made['id']}") == answer.json()


async def test_a_customer_without_a_name_is_refused_by_field(program):
    answer = await program("POST", "/customers", {"email": "a@b.example"})

    assert answer.status_code == 422
    assert answer.json() == {
        "type": "urn:bursar:problem:name_missing",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "Give the name of the person or of the company.",
        "code": "name_missing",
        "field": "full_name",
        "request_id": answer.headers["x-request-id"],
    }


async def test_a_refusal_speaks_the_language_that_was_asked_for(program):
    answer = await program("POST", "/customers", {}, Accept_Language="fr;q=0.4, ar-AE;q=0.9")

    assert answer.headers["content-language"] == "ar"
    assert answer.json()["code"] == "name_missing"
    assert not answer.json()["detail"].isascii()


@pytest.mark.parametrize("field", ["state", "tenant_id", "version", "source", "id", "link_version"])
async def test_what_is_not_the_callers_to_write_is_refused(program, field):
    body = {"company_name": "X", field: "active"}

    assert await program.refused("POST", "/customers", body) == (422, "request_invalid")


async def test_a_code_that_is_taken_is_a_conflict(program):
    await program.post("/customers", {"company_name": "A", "external_code": "C-1"})

    assert await program.refused("POST", "/customers", {"company_name": "B", "external_code": "C-1"}) == (
        409,
        "code_taken",
    )


async def test_a_customer_is_suspended_and_reinstated(program):
    made = await program.post("/customers", {"company_name": "Dune"})
    path = f"/customers/{made['id']}/suspension"

    assert (await program.post(path, {"reason": "fraud"}))["state"] == "suspended"
    assert await program.refused("POST", path, {"reason": "fraud"}) == (409, "illegal_move")
    assert (await program("DELETE", path)).json()["state"] == "active"


async def test_an_agent_may_not_suspend(api, program):
    made = await program.post("/customers", {"company_name": "Dune"})
    agent = await a_program(api, of=program.tenant_id, role=AgentRole.AGENT)

    assert await agent.refused("POST", f"/customers/{made['id']}/suspension", {"reason": "x"}) == (
        403,
        "not_allowed",
    )


async def test_contacts_belong_to_their_customer(program):
    one, other = [await program.post("/customers", {"company_name": name}) for name in ("One", "Other")]
    contact = await program.post(
        f"/customers/{one['id']}/contacts", {"name": "Rim", "email": "rim@one.example"}
    )
    mine, theirs = (f"/customers/{who['id']}/contacts/{contact['id']}" for who in (one, other))

    assert (await program("PATCH", mine, {"phone": "0501234567"})).json()["phone"] == "+971501234567"
    assert await program.refused("PATCH", theirs, {"name": "Y"}) == (404, "not_found")
    assert (await program("DELETE", mine)).status_code == 204
    assert await program.refused("GET", mine) == (404, "not_found")


async def test_a_consent_needs_its_proof(program):
    customer = await program.post("/customers", {"company_name": "One"})
    path = f"/customers/{customer['id']}/consents"
    said = {"channel": "email", "purpose": "marketing", "consent": "granted"}

    assert await program.refused("POST", path, said) == (422, "proof_missing")
    await program.post(path, {**said, "proof": "Signed on paper, 3 May"})
    assert [row["consent"] for row in (await program.get(path))["items"]] == ["granted"]
