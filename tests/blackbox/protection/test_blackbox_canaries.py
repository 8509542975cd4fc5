"""Canaries: a secret that is put into every input of every kind of step, and echoed in every form, is nowhere to read.

One server of its own plays them all; what can be read of it, its log and its files are searched afterwards.
"""

import base64
import html
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import CARD, SCHEDULED, START, definition, graph, note, wait
from blackbox.harness.launcher import Server, new_folder
from blackbox.harness.sink import Sink
from blackbox.protection.read_commands import (
    OTHERS,
    READS,
    Objects,
    Printed,
    Sample,
    command_names,
    read_folder,
    read_server,
)
from looply.definition import STEP_TYPES
from looply.server.application import API_ROUTES

PIN = "CaNaRy <7>&\"'/x9 pin"
HOST = "CaNaRyHost.invalid"
NUMBER = 715_300_449_127
TINY = "q~7~q"
MARKS = ("canary", str(NUMBER), TINY)
BODY = {"pin": PIN, "host": HOST, "number": NUMBER, "tiny": TINY, "list": [PIN], "object": {PIN: PIN}, "open": "x"}
SECRET = [f"/output/{name}" for name in ("pin", "host", "number", "tiny", "list", "object")]
VALUES = [f"${{payload.output.{name}}}" for name in ("pin", "tiny", "object")]
READS_WITHOUT_CONTENT = {
    "getBlob": "it refuses every value of a secret path",
    "getBulk": "a bulk holds counts, and the filter that its caller wrote",
    "getBulkItems": "execution ids and codes",
    "getBulks": "as getBulk",
    "getScheduleCalendar": "instants of schedules",
    "getScheduleFires": "instants of one schedule",
    "watchHeads": "it sends the rows of getExecutionRows",
    "watchOrganization": "it sends the entries of watchExecution",
}
"""Reads of executions that are not searched, with the reason."""
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
    for part in ({"entity": f"A('{value}')"}, {"params": {"$filter": value}}, {"method": "POST", "body": {"a": value}}):
        yield "sapRequest", {**sap, "batch": [{"id": "p", "entity": "A", **part}]}
    yield "sapRequest", {**sap, "connection": value}
    yield "sapRequest", {"service_path": "/a", "system_id": value, "client": value}
    call = {"url": place["url"], "method": "POST"}
    for name in ("url", "method", "headers", "params", "body"):
        yield "operation", {"operation": "http.request", "input": {**call, name: value}}
    yield "operation", {"operation": "http.request", "connection": value, "input": call}
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
    choice = {"variable": value, "operator": "StringEquals"}
    yield "branchConditional", {**choice, "branches": [{"id": "b", "value": value}]}
    yield "branchConditional", {**choice, "operator": "NumericGreaterThan", "branches": [{"id": "b", "value": 1}]}
    for operator in ("StringEquals", "NumericGreaterThan"):
        condition = {"join": "simple", "variable": value, "operator": operator, "value": value}
        yield "advancedConditional", {"branches": [{"id": "b", "conditions": [condition]}]}
    yield "parallel", {"branches": [{"id": "b"}, {"id": "c"}]}
    yield "redirect", {"target": "n", "max_visits": 3}
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


def _flow(type_: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Returns a definition whose step `s` has the type and the settings."""
    step = {"id": "s", "type": type_, "settings": settings, "timeout": "PT5S"}
    steps, edges = [step], [(START["id"], "s")]
    secret = note("n", VALUES[0])
    if type_ == "forEach":
        steps.append({"id": "t", "type": "terminate", "settings": {"status": "FAILED"}})
        edges.append(("s", "t", "each"))
    elif type_ in ("branchConditional", "advancedConditional"):
        steps.append(secret)
        edges.append(("s", "n", "b"))
    elif type_ == "parallel":
        join = {"id": "j", "type": "join", "settings": {"of": "s"}}
        failing = {"id": "m", "type": "delay", "settings": {"for": VALUES[0]}}
        steps += [secret, failing, join]
        edges += [("s", "n", "b"), ("s", "m", "c"), ("n", "j"), ("m", "j")]
    elif type_ == "redirect":
        steps.append(secret)
        edges = [(START["id"], "n"), ("n", "s")]
    flow = graph(steps, *edges)
    flow["workflow_steps"][0] = {**START, "secret": SECRET}
    return flow


class Story:
    """What the stopped server left: all that was read of it, its log and its files."""

    def __init__(self, played: "Played", log: str, folder: Path, sent: str) -> None:
        self.reads, self.codes, self.types, self.letter = played.reads, played.codes, played.types, played.letter
        self.printed = played.printed
        self.log, self.folder, self.sent = log, folder, sent


class Played:
    """What the server answered: the reads by the name of their call, and the types of steps that were visited."""

    def __init__(self) -> None:
        self.reads: list[tuple[str, str]] = []
        self.codes: set[str] = set()
        self.types: set[str] = set()
        self.letter: dict[str, Any] = {}
        self.workflow_id = ""
        self.samples: dict[str, Sample] = {}
        self.printed: list[Printed] = []


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("canaries") / "data"
    made = new_folder(folder)
    server = Server(folder, [f"127.0.0.1:{sink.port}"], LOOPLY_LOG_LEVEL="debug").start()
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            played = _play(org := Organization(client, **made), sink)
            objects = _objects(org, played)
        played.printed += read_server(server.address, org.key, objects)
        assert server.stop() == 0
        played.printed += read_folder(folder, objects)
        yield Story(played, server.log_text(), folder, json.dumps(sink.lines("/canary/")))
    finally:
        server.close()


def _play(org: Organization, sink: Sink) -> Played:
    sink.script("/canary/echo", {"body": {"whole": NUMBER, "in": [f"it was {echo}!" for echo in ECHOES]}})
    sink.script("/canary/tiny", {"body": {"whole": [TINY, TINY.upper(), quote(TINY)]}})
    for name, kind, settings, secrets in (
        ("API", "http", {"base_url": sink.address}, {}),
        ("S4", "sap", {"base_url": sink.address, "user": "looply"}, {"password": "p"}),
        ("MAIL", "smtp", {"host": "127.0.0.1", "port": 2525, "tls": "none", "from": "a@example.com"}, {}),
    ):
        made = org.post("createConnection", {"name": name, "kind": kind, "settings": settings, "secrets": secrets})
        assert made.status_code == 200, made.text
    played, running, kinds = Played(), [], []
    for type_, settings in _cases(sink.address):
        flow = _flow(type_, settings)
        created = org.post("createWorkflow", {"definition": flow}).json()
        workflow_id = created["item"]["workflow_id"]
        if created.get("findings", {}).get("errors"):
            continue
        if org.post("activateWorkflow", {"workflow_id": workflow_id, "workflow_version": 1}).status_code != 200:
            continue
        played.types |= {step["type"] for step in flow["workflow_steps"]}
        running.append((workflow_id, org.trigger(workflow_id, BODY)))
        kinds.append(type_)
    assert org.post(f"triggerworkflow/{running[0][0]}", BODY, query={"test": "true"}).status_code == 200
    assert len(running) > 150
    played.workflow_id = running[0][0]
    running.append(_play_letter(org))
    played.types.add("wait")
    for kind, (workflow_id, execution_id) in zip((*kinds, "letter"), running, strict=True):
        item = org.until(workflow_id, execution_id)
        codes = {incident["code"] for incident in item["workflow_incidents"]}
        played.codes |= codes
        events = item["workflow_event_log"]["events"]
        for name in (kind, *codes):
            played.samples.setdefault(name, Sample(execution_id, item["status"], events[-1]["seq"]))
    for name, answer in _reads(org, running):
        assert answer.status_code == 200, f"{name}: {answer.text}"
        played.reads.append((name, answer.text))
        if name == "getLetter":
            played.letter = answer.json()["item"]
    return played


def _objects(org: Organization, played: Played) -> Objects:
    """Makes what commands show beside executions, and returns what they are asked for."""
    profile = {"workflow_id": played.workflow_id, "name": "dev", "values": {"a": 1}}
    assert org.post("createProfile", profile).status_code == 200
    samples = list(dict.fromkeys(played.samples.values()))
    bulk = org.post("bulkTerminate", {"workflow_execution_id": [samples[0].execution_id], "reason": "over"})
    assert bulk.status_code == 200, bulk.text
    bulk_id = bulk.json()["item"]["bulk_id"]
    return Objects(played.workflow_id, org.create(SCHEDULED), bulk_id, played.letter["letter_id"], samples)


def _play_letter(org: Organization) -> tuple[str, str]:
    """Leaves a letter: a resume with secrets that comes early, and that no step uses."""
    late = {"id": "late", "type": "delay", "settings": {"for": "PT3S"}}
    rule = {"variable": "${payload.output.open}", "operator": "StringEquals", "value": "another"}
    choice = {"id": "choice", "type": "conditional", "settings": {"rules": [rule]}}
    flow = definition(late, choice, {**wait(), "secret": ["/output"]})
    flow["workflow_steps"][0] = {**START, "secret": SECRET}
    flow["workflow_connections"][-1]["branch"] = "yes"
    workflow_id = org.create(flow)
    execution_id = org.trigger(workflow_id, BODY)
    kept = org.resume(execution_id, "SAP", **BODY)
    assert kept.json().get("buffered") is True, kept.text
    org.until(workflow_id, execution_id, "COMPLETED")
    return workflow_id, execution_id


def _reads(org: Organization, running: list[tuple[str, str]]) -> Iterator[tuple[str, httpx2.Response]]:
    def get(name: str, /, **query: Any) -> tuple[str, httpx2.Response]:
        return name, org.get(name, **query)

    for workflow_id, execution_id in running:
        of_execution = {"workflow_execution_id": execution_id}
        item = org.item(workflow_id, execution_id)
        yield get("getWorkflowExecutionById", workflow_id=workflow_id, **of_execution)
        yield get("getWorkflowExecutionHistory", workflow_id=workflow_id)
        yield get("explainExecution", **of_execution)
        yield get("getExecutionLog", **of_execution)
        yield get("getDecisions", **of_execution)
        for entry in item["workflow_event_log"]["events"]:
            yield get("getEventData", seq=entry["seq"], **of_execution)
        yield get("getExecutionAt", seq=item["workflow_event_log"]["events"][-1]["seq"], **of_execution)
        yield "watchExecution", _watch(org, execution_id, len(item["workflow_event_log"]["events"]))
    for name in ("getWorkflowById", "getWorkflowSchemaById"):
        yield get(name, workflow_id=running[0][0], workflow_version=1)
    for name in ("getOrganizationExecutions", "getExecutionRows", "getIncidents", "getOpenCards"):
        yield from ((name, page) for page in _pages(org, name))
    for name in ("getOrganizationDecisions", "getAudit"):
        yield from ((name, page) for page in _pages(org, name))
    yield get("searchExecutions", process_id="*", limit=30)
    yield get("getIncidentGroups")
    yield get("getCounts")
    yield get("getTargets")
    now = int(time.time() * 1000)
    yield get("getStatistics", **{"from": now - 3_600_000, "to": now})
    for store in org.get("getDatastores").json()["items"]:
        yield get("getDatastore", name=store["name"])
    assert org.post("putDatastore", {"name": "own", "value": {"a": 1}}).status_code == 200
    yield get("getDatastore", name="own")
    letters = get("getLetters", limit=30)
    yield letters
    for letter in letters[1].json()["items"]:
        yield get("getLetter", letter_id=letter["letter_id"])


def _watch(org: Organization, execution_id: str, count: int) -> httpx2.Response:
    """Returns the first events of a stream, which ends only with its execution."""
    headers, lines = {"x-api-key": org.key}, []
    path = f"/v2/workflows/watchExecution?workflow_execution_id={execution_id}"
    with org.client.stream("GET", path, headers=headers) as stream:
        for line in stream.iter_lines():
            lines.append(line)
            if sum(each.startswith("data:") for each in lines) == count:
                break
        return httpx2.Response(stream.status_code, text="\n".join(lines))


def _pages(org: Organization, name: str) -> Iterator[httpx2.Response]:
    """Yields all pages of a list."""
    key: dict[str, Any] | None = {}
    while key is not None:
        answer = org.get(name, **key, limit=30)
        yield answer
        key = answer.json().get("lastKey")


def test_the_canaries_were_really_sent_and_refused(story: Story) -> None:
    assert "CaNaRy" in story.sent
    assert str(NUMBER) in story.sent
    assert {"BAD_INPUT", "EXPRESSION", "SECRET_IN_CARD", "SECRET_IN_DATASTORE"} <= story.codes
    assert TINY in story.sent
    assert any("***" in read for _, read in story.reads)
    assert story.letter["payload"] == "***"


def test_steps_of_every_type_were_visited(story: Story) -> None:
    assert story.types == STEP_TYPES.keys()


def test_every_read_of_executions_is_searched(story: Story) -> None:
    reads = {
        route.path.rpartition("/")[2]
        for route in API_ROUTES
        if route.method == "GET" and route.access in ("read.payloads", "read.executions")
    }
    searched = {name for name, _ in story.reads}
    assert reads - searched == READS_WITHOUT_CONTENT.keys()
    assert {"getWorkflowById", "getWorkflowSchemaById", "getAudit"} <= searched


def test_no_read_shows_a_canary(story: Story) -> None:
    for _, read in story.reads:
        lower = read.replace("/canary/", "/").lower()
        for mark in MARKS:
            at = lower.find(mark)
            assert at < 0, lower[max(0, at - 300) : at + 100]


def test_every_command_that_reads_is_searched(story: Story) -> None:
    assert set(command_names()) == READS | OTHERS.keys()
    assert {command for command, _ in story.printed} == READS
    assert any("***" in text for command, text in story.printed if command == "execution show")


def test_no_command_prints_a_canary(story: Story) -> None:
    for command, text in story.printed:
        lower = text.replace("/canary/", "/").lower()
        for mark in MARKS:
            at = lower.find(mark)
            assert at < 0, f"{command}: {lower[max(0, at - 300) : at + 100]}"


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
