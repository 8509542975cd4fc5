"""Functions and mails of a real server: its worker processes work, and none outlives it."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from blackbox.harness.client import Organization
from blackbox.harness.launcher import Server, new_folder
from kit.servers.held_port import HeldPort

SECONDS = 120.0
START = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}


@pytest.fixture
def mail_port() -> HeldPort:
    """A port of which a connection may send mail."""
    return HeldPort()


@pytest.fixture
def started(tmp_path: Path, mail_port: HeldPort) -> Iterator[tuple[Server, Organization]]:
    made = new_folder(tmp_path / "data")
    allow = ("127.0.0.0/8", f"127.0.0.1:{mail_port.number}")
    server = Server(tmp_path / "data", allow, LOOPLY_LIMITS_FUNCTION_TIME_SECONDS="15")
    server.start()
    with server.connect() as client:
        yield server, Organization(client, made["organization_id"], made["workspace_id"], made["api_key"])
    server.close()


def function(language: str, code: str) -> dict[str, Any]:
    settings = {"language": language, "code": code, "input": "${payload.output.n}"}
    return {"id": "function_1", "type": "function", "settings": settings}


def workflow(step: dict[str, Any]) -> dict[str, Any]:
    return {
        "workflow_name": "Functions",
        "workflow_steps": [START, step],
        "workflow_connections": [{"from": "WorkflowStartState", "to": step["id"]}],
    }


def children(process: int) -> set[int]:
    """Returns the processes below a process."""
    found: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == process:
            found |= {int(folder.name), *children(int(folder.name))}
    return found


def are_gone(processes: set[int]) -> bool:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if not any(_is_running(process) for process in processes):
            return True
        time.sleep(0.1)
    return False


def _is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_functions_run_and_their_processes_end_with_the_server(started: tuple[Server, Organization]) -> None:
    server, organization = started
    for language, code in (("javascript", "return { twice: input * 2 }"), ("python", "return {'twice': input * 2}")):
        item = organization.run(workflow(function(language, code)), {"n": 21}, seconds=SECONDS)
        assert item["status"] == "COMPLETED"
        assert item["workflow_output_payload"]["function_1"]["output"] == {"twice": 42}
    processes = children(server.pid)
    assert len(processes) >= 2
    assert server.stop() == 0
    assert are_gone(processes)


@pytest.mark.proof
def test_a_killed_server_leaves_no_process_behind_that_still_runs_code(started: tuple[Server, Organization]) -> None:
    server, organization = started
    for language, code in (("javascript", "while (true) {}"), ("python", "while True:\n    pass")):
        organization.trigger(organization.create(workflow(function(language, code))), {"n": 1})
    end = time.monotonic() + SECONDS
    while len(processes := children(server.pid)) < 3 and time.monotonic() < end:
        time.sleep(0.1)
    os.kill(server.pid, signal.SIGKILL)
    assert len(processes) >= 3
    assert are_gone(processes)


def test_a_killed_worker_process_fails_nothing(started: tuple[Server, Organization]) -> None:
    server, organization = started
    double = workflow(function("python", "return input * 2"))
    organization.run(double, {"n": 1}, seconds=SECONDS)
    victims = children(server.pid)
    for process in victims:
        os.kill(process, signal.SIGKILL)
    item = organization.run(double, {"n": 2}, seconds=SECONDS)
    assert item["workflow_output_payload"]["function_1"]["output"] == 4


def test_code_that_goes_too_far_fails_its_execution_and_no_other(started: tuple[Server, Organization]) -> None:
    _, organization = started
    bomb = workflow(function("python", "x = []\nwhile True:\n    x.append('a' * 100000)"))
    item = organization.run(bomb, {"n": 1}, "FAILED", seconds=SECONDS)
    (incident,) = item["workflow_incidents"]
    assert incident["code"] == "FUNCTION_MEMORY"
    good = organization.run(workflow(function("python", "return input")), {"n": 1}, seconds=SECONDS)
    assert good["workflow_output_payload"]["function_1"]["output"] == 1


class Mailbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope)
        return "250 OK"


def test_a_mail_goes_through_a_connection(started: tuple[Server, Organization], mail_port: HeldPort) -> None:
    _, organization = started
    mailbox = Mailbox()
    mail_server = Controller(mailbox, hostname="127.0.0.1", port=mail_port.number)
    mail_server.start()
    try:
        settings = {"host": "127.0.0.1", "port": mail_server.port, "tls": "none", "from": "Orders <orders@example.com>"}
        made = organization.post("createConnection", {"name": "MAIL", "kind": "smtp", "settings": settings})
        assert made.status_code == 200, made.text
        mail = {"connection": "MAIL", "to": "${payload.output.to}", "subject": "Hello", "text": "Hi"}
        step = {"id": "email_1", "type": "email", "settings": mail}
        item = organization.run(workflow(step), {"to": "ann@example.com"}, seconds=SECONDS)
        output = item["workflow_output_payload"]["email_1"]["output"]
        (arrived,) = mailbox.mails
        assert (output["accepted"], output["refused"]) == (["ann@example.com"], [])
        assert f"Message-ID: {output['message_id']}".encode() in arrived.content
    finally:
        mail_server.stop()
