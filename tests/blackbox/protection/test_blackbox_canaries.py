"""Canaries: a secret that is put into every input of every kind of step, and echoed in every form, is nowhere to read.

One server of its own plays them all; what can be read of it, its log and its files are searched afterwards.
"""

import base64
import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import CARD, START, graph
from blackbox.harness.launcher import Server, new_folder
from blackbox.harness.sink import Sink

PIN = "CaNaRy <7>&\"'/x9 pin"
HOST = "CaNaRyHost.invalid"
NUMBER = 715_300_449_127
TINY = "q~7~q"
MARKS = ("canary", str(NUMBER), TINY)
BODY = {"pin": PIN, "host": HOST, "number": NUMBER, "tiny": TINY, "list": [PIN], "object": {PIN: PIN}, "open": "x"}
SECRET = [f"/output/{name}" for name in ("pin", "host", "number", "tiny", "list", "object")]
VALUES = [f"${{payload.output.{name}}}" for name in ("pin", "tiny", "object")]
ECHOES = [
    PIN,
    PIN.lower(),
    PIN.upper(),
    html.escape(PIN),
    html.escape(PIN).replace("&#x27;", "&#39;"),
    json.dumps(PIN),
    quote(PIN),
    quote(PIN, safe=""),
    quote_plus(PIN),
    base64.b64encode(PIN.encode()).decode(),
    base64.urlsafe_b64encode(PIN.encode()).decode(),
    str(NUMBER),
]


def _settings_of_calls(value: str, address: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields an input of a call for each of its settings."""
    place = {"url": f"{address}/canary/{'tiny' if 'tiny' in value else 'echo'}", "method": "POST"}
    yield "httpRequest", {"url": f"{address}/canary/{value}"}
    yield "httpRequest", {"url": f"{address}/canary/echo?a={value}"}
    yield "httpRequest", {"url": value, "raw": True}
    yield "httpRequest", {"url": f"http://{value}/", "raw": True}
    yield "httpRequest", {"url": f"/{value}", "connection": "API"}
    yield "httpRequest", {"url": "/", "connection": value}
    yield "httpRequest", {**place, "method": value}
    yield "httpRequest", {**place, "headers": {"x-a": value}}
    yield "httpRequest", {**place, "headers": value}
    yield "httpRequest", {**place, "params": {"a": value}}
    yield "httpRequest", {**place, "params": value}
    yield "httpRequest", {**place, "auth": {"type": "bearer", "token": value}}
    yield "httpRequest", {**place, "auth": {"type": "basic", "user": value, "password": value}}
    yield "httpRequest", {**place, "auth": value}
    for kind in ("json", "urlencoded", "multipart", "xml", "raw"):
        yield "httpRequest", {**place, "body_type": kind, "body": value}
        yield "httpRequest", {**place, "body_type": kind, "body": {"a": value, "b": {"filename": value, "content": 1}}}
    yield "httpRequest", {**place, "body_type": value, "body": "x"}
    sap = {"connection": "S4", "service_path": "/canary/sap"}
    yield "sapRequest", {**sap, "service_path": f"/{value}"}
    yield "sapRequest", {**sap, "entity": f"A('{value}')"}
    yield "sapRequest", {**sap, "entity": f"A({value})"}
    yield "sapRequest", {**sap, "params": {"$filter": f"A eq '{value}'", "$top": value}}
    yield "sapRequest", {**sap, "params": {"sap-client": value}}
    yield "sapRequest", {**sap, "headers": {"x-a": value}, "method": "POST", "body": {"a": value}}
    yield "sapRequest", {**sap, "connection": value}
    yield "sapRequest", {"service_path": "/a", "system_id": value, "client": value}
    mail = {"connection": "MAIL", "to": "a@example.com", "subject": "s", "text": "t"}
    for name in mail:
        yield "email", {**mail, name: value}
    yield "email", {**mail, "cc": [value], "html": value}
    yield "function", {"language": "python", "code": "return [][len(input)]", "input": [value]}
    yield "function", {"language": "javascript", "code": "throw new Error(String(input))", "input": value}


def _settings_of_decisions(value: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the settings of steps that are decided without a call; each kind once for each of its settings."""
    yield "overridePayload", {"parameters": [{"name": "a", "value": f"x {value}"}]}
    yield "overridePayload", {"payload": {"a": value}}
    yield "delay", {"for": value}
    yield "delay", {"until": value}
    yield "wait", {"sources": ["SAP"], "timeout": value}
    yield "terminate", {"status": "FAILED", "reason": value}
    yield "forEach", {"items": value}
    yield "subworkflow", {"workflow_id": value}
    yield "conditional", {"rules": [{"variable": value, "operator": "StringEquals", "value": value}]}
    yield "adaptiveCard", {"recipients": [value], "card": CARD}
    yield "adaptiveCard", {"recipients": ["a@example.com"], "card": {**CARD, "fallbackText": value}}
    yield "approval", {"recipients": [value]}
    yield "approval", {"recipients": ["a@example.com"], "reminders": [value], "requester": value}
    for operation in ("get", "set", "merge"):
        beside = {} if operation == "get" else {"value": {"a": value}}
        yield "datastore", {"operation": operation, "name": value, **beside}
        yield "datastore", {"operation": operation, "name": "safe", "path": value, **beside}


def _cases(address: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for value in VALUES:
        yield from _settings_of_calls(value, address)
        yield from _settings_of_decisions(value)
    for value in ("${payload.output.number}", "${payload.output.list}"):
        yield "httpRequest", {"url": f"{address}/canary/echo", "method": "POST", "body": {"a": value}}
    yield "httpRequest", {"url": "http://${payload.output.host}/", "raw": True}
    yield "httpRequest", {"url": "http://${payload.output.host}:99999/", "raw": True}
    for function in ("int", "float", "json", "uriHost", "formatDateTime", "xPath", "xmlText", "base64ToString"):
        arguments = "payload.output.pin, '/a'" if function == "xPath" else "payload.output.pin"
        yield "overridePayload", {"parameters": [{"name": "a", "value": f"${{{function}({arguments})}}"}]}


class Story:
    """What the stopped server left: all that was read of it, its log and its files."""

    def __init__(self, reads: list[str], log: str, folder: Path, sent: str, codes: set[str]) -> None:
        self.reads, self.log, self.folder, self.sent, self.codes = reads, log, folder, sent, codes


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("canaries") / "data"
    made = new_folder(folder)
    server = Server(folder, [f"127.0.0.1:{sink.port}"], LOOPLY_LOG_LEVEL="debug").start()
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            reads, codes = _play(Organization(client, **made), sink)
        assert server.stop() == 0
        yield Story(reads, server.log_text(), folder, json.dumps(sink.lines("/canary/")), codes)
    finally:
        server.close()


def _play(org: Organization, sink: Sink) -> tuple[list[str], set[str]]:
    sink.script("/canary/echo", {"body": {"whole": NUMBER, "in": [f"it was {echo}!" for echo in ECHOES]}})
    sink.script("/canary/tiny", {"body": {"whole": [TINY, TINY.upper(), quote(TINY)]}})
    for name, kind, settings, secrets in (
        ("API", "http", {"base_url": sink.address}, {}),
        ("S4", "sap", {"base_url": sink.address, "user": "looply"}, {"password": "p"}),
        ("MAIL", "smtp", {"host": "127.0.0.1", "port": 2525, "tls": "none", "from": "a@example.com"}, {}),
    ):
        made = org.post("createConnection", {"name": name, "kind": kind, "settings": settings, "secrets": secrets})
        assert made.status_code == 200, made.text
    running = []
    for type_, settings in _cases(sink.address):
        flow = graph([{"id": "s", "type": type_, "settings": settings, "timeout": "PT5S"}], (START["id"], "s"))
        flow["workflow_steps"][0] = {**START, "secret": SECRET}
        if type_ == "forEach":
            flow["workflow_steps"].append({"id": "t", "type": "terminate", "settings": {"status": "FAILED"}})
            flow["workflow_connections"].append({"from": "s", "to": "t", "branch": "each"})
        created = org.post("createWorkflow", {"definition": flow}).json()
        workflow_id = created["item"]["workflow_id"]
        if created.get("findings", {}).get("errors"):
            continue
        if org.post("activateWorkflow", {"workflow_id": workflow_id, "workflow_version": 1}).status_code != 200:
            continue
        running.append((workflow_id, org.trigger(workflow_id, BODY)))
    assert org.post(f"triggerworkflow/{running[0][0]}", BODY, query={"test": "true"}).status_code == 200
    assert len(running) > 120
    codes = set()
    for workflow_id, execution_id in running:
        item = org.until(workflow_id, execution_id)
        codes |= {incident["code"] for incident in item["workflow_incidents"]}
    return [answer.text for answer in _reads(org, running)], codes


def _reads(org: Organization, running: list[tuple[str, str]]) -> Iterator[httpx2.Response]:
    for workflow_id, execution_id in running:
        yield org.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id)
        yield org.get("getWorkflowExecutionHistory", workflow_id=workflow_id)
    yield org.get("getWorkflowById", workflow_id=running[0][0], workflow_version=1)
    yield org.get("getOrganizationExecutions", limit=30)
    yield org.get("searchExecutions", process_id="*", limit=30)
    yield org.get("getIncidents", limit=30)
    yield org.get("getDeadLetters", limit=30)
    yield org.get("getOpenCards")


def test_the_canaries_were_really_sent_and_refused(story: Story) -> None:
    assert "CaNaRy" in story.sent
    assert str(NUMBER) in story.sent
    assert {"BAD_INPUT", "EXPRESSION", "SECRET_IN_CARD", "SECRET_IN_DATASTORE"} <= story.codes
    assert TINY in story.sent
    assert any("***" in read for read in story.reads)


def test_no_read_shows_a_canary(story: Story) -> None:
    for read in story.reads:
        lower = read.replace("/canary/", "/").lower()
        for mark in MARKS:
            at = lower.find(mark)
            assert at < 0, lower[max(0, at - 300) : at + 100]


def test_no_log_line_shows_a_canary(story: Story) -> None:
    lower = story.log.lower().replace("/canary/", "/")
    assert not any(mark in lower for mark in MARKS)


def test_no_file_holds_a_canary_in_clear(story: Story) -> None:
    files = [path for path in story.folder.rglob("*") if path.is_file()]
    assert len(files) >= 3
    for path in files:
        content = path.read_bytes().replace(b"/canary/", b"/").lower()
        for mark in MARKS:
            at = content.find(mark.encode())
            assert at < 0, f"{path.name}: {content[max(0, at - 300) : at + 100]!r}"
