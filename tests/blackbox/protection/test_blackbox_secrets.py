"""Secrets: what goes out stays out of reads, logs and files; a server of its own, so that its files can be searched."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, graph, http, note, sap
from blackbox.harness.launcher import Server, new_folder
from blackbox.harness.sink import Sink

PASSWORD = "canary-password-7f3a"
TOKEN = "canary-token-91bc"
BODY_SECRET = "canary-body-55de"
ANSWER_SECRET = "canary-answer-a0c4"
ALL = (PASSWORD, TOKEN, BODY_SECRET, ANSWER_SECRET)


class Story(NamedTuple):
    """What was read of an execution full of secrets, and the folder that the stopped server left."""

    reads: str
    log: str
    folder: Path
    sent: str
    api_key: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("secrets") / "data"
    made = new_folder(folder)
    server = Server(folder, [f"127.0.0.1:{sink.port}"], LOOPLY_LOG_LEVEL="debug").start()
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            reads = _play(Organization(client, **made), sink)
        assert server.stop() == 0
        yield Story(reads, server.log_text(), folder, json.dumps(sink.lines("/secrets/")), made["api_key"])
    finally:
        server.close()


def _play(org: Organization, sink: Sink) -> str:
    """Lets an execution use every kind of secret, and returns everything that can be read of it."""
    echoed = {"echoed": [f"pin {BODY_SECRET}", ANSWER_SECRET, {ANSWER_SECRET: f"Bearer {ANSWER_SECRET}"}]}
    echo = sink.script("/secrets/echo", {"status": 500, "body": echoed, "headers": {"x-echoed": BODY_SECRET}})
    sink.script("/secrets/api", {"status": 401, "body": {"error": f"unknown token {TOKEN}"}})
    login = sink.script("/secrets/login", {"body": {"token": ANSWER_SECRET}, "headers": {"x-session": ANSWER_SECRET}})
    sink.script("/secrets/sap/Order('1')", {"status": 400, "body": {"error": f"wrong password {PASSWORD}"}})
    settings = {"base_url": sink.address, "user": "looply"}
    body = {"name": "S4", "kind": "sap", "settings": settings, "secrets": {"password": PASSWORD}}
    assert org.post("createConnection", body).status_code == 200
    api = {"base_url": sink.address, "auth": "bearer"}
    body = {"name": "API", "kind": "http", "settings": api, "secrets": {"token": TOKEN}}
    assert org.post("createConnection", body).status_code == 200
    steps = [
        http(login, "login", "POST", body={}, step={"secret": ["/output/data/token", "/output/headers/x-session"]}),
        note("copy", "Bearer ${login.output.data.token}"),
        http(
            echo,
            "use",
            "POST",
            headers={"x-token": "${login.output.data.token}", "x-copy": "${payload.output.copy}"},
            body={"pin": "${payload.output.pin}"},
        ),
        http("/secrets/api", "api", "GET", connection="API"),
        sap("order", service_path="/secrets/sap"),
        sap("fails", service_path="/secrets/sap", fail_on=["4xx"]),
    ]
    flow = definition(*steps)
    flow["workflow_steps"][0] = {**flow["workflow_steps"][0], "secret": ["/output/pin"]}
    workflow_id = org.create(flow)
    execution_id = org.trigger(workflow_id, {"pin": BODY_SECRET, "po": "1"})
    item = org.until(workflow_id, execution_id, "FAILED")
    assert item["workflow_incidents"][0]["state"] == "fails"
    answers = [
        org.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id),
        org.get("getOrganizationExecutions"),
        org.get("getWorkflowExecutionHistory", workflow_id=workflow_id),
        org.get("searchExecutions", process_id="*"),
        org.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1),
        org.get("exportWorkflow", workflow_id=workflow_id, workflow_version=1),
        org.get("getConnections"),
        org.get("getConnection", name="S4"),
        org.get("getKeys"),
    ]
    return "\n".join(answer.text for answer in answers)


def test_the_secrets_were_really_used(story: Story) -> None:
    assert all(secret in story.sent for secret in (TOKEN, BODY_SECRET, ANSWER_SECRET))
    # Basic authentication is base64.
    assert "Basic bG9vcGx5OmNhbmFyeS1wYXNzd29yZC03ZjNh" in story.sent


@pytest.mark.parametrize("secret", ALL)
def test_no_read_shows_a_secret(story: Story, secret: str) -> None:
    assert secret not in story.reads
    assert "***" in story.reads


@pytest.mark.parametrize("secret", [*ALL, "bG9vcGx5OmNhbmFyeS1wYXNzd29yZC03ZjNh"])
def test_no_log_line_at_debug_shows_a_secret(story: Story, secret: str) -> None:
    assert secret not in story.log
    assert story.api_key not in story.log


@pytest.mark.parametrize("secret", ALL)
def test_no_file_of_the_data_folder_holds_a_secret_in_clear(story: Story, secret: str) -> None:
    files = [path for path in story.folder.rglob("*") if path.is_file()]
    assert len(files) >= 3
    for path in files:
        assert secret.encode() not in path.read_bytes(), path.name


def test_no_file_holds_an_api_key_in_clear(story: Story) -> None:
    for path in story.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert story.api_key.encode() not in content, path.name
            assert story.api_key.split("_", 2)[2].encode() not in content, path.name


def test_the_data_folder_is_its_owner_s_only(story: Story) -> None:
    assert stat.S_IMODE(story.folder.stat().st_mode) == 0o700
    for path in story.folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


def test_every_log_line_is_one_json_object(story: Story) -> None:
    lines = [json.loads(line) for line in story.log.splitlines()]
    assert {"listening", "stopped"} <= {line["event"] for line in lines}


def test_a_card_does_not_show_what_is_secret(org: Organization) -> None:
    card = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "${payload.output.pin}"}]}
    step = {
        "id": "card_1",
        "type": "adaptiveCard",
        "settings": {"action": "send", "card": card, "recipients": ["a@example.com"], "wait": {"for": "first"}},
    }
    flow = graph([step], ("WorkflowStartState", "card_1"))
    flow["workflow_steps"][0] = {**flow["workflow_steps"][0], "secret": ["/output/pin"]}
    item = org.run(flow, {"pin": BODY_SECRET}, "FAILED")
    assert item["workflow_incidents"][0]["code"] == "SECRET_IN_CARD"
    assert BODY_SECRET not in json.dumps(item)
