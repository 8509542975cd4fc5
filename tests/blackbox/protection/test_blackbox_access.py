"""Keys, scopes, and that no route can be reached past them (AUT-01 to AUT-08)."""

import time
from typing import Any

import httpx2
import pytest

from blackbox.harness.client import UNKNOWN_ID, Organization, parsed, raw, request_bytes
from blackbox.harness.definitions import ASKING, COMPUTING
from blackbox.harness.launcher import Server

PUBLIC = {"/healthz/live", "/healthz/ready", "/v2/inbox/{token}", "/v2/receive/{connection}/{receiver}"}
PUBLIC |= {"/openapi.json", "/docs", "/inbox/{token}", "/static/{path}"}
FORBIDDEN = {"message": "Forbidden"}
METHODS = ("get", "post", "put", "patch", "delete")


def described(client: httpx2.Client) -> list[tuple[str, str, dict[str, Any]]]:
    """Returns method, path and description of every operation of the API."""
    document = client.get("/openapi.json").json()
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def filled(path: str) -> str:
    for name in ("workflow_id", "process_id", "token"):
        path = path.replace(f"{{{name}}}", UNKNOWN_ID)
    return path.replace("{workflow_version}", "1")


def test_all_ten_endpoints_are_described(client: httpx2.Client) -> None:
    paths = {
        (method, path.lower().rpartition("/v2/workflows/")[2].partition("/")[0])
        for method, path, _ in described(client)
    }
    assert paths >= {
        ("POST", "triggerworkflow"),
        ("POST", "resumeworkflow"),
        ("POST", "terminateworkflow"),
        ("POST", "togglescheduledworkflow"),
        ("GET", "getworkflowexecutionbyid"),
        ("GET", "getworkflowexecutionhistory"),
        ("GET", "getorganizationexecutions"),
        ("GET", "getworkflowbyid"),
        ("GET", "getorganizationworkflows"),
        ("GET", "getworkflowschemabyid"),
    }


def test_every_route_without_a_key_is_403_with_one_body(client: httpx2.Client) -> None:
    found = 0
    for method, path, operation in described(client):
        if path in PUBLIC or operation.get("security") == []:
            continue
        found += 1
        for variant in (filled(path), filled(path).upper().replace(UNKNOWN_ID.upper(), UNKNOWN_ID)):
            answer = client.request(method, variant)
            if path.startswith("/v2/session/"):
                assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_IN_REQUIRED"), (method, variant)
                continue
            assert (answer.status_code, answer.json()) == (403, FORBIDDEN), (method, variant)
    assert found >= 40


KEYS = ["", " ", "x", "\u00e9".encode(), b"a\x00b", "lk_", "x" * 10_240, "null", "undefined", "Bearer x", "*", "%"]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: repr(key)[:20])
def test_a_wrong_key_is_403(client: httpx2.Client, key: Any) -> None:
    value = key if isinstance(key, bytes) else key.encode()
    host = str(client.base_url).removeprefix("http://").rstrip("/")
    data = b"GET /v2/workflows/getOrganizationExecutions HTTP/1.1\r\nhost: " + host.encode()
    answer = raw(f"http://{host}", data + b"\r\nconnection: close\r\nx-api-key: " + value + b"\r\n\r\n")
    status, _, body = parsed(answer)
    assert status in (403, 400)
    if status == 403:
        assert body == b'{"message":"Forbidden"}'


def test_a_key_with_one_part_wrong_is_403(org: Organization, other: Organization) -> None:
    mark, prefix, secret = org.key.split("_", 2)
    _, foreign_prefix, foreign_secret = other.key.split("_", 2)
    for key in (
        f"{mark}_{prefix}_{foreign_secret}",
        f"{mark}_{foreign_prefix}_{secret}",
        f"{mark}_{prefix}_{secret[:-1]}",
        f"{mark}_{prefix}_{secret}x",
        org.key.swapcase(),
        org.key.replace("lk_", ""),
    ):
        answer = org.client.get("/v2/workflows/getOrganizationExecutions", headers={"x-api-key": key})
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN), key


def test_a_key_in_another_place_is_403(org: Organization) -> None:
    path = "/v2/workflows/getOrganizationExecutions"
    for request in (
        org.client.build_request("GET", path, params={"x-api-key": org.key, "api_key": org.key}),
        org.client.build_request("GET", path, headers={"authorization": f"Bearer {org.key}"}),
        org.client.build_request("GET", path, headers={"cookie": f"x-api-key={org.key}"}),
        org.client.build_request("GET", path, headers={"x_api_key": org.key}),
        org.client.build_request(
            "POST", "/v2/workflows/createKey", json={"x-api-key": org.key, "name": "x", "scopes": ["read"]}
        ),
    ):
        answer = org.client.send(request)
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)
        assert org.key not in str(answer.headers)


def test_two_keys_are_403_in_both_orders_and_the_header_has_any_letter_case(org: Organization) -> None:
    path = "/v2/workflows/getOrganizationExecutions"
    for pair in ((org.key, "x"), ("x", org.key), (org.key, org.key)):
        answer = org.client.get(path, headers=[("x-api-key", each) for each in pair])
        assert answer.status_code in (400, 403)
    assert org.client.get(path, headers={"X-API-KEY": org.key}).status_code == 200


def test_a_revoked_key_is_refused_at_once(org: Organization) -> None:
    part = org.key_with("read")
    assert part.get("getOrganizationExecutions").status_code == 200
    listed = org.get("getKeys").json()["items"]
    key_id = next(item["key_id"] for item in listed if part.key.startswith(f"lk_{item['prefix'].removeprefix('lk_')}"))
    assert org.post("revokeKey", {"key_id": key_id}).json()["item"]["revoked_on"] > 0
    deadline = time.monotonic() + 5
    while part.get("getOrganizationExecutions").status_code != 403:
        assert time.monotonic() < deadline, "a revoked key still opens"
        time.sleep(0.1)
    assert part.get("getOrganizationExecutions").json() == FORBIDDEN
    assert org.post("revokeKey", {"key_id": UNKNOWN_ID}).status_code == 404


def key_that_was_used_in_its_time(org: Organization) -> Organization:
    """Returns a key that expires, the first whose time is long enough for a call on this machine."""
    for seconds in (1, 4, 16, 64):
        expires_on = int(time.time() * 1000) + 1000 * seconds
        made = org.post("createKey", {"name": "part", "scopes": ["read"], "expires_on": expires_on})
        if made.status_code == 200:
            part = Organization(org.client, org.organization_id, org.workspace_id, made.json()["item"]["api_key"])
            answer = part.get("getOrganizationExecutions")
            if time.time() * 1000 < expires_on:
                assert answer.status_code == 200, answer.text
                return part
    raise AssertionError("no call comes to its end within a minute")


def test_an_expired_key_is_403(org: Organization) -> None:
    part = key_that_was_used_in_its_time(org)
    deadline = time.monotonic() + 120
    while part.get("getOrganizationExecutions").status_code != 403:
        assert time.monotonic() < deadline, "an expired key still opens"
        time.sleep(0.1)
    past = {"name": "k", "scopes": ["read"], "expires_on": 1}
    assert org.post("createKey", past).status_code == 422


def test_a_key_s_text_is_shown_once(org: Organization) -> None:
    part = org.key_with("read", "trigger")
    answer = org.get("getKeys")
    assert part.key not in answer.text
    assert part.key.rpartition("_")[2] not in answer.text
    assert answer.json()["items"][0]["scopes"] == ["read", "trigger"]
    for scopes in ([], ["root"], ["read", "root"], "read"):
        assert org.post("createKey", {"name": "k", "scopes": scopes}).status_code in (400, 422)


def scopes_by_permission(org: Organization) -> dict[str, list[str]]:
    return {item["permission"]: item["scopes"] for item in org.get("getPermissions").json()["items"]}


def test_every_route_refuses_keys_without_its_permission(org: Organization, client: httpx2.Client) -> None:
    keys = {scope: org.key_with(scope) for scope in ("trigger", "read", "manage", "admin", "override")}
    scopes = scopes_by_permission(org)
    for method, path, operation in described(client):
        if path in PUBLIC or operation.get("security") == []:
            continue
        if path == "/metrics":
            # No key of an organization opens what belongs to who runs the process.
            opened = {client.get(path, headers={"x-api-key": part.key}).status_code for part in keys.values()}
            assert opened == {403}
            continue
        permission = operation["description"].rpartition("Permission `")[2].removesuffix("`.")
        for scope, part in keys.items():
            # A stream that cannot begin where it is asked to ends at once.
            headers = {"x-api-key": part.key, "last-event-id": "nowhere"}
            answer = client.request(method, filled(path), headers=headers)
            if scope in scopes[permission]:
                assert answer.status_code != 403, (method, path, scope)
            else:
                expected = {"message": "Forbidden", "code": "SCOPE", "permission": permission}
                assert (answer.status_code, answer.json()) == (403, expected), (method, path, scope)


SUFFIXES = ["x%2Fhealth", "x/health", "x/ready", "x/healthz/live", "x/configs", "x/metrics", "x/static/a.js", "x/login"]
SUFFIXES += [
    ";/healthz",
    "?x=/healthz/live",
    "x%00/openapi.json",
    "openapi.json",
    "docs",
    "healthz",
    "..%2f..%2fhealthz",
]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_ending_of_a_path_opens_a_route(server: Server, suffix: str) -> None:
    for name in ("resumeWorkflow", "terminateWorkflow", "triggerworkflow"):
        status, _, body = parsed(raw(server.address, request_bytes("POST", f"/v2/workflows/{name}/{suffix}")))
        if name == "terminateWorkflow" and status == 404:
            # With a slash or nothing behind it, this path is no route; what has no route may be 404 without a key.
            assert b'"NOT_FOUND"' in body
        else:
            assert (status, body) == (403, b'{"message":"Forbidden"}'), (name, suffix)


TARGETS = [
    "//v2/workflows/getOrganizationExecutions",
    "/v2/./workflows/getOrganizationExecutions",
    "/V2/workflows/getOrganizationExecutions",
    "/v2/workflows/../workflows/getOrganizationExecutions",
    "/healthz/../v2/workflows/getOrganizationExecutions",
    "/healthz/live/%2e%2e/%2e%2e/v2/workflows/getOrganizationExecutions",
    "/v2/%77orkflows/getOrganizationExecutions",
    "/v2/workflows/getOrganizationExecutions/",
    "/v2/workflows/getOrganizationExecutions//",
    "/v2/workflows/getOrganizationExecutions/x",
    "/v2/workflows/getOrganizationExecutions;x=1",
    "/v2/workflows/getOrganizationExecutions%00",
    "/v2/workflows/getOrganizationExecutions#/healthz/live",
    "/static/../v2/workflows/getOrganizationExecutions",
    "/static/%2e%2e/%2e%2e/settings.py",
    "/static/..%2f..%2fsettings.py",
    "/static//etc/passwd",
    "http://other/v2/workflows/getOrganizationExecutions",
    "*",
]


@pytest.mark.parametrize("target", TARGETS)
def test_no_spelling_of_a_path_reaches_a_handler_without_a_key(server: Server, target: str) -> None:
    status, _, body = parsed(raw(server.address, request_bytes("GET", target)))
    assert status in (400, 403, 404, 405), body
    assert b'"items"' not in body


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "CONNECT", "PROPFIND", "X"])
def test_no_method_reaches_a_handler_without_a_key(server: Server, method: str) -> None:
    for name in ("getOrganizationExecutions", f"resumeWorkflow/{UNKNOWN_ID}", "createKey"):
        answer = raw(server.address, request_bytes(method, f"/v2/workflows/{name}"))
        assert parsed(answer)[0] in (400, 403, 404, 405)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-original-url": "/healthz/live"},
        {"x-rewrite-url": "/healthz/live"},
        {"x-http-method-override": "GET"},
        {"x-forwarded-for": "127.0.0.1", "x-forwarded-host": "localhost", "forwarded": "for=127.0.0.1"},
        {"origin": "null"},
        {"x-organization-id": "x"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_no_header_stands_in_for_a_key(server: Server, headers: dict[str, str]) -> None:
    data = request_bytes("GET", "/v2/workflows/getOrganizationExecutions", headers)
    assert parsed(raw(server.address, data))[0] == 403


def test_a_method_override_does_not_change_what_a_call_does(org: Organization) -> None:
    workflow_id = org.create(ASKING)
    execution_id = org.trigger(workflow_id)
    org.until(workflow_id, execution_id, "WAITING")
    answer = org.client.get(
        f"/v2/workflows/terminateWorkflow/{execution_id}",
        headers={"x-api-key": org.key, "x-http-method-override": "POST"},
    )
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"


def test_the_caller_of_a_step_is_the_key_and_not_what_it_claims(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    answer = org.post(f"triggerworkflow/{workflow_id}", {"executor": "root"}, headers={"x-executor": "root"})
    item = org.item(workflow_id, answer.json()["looply_execution_id"])
    assert item["workflow_input_payload"]["executor"] not in ("root", "")
    assert org.key not in str(item)
