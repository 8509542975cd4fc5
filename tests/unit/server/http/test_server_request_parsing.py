"""Parsing of requests: bodies, content types, JSON; and the common properties of every answer."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from server_kit import ASKING, CARDING, COMPUTING, Caller, ScriptedShell, definition, note_step

from kit.calls import calls_within
from looply.errors import LooplyError, Overloaded, StoreCorrupt, StoreFull, StoreLost
from looply.limits import DEFAULT_LIMITS, Limits
from looply.permissions import FOR_KEYS
from looply.sealing import SealBroken
from looply.server.http.boundary import Boundary
from looply.server.http.request_parsing import read_json

LIMIT = DEFAULT_LIMITS.body_bytes
FINDING = {"path", "message", "hint", "code", "hint_code", "values"}


async def chunks(size: int, piece: int = 65_536) -> AsyncIterator[bytes]:
    yield b'"'
    for _ in range(size // piece):
        yield b"x" * piece
    yield b'"'


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
async def test_json_in_utf_8_is_accepted(mine: Caller, content_type: str) -> None:
    workflow_id = await mine.create(COMPUTING)
    headers = {"content-type": content_type}
    answer = await mine.post(f"triggerworkflow/{workflow_id}", content=b"{}", headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "text/plain; charset=iso-8859-1",
        "text/plain, application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "json",
        "application/json; charset=utf-16",
        "application/json, text/html",
        "application/jsonp",
        "",
    ],
)
@pytest.mark.parametrize("path", ["triggerworkflow/{id}", "createWorkflow"])
async def test_any_other_content_type_is_415(mine: Caller, path: str, content_type: str) -> None:
    path = path.format(id=await mine.create(COMPUTING))
    answer = await mine.post(path, content=b"{}", headers={"content-type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


OF_THE_REFERENCE = {
    "/v2/workflows/triggerworkflow/{workflow_id}",
    "/v2/workflows/triggerworkflow/{workflow_id}/{workflow_version}",
    "/v2/workflows/resumeWorkflow/{process_id}",
    "/v2/workflows/terminateWorkflow/{process_id}",
    "/v2/workflows/toggleScheduledWorkflow",
    "/v1/workflows/triggerworkflow/{workflow_id}",
    "/v1/workflows/triggerworkflow/{workflow_id}/{workflow_version}",
    "/v1/workflows/resumeworkflow/{process_id}",
    "/v1/workflows/toggleScheduledWorkflow",
}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/json", "text/plain;charset=UTF-8", 'Text/JSON; charset="utf-8"']
)
async def test_json_declared_as_text_is_accepted_only_on_the_endpoints_of_the_reference(
    app: Boundary, mine: Caller, content_type: str
) -> None:
    taken = set()
    for route in app.routes:
        if route.body is None or route.access not in FOR_KEYS:
            continue
        path = route.path.format(workflow_id="x", workflow_version="1", process_id="unknown")
        answer = await mine.post(path, content=b"{}", headers={"content-type": content_type})
        assert answer.status_code < 500
        if answer.status_code != 415:
            taken.add(route.path)
    assert taken == OF_THE_REFERENCE


async def test_a_body_declared_as_text_must_be_json(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    path, headers = f"triggerworkflow/{workflow_id}", {"content-type": "text/plain"}
    taken = await mine.post(path, content=b'{"po": 7}', headers=headers)
    shown = await mine.item(workflow_id, taken.json()["looply_execution_id"])
    assert shown["workflow_input_payload"]["po"] == 7
    assert (await mine.post(path, content=b"po=7", headers=headers)).json()["code"] == "MALFORMED_JSON"


@pytest.mark.parametrize(
    ("content_type", "content"),
    [("application/x-www-form-urlencoded", b"po=7"), ("multipart/form-data; boundary=x", b"--x--")],
)
@pytest.mark.parametrize("path", ["triggerworkflow/{id}", "createWorkflow", "/v2/inbox/{token}"])
async def test_a_form_is_refused_with_instructions_how_to_send_it(
    mine: Caller, path: str, content_type: str, content: bytes
) -> None:
    await mine.trigger(await mine.create(CARDING))
    token = (await mine.get("getOpenCards")).json()["items"][0]["token"]
    path = path.format(id=await mine.create(COMPUTING), token=token)
    answer = await mine.post(path, content=content, headers={"content-type": content_type})
    assert answer.status_code == 415
    assert "is a form" in answer.json()["message"]
    assert "-H 'Content-Type: application/json'" in answer.json()["message"]


@pytest.mark.parametrize(("count", "is_beside"), [(10, False), (10_000, True)])
async def test_a_large_body_is_parsed_beside_the_loop(count: int, *, is_beside: bool) -> None:
    sent = [{"n": number} for number in range(count)]
    text = json.dumps(sent).encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": text}

    with calls_within("looply.jsontext") as calls:
        assert await read_json({"headers": []}, receive, DEFAULT_LIMITS) == (sent, len(text))
    assert {calls["check_values"], calls["parse_json"]} == {0 if is_beside else 1}


async def test_two_content_types_are_415(mine: Caller) -> None:
    headers = [("x-api-key", mine.key), ("content-type", "application/json"), ("content-type", "application/json")]
    answer = await mine.client.post("/v2/workflows/createWorkflow", content=b"{}", headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, identity"])
async def test_a_compressed_body_is_415(mine: Caller, encoding: str) -> None:
    workflow_id = await mine.create(COMPUTING)
    headers = {"content-encoding": encoding}
    assert (await mine.post(f"triggerworkflow/{workflow_id}", content=b"{}", headers=headers)).status_code == 415


async def test_the_body_limit_is_exact_with_a_declared_length(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    fits = b'"' + b"x" * (LIMIT - 2) + b'"'
    assert (await mine.post(f"triggerworkflow/{workflow_id}", content=fits)).status_code == 200
    answer = await mine.post(f"triggerworkflow/{workflow_id}", content=fits + b" ")
    assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")


async def test_a_chunked_body_over_the_limit_is_read_no_further(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b"x" * 65_536

    path = f"/v2/workflows/triggerworkflow/{workflow_id}"
    answer = await mine.client.post(path, content=endless(), headers=mine.headers())
    assert answer.status_code == 413
    assert sent <= LIMIT + 2 * 65_536


async def test_a_chunked_body_within_the_limit_is_accepted(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    path = f"/v2/workflows/triggerworkflow/{workflow_id}"
    answer = await mine.client.post(path, content=chunks(131_072), headers=mine.headers())
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":1,"a":2}',
        b'{"x":{"a":1,"a":2}}',
        b"NaN",
        b"-Infinity",
        b"1e400",
        b"1" * 65,
        b'{"a":1} x',
        b"{}{}",
        b"[" * 201 + b"]" * 201,
        b"[" * 99_999,
        b'"\xff"',
        b'"\\ud800"',
        b'{"a":}',
        b"\xff\xfe{\x00}\x00",
        b"{'a':1}",
    ],
)
async def test_a_body_that_is_not_strict_json_is_400(mine: Caller, content: bytes) -> None:
    workflow_id = await mine.create(COMPUTING)
    answer = await mine.post(f"triggerworkflow/{workflow_id}", content=content)
    assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED_JSON")


async def test_integers_and_texts_are_returned_unchanged(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    body = {"big": 2**53 + 1, "bigger": 2**64, "biggest": 10**63, "nul": "\u0000", "line": "\u2028", "__proto__": 1}
    execution_id = await mine.trigger(workflow_id, body)
    shown = (await mine.item(workflow_id, execution_id))["workflow_input_payload"]
    assert {name: shown[name] for name in body} == body


async def test_the_body_of_a_get_is_ignored(mine: Caller) -> None:
    answer = await mine.client.request(
        "GET", "/v2/workflows/getKeys", content=b"{not json", headers=mine.headers({"content-type": "text/plain"})
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("body", [[], "x", 1, None])
async def test_a_management_body_that_is_no_object_is_400(mine: Caller, body: Any) -> None:
    answer = await mine.client.post("/v2/workflows/createKey", json=body, headers=mine.headers())
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_BODY")


async def test_an_unknown_field_of_a_management_body_is_refused_with_a_hint(mine: Caller) -> None:
    answer = await mine.post("createKey", {"nane": "x", "name": "y", "scopes": ["read"]})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"path": "", "message": "object contains unknown field `nane`", "hint": "did you mean 'name'?"}
    ]
    for extra in ("organization_id", "created_by", "is_admin", "role"):
        answer = await mine.post("createKey", {"name": "y", "scopes": ["read"], extra: "x"})
        assert answer.status_code == 400


async def test_a_missing_or_wrong_field_is_named_by_its_pointer(mine: Caller) -> None:
    missing = (await mine.post("createKey", {"scopes": ["read"]})).json()
    wrong = (await mine.post("createKey", {"name": "x", "scopes": ["read", 7]})).json()
    assert missing["errors"][0]["path"] == "/name"
    assert wrong["errors"][0]["path"] == "/scopes/1"


async def test_an_error_does_not_quote_the_whole_request(mine: Caller) -> None:
    for body in ({"action": "x" * 70_000}, {"x" * 70_000: 1}):
        answer = await mine.post("settleLetter", {"letter_id": "a", "action": "apply", **body})
        assert answer.status_code == 400
        assert len(answer.content) < 2000


@pytest.mark.parametrize(
    "name",
    ["getLetters?process_id", "getOpenCards?recipient", "getDatastores?name", "searchExecutions?term", "getBulks?%00"],
)
async def test_a_query_with_a_character_0_is_400(mine: Caller, name: str) -> None:
    answer = await mine.get(f"/v2/workflows/{name}=a%00")
    assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED_QUERY")


async def test_a_query_that_is_not_utf_8_is_400(mine: Caller) -> None:
    assert (await mine.get("searchExecutions?process_id=%ff")).status_code == 400


async def test_an_error_has_the_format_of_the_contract(mine: Caller) -> None:
    answer = await mine.post("createWorkflow", {"definition": {}})
    body = answer.json()
    assert answer.status_code == 422
    assert set(body) == {"message", "code", "errors", "request_id"}
    assert body["code"] == "INVALID_DEFINITION"
    assert all({"path", "message"} <= set(error) <= FINDING for error in body["errors"])
    assert all(error["message"] for error in body["errors"])
    assert body["request_id"] == answer.headers["x-request-id"]


async def test_every_answer_has_a_request_id_of_its_own_and_is_not_stored(mine: Caller) -> None:
    answers = [
        await mine.get("getKeys"),
        await mine.get("/nowhere"),
        await mine.client.get("/v2/workflows/getKeys"),
        await mine.post("resumeWorkflow/x", {"payload": {"source": "SAP"}}),
        await mine.client.put("/v2/workflows/getKeys"),
        await mine.get("/healthz/live"),
    ]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"] == "application/json"


async def test_a_request_id_of_the_caller_is_ignored(mine: Caller) -> None:
    answer = await mine.client.get("/healthz/live", headers={"x-request-id": "mine\r\nx: y"})
    assert "mine" not in answer.headers["x-request-id"]


async def test_an_unknown_path_is_404_with_or_without_a_key(mine: Caller) -> None:
    for headers in (None, mine.headers()):
        answer = await mine.client.get("/v2/workflows/getNothing", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("name", ["getInsights", "createUser"])
async def test_calls_of_later_releases_are_404(mine: Caller, name: str) -> None:
    assert (await mine.post(name, {})).status_code == 404


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Overloaded("full"), (429, "OVERLOADED", "1")),
        (StoreFull("full"), (503, "STORE_FULL", "5")),
        (StoreLost("lost"), (503, "OUTCOME_UNKNOWN", "5")),
    ],
)
async def test_a_retryable_error_has_a_retry_after(
    mine: Caller, shell: ScriptedShell, error: Exception, expected: tuple[int, str, str]
) -> None:
    workflow_id = await mine.create(COMPUTING)

    shell.start_error = error
    answer = await mine.post(f"triggerworkflow/{workflow_id}")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == expected


@pytest.mark.parametrize("error", [SealBroken("another key"), StoreCorrupt("damaged")])
async def test_an_error_that_only_an_operator_can_resolve_has_no_retry_after(
    mine: Caller, shell: ScriptedShell, error: LooplyError
) -> None:
    workflow_id = await mine.create(COMPUTING)

    shell.start_error = error
    answer = await mine.post(f"triggerworkflow/{workflow_id}")
    assert (answer.status_code, answer.json()["code"]) == (503, error.code)
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("path", ["triggerworkflow/{id}", "rerunExecution"])
async def test_an_unexpected_error_is_a_500_that_discloses_only_its_request_id(
    mine: Caller, shell: ScriptedShell, path: str
) -> None:
    workflow_id = await mine.create(COMPUTING)
    execution_id = await mine.trigger(workflow_id)

    shell.start_error = RuntimeError("inside: secret text")
    body = {"workflow_execution_id": execution_id}
    answer = await mine.post(path.format(id=workflow_id), body)
    assert answer.status_code == 500
    assert answer.json() == {
        "message": "the server failed by a defect of its own; give its operator the request id, "
        "by which its log has the details",
        "code": "INTERNAL",
        "errors": [],
        "request_id": answer.headers["x-request-id"],
    }


async def test_a_caller_that_disconnects_starts_nothing(mine: Caller, app: Boundary) -> None:
    workflow_id = await mine.create(COMPUTING)
    messages = [{"type": "http.request", "body": b'{"a"', "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/v2/workflows/triggerworkflow/{workflow_id}",
        "query_string": b"",
        "headers": [(b"x-api-key", mine.key.encode())],
    }
    await app(scope, receive, send)
    assert sent == []
    assert (await mine.get("getOrganizationExecutions")).json()["count"] == 0


async def test_a_websocket_is_refused_before_anything_else(app: Boundary) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "websocket", "path": "/v2/workflows/getKeys"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_the_life_span_protocol_is_answered(app: Boundary) -> None:
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_an_unexpected_error_after_the_answer_has_begun_closes_the_connection(app: Boundary) -> None:
    sent: list[str] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if message["type"] == "http.response.body":
            raise RuntimeError("in the middle")

    scope = {"type": "http", "method": "GET", "path": "/nowhere", "query_string": b"", "headers": []}
    with pytest.raises(RuntimeError, match="in the middle"):
        await app(scope, receive, send)
    assert sent == ["http.response.start", "http.response.body"]


async def test_secret_texts_of_a_workflow_never_reach_an_answer(mine: Caller) -> None:
    step = {
        "id": "httpRequest_1",
        "type": "httpRequest",
        "settings": {"method": "GET", "url": "https://x.example", "headers": {"authorization": "canary-1"}},
        "secret": ["/headers/authorization"],
    }
    workflow_id = await mine.create(definition(step, note_step()))
    execution_id = await mine.trigger(workflow_id)
    read = await mine.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id)
    item = read.json()["item"]
    item.pop("workflow_details")
    assert "canary-1" not in str(item)


@pytest.mark.parametrize("limits", [Limits(body_nodes=1000)], indirect=True)
async def test_a_body_of_too_many_values_is_refused_before_it_is_read(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    answer = await mine.post(f"triggerworkflow/{workflow_id}", {"lists": [[]] * 1000})
    assert (answer.status_code, answer.json()["code"]) == (400, "TOO_MANY_VALUES")
    assert answer.json()["message"] == "the body has more than 1000 values"
    assert (await mine.post(f"triggerworkflow/{workflow_id}", {"text": "[]," * 1000})).status_code == 200
