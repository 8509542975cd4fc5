"""A data folder with one object of every kind, and all reads of it, as the reference for damage."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from blackbox.harness.client import Organization, until_event
from blackbox.harness.definitions import (
    ASKING,
    CARD,
    CARDING,
    COMPUTING,
    SCHEDULED,
    TWO_WAITS,
    definition,
    graph,
    http,
    note,
    wait,
)
from blackbox.harness.launcher import Server, init
from blackbox.harness.sink import Sink

Answers = dict[str, tuple[int, Any]]
"""Status and body of each read, by its path with query."""

_V2 = "/v2/workflows"
_LISTS = ("getOrganizationWorkflows", "getSchedules", "getConnections", "getKeys", "getOpenCards")
_STATUSES = ("RUNNING", "WAITING", "COMPLETED", "FAILED", "TERMINATED")


class Reference(NamedTuple):
    """The files of a stopped server, byte for byte, and the answers to all reads while it ran."""

    files: dict[str, bytes]
    key: str
    answers: Answers

    def write(self, folder: Path) -> None:
        """Writes the files unchanged into a new folder."""
        folder.mkdir(mode=0o700)
        for name, content in self.files.items():
            (folder / name).touch(mode=0o600)
            (folder / name).write_bytes(content)


def delaying(span: str = "PT10H") -> dict[str, Any]:
    """Returns a workflow with a delay."""
    return definition({"id": "delay_1", "type": "delay", "settings": {"for": span}}, note(), name="Delaying")


def fill(org: Organization, sink: Sink) -> None:
    """Creates executions that ended, wait, sleep, failed and were terminated, and one catalog object of each kind."""
    url = sink.script("/reference/ok", {"body": {"order": "4711", "text": "x" * 400}})
    bad = sink.script("/reference/bad", {"status": 500})
    again = {"id": "again", "type": "redirect", "settings": {"target": "count", "max_visits": 60}}
    rule = {"variable": "${payload.output.count}", "operator": "NumericLessThan", "value": 50}
    more = {"id": "more", "type": "conditional", "settings": {"rules": [rule]}}
    count = note("count", "${add(coalesce(payload.output.count, 0), 1)}")
    looping = graph(
        [count, more, again, wait()],
        ("WorkflowStartState", "count"),
        ("count", "more"),
        ("more", "again", "yes"),
        ("more", "wait_1", "no"),
        name="Looping",
    )
    flows = {
        "computing": COMPUTING,
        "asking": ASKING,
        "two": TWO_WAITS,
        "carding": CARDING,
        "delaying": delaying(),
        "calling": definition(http(url, method="POST", body={"n": "${payload.output.n}"}), wait(), note(), name="Call"),
        "failing": definition(http(bad, fail_on=["5xx"]), name="Failing"),
        "looping": looping,
    }
    for name, flow in flows.items():
        workflow_id = org.create(flow)
        for number in range(3):
            body = {"n": number, "text": f"{name} {number} " * 40, "large": "y" * (30_000 if number == 1 else 10)}
            execution_id = org.trigger(workflow_id, body, process_id=f"{name}-{number}")
            if name == "delaying":
                until_event(org, workflow_id, execution_id, "STEP_STARTED")
            else:
                org.until(workflow_id, execution_id)
            if name in ("asking", "two", "calling", "looping") and number < 2:
                assert org.resume(execution_id, n=number).json()["message"] == "restarted"
                org.until(workflow_id, execution_id)
            if number == 2 and name in ("asking", "carding", "delaying"):
                assert org.terminate(execution_id, "not needed").status_code == 200
    org.create(SCHEDULED)
    _fill_catalog(org)


def _fill_catalog(org: Organization) -> None:
    profile = {"workflow_id": org.create(COMPUTING, is_active=False), "name": "blue", "values": {"color": "blue"}}
    settings = {"base_url": "https://shop.example", "auth": "bearer"}
    connection = {"name": "Shop", "kind": "http", "settings": settings, "secrets": {"token": "sesame"}}
    for name, body in (("createProfile", profile), ("createConnection", connection)):
        done = org.post(name, body)
        assert done.status_code == 200, done.text
    done = org.post("createCard", {"card_name": "Release", "card_payload": CARD})
    assert done.status_code == 200, done.text


def make_reference(folder: Path, sink: Sink, *, is_killed: bool) -> Reference:
    """Returns a filled folder after a clean stop, or after a kill."""
    made = init(folder)
    server = Server(folder, [f"127.0.0.1:{sink.port}"]).start()
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            org = Organization(client, **made)
            fill(org, sink)
            answers = read_all(client, made["api_key"])
            if is_killed:
                # The last change is in the log only: a checkpoint moves it a little later.
                workflow_id = org.create(COMPUTING)
                for number in range(5):
                    org.trigger(workflow_id, {"n": number})
        if is_killed:
            server.kill()
        else:
            assert server.stop() == 0
    finally:
        server.close()
    names = ("catalog.db", "executions.db", "executions.db-wal", "key", "executions.mark", "seal")
    files = {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}
    return Reference(files, made["api_key"], answers)


def paths(answers: Answers) -> Iterator[str]:
    """Yields the next path to read; each follows from the answers before it."""
    yield from (f"{_V2}/{name}" for name in _LISTS)
    yield "/v1/adaptive-cards/getOrganizationCards"
    page = f"{_V2}/getOrganizationExecutions?limit=30"
    rows: list[dict[str, Any]] = []
    for _ in range(10):
        yield page
        status, body = answers[page]
        if status != 200:
            break
        rows += body["items"]
        if "lastKey" not in body:
            break
        key = "&".join(f"{name}={value}" for name, value in body["lastKey"].items())
        page = f"{_V2}/getOrganizationExecutions?limit=30&{key}"
    for row in rows:
        workflow, execution = row["workflow_id"], row["workflow_execution_id"]
        yield f"{_V2}/getWorkflowExecutionById?workflow_id={workflow}&workflow_execution_id={execution}"
        yield f"{_V2}/searchExecutions?process_id={row['process_id']}"
    yield from (f"{_V2}/searchExecutions?limit=30&status={status}" for status in _STATUSES)
    yield f"{_V2}/searchExecutions?limit=30&process_id=ask*"
    for workflow in dict.fromkeys(row["workflow_id"] for row in rows):
        yield f"{_V2}/getWorkflowById?workflow_id={workflow}&workflow_version=1"
        yield f"{_V2}/getWorkflowExecutionHistory?workflow_id={workflow}&limit=30"
        yield f"{_V2}/exportWorkflow?workflow_id={workflow}&workflow_version=1"


def read_all(client: httpx2.Client, key: str) -> Answers:
    """Returns the answers to all reads of a server."""
    answers: Answers = {}
    for path in paths(answers):
        answers[path] = answer_of(client.get(path, headers={"x-api-key": key}))
    return answers


def answer_of(response: httpx2.Response) -> tuple[int, Any]:
    """Returns status and body, without the parts that differ in every answer."""
    body = json.loads(response.content) if response.content else None
    if isinstance(body, dict):
        body.pop("request_id", None)
        if "items" in body:
            for item in body["items"]:
                item.pop("last_used_on", None)
    return response.status_code, body
