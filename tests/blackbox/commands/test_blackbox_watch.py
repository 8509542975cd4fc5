"""`looply execution watch`: it follows the stream over restarts of the server, and its exit status shows the end."""

import json
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import COMPUTING, definition, note, wait
from blackbox.harness.launcher import INTERRUPTIBLE, Server, environment_with, new_folder

END_SECONDS = 120


class Watched:
    """A server of its own with one organization."""

    def __init__(self, folder: Path) -> None:
        self.made = new_folder(folder)
        self.server = Server(folder)
        self.server.start()

    @contextmanager
    def org(self) -> Iterator[Organization]:
        """Gives the organization's way to the server as it runs now."""
        with self.server.connect(timeout=120) as client:
            yield Organization(client, **self.made)

    @contextmanager
    def watch(self, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        """Runs the command until the end of the block."""
        environment = {"LOOPLY_URL": self.server.address, "LOOPLY_API_KEY": self.made["api_key"]}
        command = [*INTERRUPTIBLE, "execution", "watch", *arguments]
        with subprocess.Popen(
            command, env=environment_with(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    found = Watched(tmp_path / "data")
    yield found
    found.server.close()


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def until(process: "subprocess.Popen[str]", text: str) -> list[str]:
    """Returns the lines up to the one that holds a text."""
    found = [line_of(process)]
    while text not in found[-1]:
        assert found[-1], f"the command ended without {text}: {found}"
        found.append(line_of(process))
    return found


def types(lines: list[str]) -> list[str]:
    return [line.split()[2] for line in lines]


@pytest.mark.timeout(300)
def test_a_watch_survives_a_kill_and_a_stop_of_the_server_and_writes_each_entry_once(watched: Watched) -> None:
    document = definition(wait("wait_1"), note("note_1"), wait("wait_2"), note("note_2"))
    with watched.org() as org:
        workflow_id = org.create(document)
        execution_id = org.trigger(workflow_id, {}, process_id="PO-1")
    with watched.watch("PO-1") as process:
        lines = until(process, "wait_1")
        watched.server.kill()
        watched.server.start()
        with watched.org() as org:
            assert org.resume(execution_id, n=1).json()["message"] == "restarted"
        lines += until(process, "wait_2")
        assert watched.server.stop() == 0
        watched.server.start()
        with watched.org() as org:
            org.resume(execution_id, n=2)
            log = org.until(workflow_id, execution_id, "COMPLETED")["workflow_event_log"]["events"]
        rest, errors = process.communicate(timeout=END_SECONDS)
        lines += rest.splitlines()
    assert (process.returncode, errors) == (0, "")
    assert types(lines[:-1]) == [entry["type"] for entry in log]
    assert lines[-1] == "COMPLETED at note_2"


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        (COMPUTING, "COMPLETED", 0),
        (definition(note("note_1", "${int('x')}")), "FAILED", 1),
        (definition({"id": "end", "type": "terminate", "settings": {"status": "FAILED", "reason": "no"}}), "FAILED", 1),
    ],
    ids=["completed", "incident", "failed"],
)
def test_the_exit_status_shows_the_end(watched: Watched, document: dict[str, Any], status: str, code: int) -> None:
    with watched.org() as org:
        execution_id = org.trigger(org.create(document), {})
    with watched.watch(execution_id, "--json") as process:
        out, errors = process.communicate(timeout=END_SECONDS)
    item = json.loads(out)
    assert (process.returncode, errors, item["status"]) == (code, "", status)
    assert item["workflow_execution_id"] == execution_id


@pytest.mark.proof
@pytest.mark.timeout(300)
def test_a_watch_of_all_executions_continues_over_a_kill_and_after_an_earlier_one(watched: Watched) -> None:
    with watched.org() as org:
        workflow_id = org.create(COMPUTING)
    with watched.watch("--json") as process:
        # It begins now: its first event sets its cursor.
        with watched.org() as org:
            while not select.select([process.stdout], [], [], 0.5)[0]:
                org.trigger(workflow_id, {})
            found = [_answers(process)]
        watched.server.kill()
        watched.server.start()
        with watched.org() as org:
            last = org.trigger(workflow_id, {})
        while (found[-1]["workflow_execution_id"], found[-1]["type"]) != (last, "EXECUTION_COMPLETED"):
            found.append(_answers(process))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=END_SECONDS)
        assert process.returncode == 130
    assert len({entry["id"] for entry in found}) == len(found)
    with watched.watch("--json", "--after", found[0]["id"], "--timeout", "10") as again:
        out, _ = again.communicate(timeout=END_SECONDS)
    assert [json.loads(line) for line in out.splitlines()] == found[1:]
    assert again.returncode == 0


def _answers(process: "subprocess.Popen[str]") -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(line_of(process))
    return entry
