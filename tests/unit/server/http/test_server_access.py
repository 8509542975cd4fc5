"""Every route needs its permission, and nothing but the route decides that."""

from datetime import timedelta

import httpx2
import pytest
from server_kit import ASKING, COMPUTING, Caller

from looply.permissions import PERMISSIONS, SCOPES
from looply.server.http.boundary import Boundary
from looply.server.http.call import SESSION_PATH, Route
from looply.testing.clock import FakeClock

PUBLIC = {
    "GET /healthz/live",
    "GET /healthz/ready",
    "GET /openapi.json",
    "GET /docs",
    "GET /static/{path}",
    "GET /",
    "GET /app/{path}",
    "GET /card-frame",
    "GET /mail-frame",
    "GET /teams/inbox",
    "GET /teams/card-frame",
    "GET /inbox/{token}",
    "GET /v2/inbox/{token}",
    "POST /v2/inbox/{token}",
    "POST /v2/inboxCode/{token}",
    "POST /v2/receive/{connection}/{receiver}",
}
BEFORE_SIGN_IN = {
    "POST /v2/session/signIn",
    "POST /v2/session/readInvitation",
    "POST /v2/session/acceptInvitation",
    "POST /v2/session/requestReset",
    "POST /v2/session/readReset",
    "POST /v2/session/resetPassword",
    "GET /v2/session/start",
    "GET /v2/session/callback",
}
FORBIDDEN = {"message": "Forbidden"}
OUT_OF_SCOPE = {"message": "Forbidden", "code": "SCOPE"}
"""With the permission that is missing beside it."""


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def url_of(route: Route) -> str:
    path = route.path
    for name in route.path_values:
        path = path.replace(f"{{{name}}}", "01900000-0000-7000-8000-0000000000ff")
    return path


async def test_public_routes_are_exactly_those_of_the_list(app: Boundary) -> None:
    assert {name_of(route) for route in app.routes if route.access == "public"} == PUBLIC | BEFORE_SIGN_IN


async def test_every_permission_is_needed_by_a_call_and_every_call_declares_one(app: Boundary) -> None:
    needed = {route.access for route in app.routes} - {"public", "metrics"}
    assert needed <= PERMISSIONS.keys()
    # These are parts of calls that callers without them may make as well.
    assert needed == PERMISSIONS.keys() - {"decide.override", "test.call"}


async def test_every_route_without_a_key_is_forbidden_with_one_body(
    app: Boundary, client: httpx2.AsyncClient, clock: FakeClock
) -> None:
    for route in app.routes:
        if route.access == "public":
            continue
        clock.advance(timedelta(minutes=1))
        answer = await client.request(route.method, url_of(route))
        if route.path.startswith(SESSION_PATH):
            assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_IN_REQUIRED"), name_of(route)
        else:
            assert (answer.status_code, answer.json()) == (403, FORBIDDEN), name_of(route)


async def test_every_route_refuses_a_key_without_its_permission(app: Boundary, mine: Caller) -> None:
    for scope in SCOPES:
        caller = await mine.key_with(scope)
        for route in app.routes:
            if route.access == "public" or route.access in SCOPES[scope]:
                continue
            answer = await mine.client.request(route.method, url_of(route), headers=caller.headers())
            # A route about the whole process accepts no key of an organization.
            refusal = FORBIDDEN if route.access == "metrics" else {**OUT_OF_SCOPE, "permission": route.access}
            assert (answer.status_code, answer.json()) == (403, refusal), name_of(route)


async def test_every_route_accepts_a_key_with_its_permission(app: Boundary, mine: Caller) -> None:
    for scope in SCOPES:
        caller = await mine.key_with(scope)
        for route in app.routes:
            if route.access in SCOPES[scope]:
                # A stream that cannot begin where it is asked to ends at once.
                headers = {**caller.headers(), "last-event-id": "nowhere"}
                answer = await mine.client.request(route.method, url_of(route), headers=headers)
                assert answer.status_code != 403, name_of(route)


@pytest.mark.parametrize(
    "key", ["", " ", "x", "lk_", "x" * 10_000, "gr\u00fcn", "lk_aaaaaaaa_" + "A" * 43, "\x00", "lk_\u0130"]
)
async def test_a_wrong_key_is_forbidden_like_a_missing_one(client: httpx2.AsyncClient, mine: Caller, key: str) -> None:
    headers = [(b"x-api-key", key.encode("utf-8"))]
    for path in ("/v2/workflows/resumeWorkflow/x", "/v2/workflows/createKey"):
        answer = await client.post(path, headers=headers)
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


async def test_a_right_prefix_with_a_wrong_secret_is_forbidden_and_the_reverse(mine: Caller) -> None:
    mark, prefix, secret = mine.key.split("_", 2)
    for key in (f"{mark}_{prefix}_{secret[::-1]}", f"{mark}_aaaaaaaa_{secret}", mine.key + "x", mine.key[:-1]):
        answer = await mine.client.get("/v2/workflows/getKeys", headers={"x-api-key": key})
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


async def test_a_key_outside_of_its_header_is_ignored(mine: Caller) -> None:
    for extra in (
        {"authorization": f"Bearer {mine.key}"},
        {"cookie": f"x-api-key={mine.key}"},
        {"x_api_key": mine.key},
    ):
        answer = await mine.client.get(f"/v2/workflows/getKeys?x-api-key={mine.key}", headers=extra)
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


async def test_two_keys_are_forbidden_also_when_one_is_good(mine: Caller) -> None:
    for keys in ((mine.key, "bad"), ("bad", mine.key), (mine.key, mine.key)):
        headers = [("x-api-key", key) for key in keys]
        for method, path in (("GET", "getKeys"), ("POST", "resumeWorkflow/x")):
            answer = await mine.client.request(method, f"/v2/workflows/{path}", headers=headers)
            assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


async def test_the_name_of_the_header_has_no_letter_case(mine: Caller) -> None:
    answer = await mine.client.get("/v2/workflows/getKeys", headers={"X-API-KEY": mine.key})
    assert answer.status_code == 200


async def test_a_revoked_key_is_forbidden_at_once(mine: Caller) -> None:
    keys = (await mine.get("getKeys")).json()["items"]
    assert (await mine.post("revokeKey", {"key_id": keys[0]["key_id"]})).status_code == 200
    answer = await mine.get("getKeys")
    assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


@pytest.mark.parametrize(
    "name",
    [
        "health",
        "ready",
        "configs",
        "metrics",
        "login",
        "x%2Fhealth",
        "x/health",
        "static/a.js",
        "x;/healthz",
        "x?x=/health",
        "healthz/live",
        "%2e%2e%2f%2e%2e%2fhealthz/live",
        "openapi.json",
    ],
)
async def test_a_name_at_the_end_of_the_path_gives_no_access(client: httpx2.AsyncClient, name: str) -> None:
    answer = await client.post(f"/v2/workflows/resumeWorkflow/{name}")
    assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


@pytest.mark.parametrize(
    "path",
    [
        "//v2/workflows/getKeys",
        "/v2/./workflows/getKeys",
        "/v2//workflows/getKeys",
        "/v2/workflows/../workflows/getKeys",
        "/V2/Workflows/GETKEYS",
        "/v2/workflows/getKeys/",
        "/v2/workflows/%67etKeys",
        "/v2/workflows/getKeys/x",
    ],
)
async def test_another_spelling_of_a_path_gives_no_access(client: httpx2.AsyncClient, path: str) -> None:
    headers = {"x-original-url": "/healthz/live", "x-rewrite-url": "/healthz/live", "x-http-method-override": "GET"}
    answer = await client.get(path, headers=headers)
    assert answer.status_code in (403, 404)


async def test_a_method_override_is_ignored(mine: Caller) -> None:
    headers = mine.headers({"x-http-method-override": "GET"})
    assert (await mine.client.post("/v2/workflows/getKeys", headers=headers)).status_code == 405


async def test_every_other_method_is_405_with_what_is_allowed(app: Boundary, client: httpx2.AsyncClient) -> None:
    for route in app.routes:
        for method in ("OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"):
            answer = await client.request(method, url_of(route))
            assert answer.status_code == 405, name_of(route)
            assert route.method in answer.headers["allow"]
            assert (
                answer.json()["message"] == f"this address does not take {method}, expected {answer.headers['allow']}"
            )


async def test_head_is_a_get_without_its_body(mine: Caller) -> None:
    await mine.create(COMPUTING)
    answer = await mine.client.head("/v2/workflows/getOrganizationWorkflows", headers=mine.headers())
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0
    assert (await mine.client.head("/v2/workflows/getOrganizationWorkflows")).status_code == 403


async def test_path_names_match_in_any_letter_case_and_ids_do_not(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    await mine.trigger(workflow_id, process_id="Po-1")
    assert (await mine.post("/V2/WORKFLOWS/RESUMEWORKFLOW/po-1", {"payload": {"source": "SAP"}})).status_code == 404
    assert (await mine.post("/V2/WORKFLOWS/terminateworkflow/po-1")).status_code == 404
    assert (await mine.post("/V2/WORKFLOWS/RESUMEWORKFLOW/Po-1", {"payload": {"source": "SAP"}})).status_code == 200
    assert (await mine.get("/v2/workflows/GETORGANIZATIONWORKFLOWS")).status_code == 200


async def test_an_answer_does_not_depend_on_the_caller_before_it(mine: Caller, theirs: Caller) -> None:
    mine_id, their_id = await mine.create(COMPUTING), await theirs.create(COMPUTING)
    for _ in range(20):
        for caller, workflow_id in ((mine, mine_id), (theirs, their_id)):
            page = await caller.get("getOrganizationWorkflows")
            assert [item["workflow_id"] for item in page.json()["items"]] == [workflow_id]
            assert page.headers["cache-control"] == "no-store"
