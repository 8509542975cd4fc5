"""`testStep`: one step on sample data, on the data of an execution, and with its real call."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from server_kit import ASKING, START, Caller, definition, note_step, wait_step

from looply.definition.schemas.step_examples import EXAMPLES

DATA = {
    "payload": {
        "output": {
            "po": "1",
            "currency": "USD",
            "amount": 2000,
            "region": "N",
            "priority": "high",
            "items": [{"price": 2, "quantity": 3}],
            "lines": [1, 2],
            "manager": "m@example.com",
            "buyer": "b@example.com",
            "supplier": "S",
        }
    },
    "parallel_1": {"output": {"branches": {"stock": "ARRIVED", "price": "ARRIVED"}}},
}
STATES = {
    **dict.fromkeys(("httpRequest", "sapRequest", "operation", "function", "email", "datastore"), "NOT_SENT"),
    **dict.fromkeys(("conditional", "branchConditional", "advancedConditional"), "DONE"),
    **dict.fromkeys(("overridePayload", "join", "redirect", "terminate"), "DONE"),
    **dict.fromkeys(("adaptiveCard", "approval", "wait", "delay", "subworkflow"), "WAITS"),
    **dict.fromkeys(("parallel", "forEach"), "BEGINS"),
}


class System:
    """A system that answers every request, and what it was sent."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n"
        self.body = b'{"rate":1.5}'
        self.address = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0
        )
        self.requests.append(head + await reader.readexactly(length))
        writer.write(self.answer.replace(b"11", str(len(self.body)).encode()) + self.body)
        await writer.drain()
        writer.close()


@pytest_asyncio.fixture
async def system() -> AsyncIterator[System]:
    made = System()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()


async def attempt(mine: Caller, document: dict[str, Any], step_id: str, **body: Any) -> dict[str, Any]:
    answer = await mine.post("testStep", {"definition": document, "step_id": step_id, **body})
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


def calling(system: System, method: str = "GET", **settings: Any) -> dict[str, Any]:
    step = {"id": "call", "type": "httpRequest", "settings": {"method": method, "connection": "SYSTEM", **settings}}
    return definition(step, note_step())


async def connect(mine: Caller, system: System) -> None:
    body = {
        "name": "SYSTEM",
        "kind": "http",
        "settings": {"base_url": system.address, "auth": "bearer"},
        "secrets": {"token": "canary-token"},
    }
    assert (await mine.post("createConnection", body)).status_code == 200


@pytest.mark.parametrize("type_", STATES)
async def test_a_step_of_each_type_is_tried_also_while_others_have_errors(mine: Caller, type_: str) -> None:
    example = EXAMPLES[type_]
    others = [EXAMPLES[name] for name in ("parallel", "wait") if name != type_]
    document = {
        "workflow_name": "x",
        "workflow_steps": [START, example, *others, {"id": "broken", "type": "nothing"}],
        "workflow_connections": [],
    }
    item = await attempt(mine, document, str(example["id"]), data=DATA)
    assert (item["state"], item["error"]) == (STATES[type_], None)
    assert item["fuel"]["used"] >= 0


async def test_a_rule_shows_its_exit_and_an_expression_that_fails_its_error(mine: Caller) -> None:
    item = await attempt(mine, definition(EXAMPLES["conditional"]), "conditional_1", data=DATA)
    assert (item["exit"], item["output"]) == ("yes", {"branch": "yes"})
    failing = definition(note_step(value="${div(payload.output.amount, 0)}"))
    item = await attempt(mine, failing, "note_1", data=DATA)
    assert (item["state"], item["error"]["code"], item["exit"]) == ("FAILED", "EXPRESSION", "")
    endless = definition(note_step(value="${select(range(0, 1000), x => select(range(0, 1000), y => add(x, y)))}"))
    item = await attempt(mine, endless, "note_1", data=DATA)
    assert item["state"] == "FAILED"


async def test_a_step_with_errors_of_its_own_is_refused_with_them(mine: Caller) -> None:
    document = definition({"id": "delay_1", "type": "delay", "settings": {"for": "soon"}})
    answer = await mine.post("testStep", {"definition": document, "step_id": "delay_1"})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "/workflow_steps/1/settings/for")
    answer = await mine.post("testStep", {"definition": document, "step_id": "nowhere"})
    assert (answer.status_code, answer.json()["code"]) == (422, "NO_STEP")
    answer = await mine.post("testStep", {"definition": document, "step_id": "WorkflowStartState"})
    assert answer.json()["code"] == "NOT_TRIABLE"
    for body in (
        {"step_id": "a"},
        {"definition": {}, "step_id": "a", "data": {}, "from_execution": "x"},
        {"definition": document, "step_id": "delay_1", "data": {"delay_1": 3}},
    ):
        assert (await mine.post("testStep", body)).status_code in (400, 422)


async def test_the_item_of_a_body_is_that_of_the_sample_else_the_first_one(mine: Caller) -> None:
    loop = {"id": "loop", "type": "forEach", "settings": {"items": "${payload.output.lines}"}}
    document = {
        "workflow_name": "x",
        "workflow_steps": [START, loop, note_step("inner", "${item}/${index}")],
        "workflow_connections": [
            {"from": "WorkflowStartState", "to": "loop"},
            {"from": "loop", "to": "inner", "branch": "each"},
        ],
    }
    assert (await attempt(mine, document, "inner", data=DATA))["output"] == {"inner": "1/0"}
    given = {**DATA, "item": "z", "index": 7}
    assert (await attempt(mine, document, "inner", data=given))["output"] == {"inner": "z/7"}


async def test_the_document_of_an_execution_is_used_with_its_secrets_masked(mine: Caller) -> None:
    start = {**START, "secret": ["/output/token"]}
    document = {**ASKING, "workflow_steps": [start, wait_step(), note_step(value="${payload.output.token}")]}
    workflow_id = await mine.create(document)
    execution_id = await mine.trigger(workflow_id, {"token": "canary-secret", "po": 7})
    body = {"workflow_id": workflow_id, "step_id": "note_1", "from_execution": execution_id}
    answer = await mine.post("testStep", body)
    assert answer.status_code == 200, answer.text
    assert "canary" not in answer.text
    assert answer.json()["item"]["output"] == {"note_1": "***"}
    made = await mine.post("createKey", {"name": "author", "scopes": ["trigger"], "permissions": ["edit.drafts"]})
    author = Caller(mine.client, mine.organization_id, mine.workspace_id, made.json()["item"]["api_key"])
    refused = await author.post("testStep", body)
    assert (refused.status_code, refused.json()["permission"]) == (403, "read.payloads")


async def test_the_environment_is_that_of_the_profile(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    profile = {"workflow_id": workflow_id, "name": "prod", "values": {"url": "https://p"}}
    created = await mine.post("createProfile", profile)
    assert created.status_code == 200, created.text
    document = definition(note_step(value="${environment.url}"))
    item = await attempt(mine, document, "note_1", workflow_id=workflow_id, profile="prod")
    assert item["output"] == {"note_1": "https://p"}
    answer = await mine.post(
        "testStep", {"definition": document, "step_id": "note_1", "workflow_id": workflow_id, "profile": "none"}
    )
    assert answer.status_code == 404


async def test_a_call_is_not_sent_unless_it_is_asked_for(mine: Caller, system: System) -> None:
    await connect(mine, system)
    item = await attempt(mine, calling(system, url="/rates", params={"a": "${payload.output.po}"}), "call", data=DATA)
    assert (item["state"], item["operation"], item["repeat"]) == ("NOT_SENT", "http.request", "always")
    assert item["input"]["params"] == {"a": "1"}
    assert item["curl"] == f"curl -X GET '{system.address}/rates?a=1'"
    assert system.requests == []


async def test_a_real_call_shows_its_answer_is_audited_and_leaves_no_execution(mine: Caller, system: System) -> None:
    await connect(mine, system)
    item = await attempt(mine, calling(system, url="/rates"), "call", data=DATA, send=True)
    assert (item["state"], item["exit"], item["output"]["data"]) == ("DONE", "next", {"rate": 1.5})
    (request,) = system.requests
    assert b"canary-token" in request
    records = (await mine.get("getAudit", action="step.try")).json()["items"]
    assert [(each["details"]["operation"], each["details"]["connection_name"]) for each in records] == [
        ("http.request", "SYSTEM")
    ]
    assert (await mine.get("getOrganizationExecutions")).json()["count"] == 0


async def test_secrets_that_come_back_are_masked(mine: Caller, system: System) -> None:
    await connect(mine, system)
    system.body = b'{"you_sent":"canary-token"}'
    item = await attempt(mine, calling(system, url="/echo"), "call", data=DATA, send=True)
    assert item["output"]["data"] == {"you_sent": "***"}


async def test_a_call_that_may_not_be_repeated_needs_a_word(mine: Caller, system: System) -> None:
    await connect(mine, system)
    document = calling(system, "POST", url="/orders", body={"po": "${payload.output.po}"})
    body = {"definition": document, "step_id": "call", "data": DATA, "send": True}
    refused = await mine.post("testStep", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "NOT_REPEATABLE")
    assert system.requests == []
    sent = await mine.post("testStep", {**body, "i_know": True})
    assert (sent.json()["item"]["state"], sent.json()["item"]["repeat"]) == ("DONE", "never")
    assert b'{"po":"1"}' in system.requests[0]


async def test_a_call_that_fails_takes_the_exit_error_where_there_is_one(mine: Caller, system: System) -> None:
    await connect(mine, system)
    system.answer = b"HTTP/1.1 503 Busy\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n"
    document = calling(system, url="/rates", fail_on=["5xx"])
    document["workflow_steps"][1]["retry"] = {"max_attempts": 5}
    item = await attempt(mine, document, "call", send=True)
    assert (item["state"], item["exit"], item["error"]["status"]) == ("FAILED", "", "503")
    document["workflow_connections"].append({"from": "call", "to": "note_1", "branch": "error"})
    assert (await attempt(mine, document, "call", send=True))["exit"] == "error"
    assert len(system.requests) == 2


async def test_a_real_call_needs_its_own_permission(mine: Caller, system: System) -> None:
    made = await mine.post("createKey", {"name": "author", "scopes": ["read"], "permissions": ["edit.drafts"]})
    author = Caller(mine.client, mine.organization_id, mine.workspace_id, made.json()["item"]["api_key"])
    body = {"definition": calling(system, url="/x"), "step_id": "call", "send": True}
    refused = await author.post("testStep", body)
    assert (refused.status_code, refused.json()["permission"]) == (403, "test.call")
    assert (await author.post("testStep", {**body, "send": False})).status_code == 200


async def test_datastores_are_read_and_never_written(mine: Caller) -> None:
    put = {"name": "suppliers", "value": {"S": {"mail": "s@example.com"}}}
    assert (await mine.post("putDatastore", put)).status_code == 200
    settings = {"operation": "get", "name": "suppliers", "path": "/S"}
    read = definition({"id": "d", "type": "datastore", "settings": settings})
    item = await attempt(mine, read, "d", data=DATA)
    assert (item["state"], item["output"]["value"]) == ("DONE", {"mail": "s@example.com"})
    people = {"datastore": "suppliers", "path": "/S/mail"}
    asking = definition({"id": "a", "type": "approval", "settings": {"recipients": people}})
    item = await attempt(mine, asking, "a", data=DATA)
    assert (item["state"], item["input"]["recipients"]) == ("WAITS", ["s@example.com"])
    refused = await mine.post(
        "testStep",
        {"definition": definition(EXAMPLES["datastore"]), "step_id": "datastore_1", "data": DATA, "send": True},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "NOT_SENDABLE")


async def test_tokens_of_waits_are_not_shown(mine: Caller) -> None:
    step = {"id": "call", "type": "httpRequest", "settings": {"url": "https://x.example/${waits.wait_1}"}}
    item = await attempt(mine, definition(step, wait_step()), "call", data=DATA)
    assert item["input"]["url"] == "https://x.example/***"
