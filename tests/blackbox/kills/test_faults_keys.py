"""The master key of stored secrets: missing, another one, and rotated under load while processes are killed."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, http, wait
from blackbox.harness.launcher import Server, doctor, document, init, run
from blackbox.harness.sink import Sink
from looply.master_keys import MasterKeys

TOKEN = "canary-token-5d2e"
PIN = "canary-pin-77c1"
EX_CONFIG = 78


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def made(data: Path) -> dict[str, str]:
    return init(data)


@pytest.fixture
def server(data: Path, made: dict[str, str], sink: Sink) -> Iterator[Server]:
    found = Server(data, [f"127.0.0.1:{sink.port}"])
    yield found
    found.close()


def content(folder: Path) -> tuple[bytes, bool]:
    """Returns the catalog of a folder that no process uses, byte by byte, and whether there is a key."""
    return (folder / "catalog.db").read_bytes(), (folder / "key").exists()


def secret_workflow(sink: Sink) -> dict[str, Any]:
    """A workflow that waits with a secret in its history, then sends it, by a connection with another one."""
    call = http("/keys/use", "use", "POST", connection="API", headers={"x-pin": "${payload.output.pin}"}, body={})
    sink.script("/keys/use", {"status": 200, "body": {}})
    flow = definition(wait(), call)
    flow["workflow_steps"][0] = {**flow["workflow_steps"][0], "secret": ["/output/pin"]}
    return flow


def prepare(org: Organization, sink: Sink) -> str:
    settings = {"base_url": sink.address, "auth": "bearer"}
    body = {"name": "API", "kind": "http", "settings": settings, "secrets": {"token": TOKEN}}
    assert org.post("createConnection", body).status_code == 200
    return org.create(secret_workflow(sink))


def finish(org: Organization, sink: Sink, workflow_id: str, execution_id: str) -> None:
    """Resumes an execution: what it sends shows that the secrets of its history and of its connection open."""
    before = len(sink.lines("/keys/use"))
    org.resume(execution_id)
    org.until(workflow_id, execution_id, "COMPLETED")
    sent = sink.lines("/keys/use")[before:]
    assert sent
    assert all(PIN in str(line) and TOKEN in str(line) for line in sent)


def test_a_server_without_the_key_or_with_another_one_does_not_start_and_changes_nothing(
    data: Path, made: dict[str, str], server: Server, sink: Sink, tmp_path: Path
) -> None:
    server.start()
    with server.connect() as client:
        org = Organization(client, **made)
        workflow_id = prepare(org, sink)
        execution_id = org.trigger(workflow_id, {"pin": PIN})
    assert server.stop() == 0
    key = tmp_path / "kept"
    shutil.move(data / "key", key)
    before = content(data)

    refused = run("serve", "--data", data, "--port", "0")
    assert refused.returncode == EX_CONFIG, refused.stderr
    assert f"the key file {data / 'key'} is missing" in refused.stderr
    assert "Restore the key" in refused.stderr
    assert document("doctor", "--data", data, status=1)["code"] == "KEY_MISSING"
    assert document("key", "list", "--data", data, status=1)["code"] == "KEY_MISSING"
    assert content(data) == before

    MasterKeys(data / "key").create()
    refused = run("serve", "--data", data, "--port", "0")
    assert refused.returncode == EX_CONFIG, refused.stderr
    assert "does not have the master key" in refused.stderr
    assert document("doctor", "--data", data, status=1)["code"] == "KEY_WRONG"
    (data / "key").unlink()
    assert content(data) == before

    shutil.move(key, data / "key")
    server.start()
    with server.connect() as client:
        finish(Organization(client, **made), sink, workflow_id, execution_id)


class Load:
    """Callers that trigger the workflow until they are stopped, over the deaths of the server."""

    def __init__(self, server: Server, made: dict[str, str], workflow_id: str) -> None:
        self._stop = threading.Event()
        self._arguments = (server, made, workflow_id)
        self.started: list[str] = []
        self._threads = [threading.Thread(target=self._work) for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def __len__(self) -> int:
        return len(self.started)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def more(self, count: int = 5) -> None:
        """Waits until so many more were started, at most a minute."""
        expected = len(self) + count
        for _ in range(600):
            if len(self) >= expected:
                return
            self._stop.wait(0.1)
        raise AssertionError(f"no load: {len(self)} started, {expected} expected")

    def _work(self) -> None:
        server, made, workflow_id = self._arguments
        with server.connect(timeout=10) as client:
            org = Organization(client, **made)
            while not self._stop.wait(0.05) and len(self) < 2000:
                # The server is killed now and then: then there is no answer.
                with suppress(httpx2.TransportError, AssertionError):
                    self.started.append(org.trigger(workflow_id, {"pin": PIN}))


def states(data: Path) -> list[tuple[str, str]]:
    shown = document("master-key", "status", "--data", data)["master_keys"]
    return [(each["key_id"], each["state"]) for each in shown]


@pytest.mark.timeout(900)
def test_a_rotation_under_load_survives_kills_and_leaves_nothing_to_the_former_key(
    data: Path, made: dict[str, str], server: Server, sink: Sink, tmp_path: Path
) -> None:
    server.start()
    (first,) = MasterKeys(data / "key").load()
    with server.connect() as client:
        org = Organization(client, **made)
        workflow_id = prepare(org, sink)
        oldest = org.trigger(workflow_id, {"pin": PIN})
    load = Load(server, made, workflow_id)
    try:
        load.more()
        between = []
        for step in ("distribute", "activate", "retire"):
            document("master-key", step, "--data", data)
            load.more()
            # Killed after the step, then the step again: beside a server that is down, and beside one that is up.
            server.kill()
            document("master-key", step, "--data", data)
            server.start()
            load.more()
            document("master-key", step, "--data", data)
            between.append(load.started[-1])
            if step == "distribute":
                # A server that is killed while it wraps: the key is first in the file, and no process has read it yet.
                held = MasterKeys(data / "key").load()
                server.kill()
                MasterKeys(data / "key").store(held[::-1])
                server.start()
                server.kill()
                server.start()
    finally:
        load.stop()
    (second,) = MasterKeys(data / "key").load()
    assert second != first
    assert states(data) == [(first.key_id, "retired"), (second.key_id, "active")]
    with server.connect() as client:
        org = Organization(client, **made)
        for execution_id in dict.fromkeys((oldest, *between, load.started[-1])):
            finish(org, sink, workflow_id, execution_id)
    assert server.stop() == 0
    assert doctor(data)["problems"] == []

    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    MasterKeys(copy / "key").store([first])
    assert run("serve", "--data", copy, "--port", "0").returncode == EX_CONFIG
    with sqlite3.connect(data / "catalog.db") as catalog:
        wrapped = catalog.execute("SELECT master_key_id FROM data_keys").fetchall()
    assert wrapped == [(second.key_id,)]


def test_the_steps_must_be_in_order_and_the_command_says_so(data: Path, made: dict[str, str], server: Server) -> None:
    def step(name: str, status: int = 0) -> Any:
        return document("master-key", name, "--data", data, status=status)

    assert [each["state"] for each in step("status")["master_keys"]] == ["active"]
    for _ in range(2):
        assert [each["state"] for each in step("activate")["master_keys"]] == ["active"]
        assert [each["state"] for each in step("retire")["master_keys"]] == ["active"]
    for _ in range(2):
        assert [each["state"] for each in step("distribute")["master_keys"]] == ["active", "distributed"]
    assert step("retire", 1)["code"] == "KEY_NOT_ACTIVE"
    assert [each["state"] for each in document("doctor", "--data", data)["master_keys"]] == ["active", "distributed"]
    server.start()
    for _ in range(2):
        assert [each["state"] for each in step("activate")["master_keys"]] == ["former", "active"]
    for _ in range(2):
        assert [each["state"] for each in step("retire")["master_keys"]] == ["retired", "active"]
    assert len(MasterKeys(data / "key").load()) == 1
    assert "master_keys" not in document("doctor", "--data", data)


def test_the_doctor_names_a_data_key_that_does_not_open(data: Path, made: dict[str, str]) -> None:
    with sqlite3.connect(data / "catalog.db") as catalog:
        catalog.execute("UPDATE data_keys SET wrapped = (SELECT sealed_check FROM master_keys)")
        catalog.execute("DELETE FROM table_sums")
    (data / "seal").unlink()
    (problem,) = document("doctor", "--data", data, status=1)["problems"]
    assert problem["kind"] == "DATA_KEY"
    assert f"the data key 1 of organization {made['organization_id']} cannot be opened" in problem["message"]


def test_keys_of_the_setting_are_changed_by_hand_and_the_command_says_how(data: Path, made: dict[str, str]) -> None:
    (first,) = MasterKeys(data / "key").load()
    (second,) = MasterKeys(data / "other").create()
    (data / "key").unlink()
    (data / "other").unlink()

    def step(name: str, *keys: Any, status: int = 0) -> Any:
        text = ",".join(key.file_line() for key in keys)
        return document("master-key", name, "--data", data, status=status, LOOPLY_ENCRYPTION_KEY=text)

    assert step("distribute", first, status=1)["code"] == "KEY_IN_SETTING"
    assert step("activate", first, second, status=1)["code"] == "KEY_IN_SETTING"
    assert [each["state"] for each in step("activate", second, first)["master_keys"]] == ["former", "active"]
    refused = step("retire", second, first, status=1)
    assert (refused["code"], second.key_id in refused["message"]) == ("KEY_IN_SETTING", True)
    assert [each["state"] for each in step("retire", second)["master_keys"]] == ["retired", "active"]
    assert step("status", second)["master_keys"][1]["key_id"] == second.key_id
