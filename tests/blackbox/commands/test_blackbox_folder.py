"""The data folder: one process owns it, a full disk is survived, damage and newer schemas are refused."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import ASKING, COMPUTING, definition, http
from blackbox.harness.launcher import Server, doctor, init, new_folder, run
from blackbox.harness.sink import Sink
from suite.small_disk import small_disk

MIB = 1024 * 1024


@pytest.fixture
def made(tmp_path: Path) -> dict[str, str]:
    return new_folder(tmp_path / "data")


@pytest.fixture
def own(tmp_path: Path, made: dict[str, str], sink: Sink) -> Iterator[Server]:
    """A server of the test's own."""
    server = Server(tmp_path / "data", [f"127.0.0.1:{sink.port}"]).start()
    yield server
    server.close()


def test_init_makes_one_organization_and_shows_its_key_once(tmp_path: Path) -> None:
    first = run("init", "--data", tmp_path / "data", "--json")
    assert first.returncode == 0
    again = run("init", "--data", tmp_path / "data", "--json")
    assert again.returncode == 1
    assert "lk_" not in again.stdout + again.stderr


def test_a_second_process_on_the_folder_exits_75_and_names_the_first(own: Server, made: dict[str, str]) -> None:
    with httpx2.Client(base_url=own.address, timeout=120) as client:
        org = Organization(client, **made)
        workflow_id = org.create(ASKING)
        others = [Server(own.folder).start(until_ready=False) for _ in range(3)]
        try:
            for other in others:
                assert other.wait() == 75
        finally:
            for other in others:
                other.close()
        assert str(own.pid) in own.log_text()
        for command in (("key", "list"), ("init",)):
            done = run(*command, "--data", own.folder)
            assert done.returncode == 1
            assert str(own.pid) in done.stderr
        execution_id = org.trigger(workflow_id)
        assert org.until(workflow_id, execution_id, "WAITING")
    assert own.is_running()


def test_after_a_kill_the_next_start_gets_the_folder(own: Server) -> None:
    for _ in range(3):
        own.kill()
        own.start()
    assert own.stop() == 0


def test_a_stop_while_the_server_starts_leaves_a_folder_that_the_next_one_takes(own: Server) -> None:
    own.stop()
    begun = time.monotonic()
    own.start()
    seconds = time.monotonic() - begun
    assert own.stop() == 0
    for share in (0.3, 0.5, 0.7, 0.9):
        own.start(until_ready=False)
        time.sleep(share * seconds)
        assert own.stop() == 0
        found = run("doctor", "--data", own.folder)
        assert found.returncode == 0, found.stdout + found.stderr
    own.start()


def test_of_many_that_start_at_once_exactly_one_serves(tmp_path: Path, made: dict[str, str]) -> None:
    servers = [Server(tmp_path / "data") for _ in range(5)]
    for number, server in enumerate(servers):
        server.log = tmp_path / f"{number}.log"
        server.start(until_ready=False)
    try:
        deadline = time.monotonic() + 120
        while len([server for server in servers if server.is_running()]) > 1:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        (winner,) = (server for server in servers if server.is_running())
        while "listening" not in winner.log_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert winner.stop() == 0
    finally:
        for server in servers:
            server.close()


def test_a_stop_is_clean_and_a_second_signal_ends_at_once(own: Server) -> None:
    assert own.stop() == 0
    lines = own.log_lines()
    assert [line["event"] for line in lines][-1] == "stopped"


def test_a_stop_waits_for_calls_in_flight(own: Server, made: dict[str, str], sink: Sink) -> None:
    with httpx2.Client(base_url=own.address, timeout=120) as client, ThreadPoolExecutor(1) as pool:
        org = Organization(client, **made)
        url = sink.script("/folder/stop", {"delay": 1.5})
        workflow_id = org.create(definition(http(url)))
        call = pool.submit(org.post, f"triggerworkflow/{workflow_id}", query={"wait": "PT20S"})
        sink.wait_for("/folder/stop")
        assert own.stop() == 0
        assert call.result().status_code == 200
    own.start()
    with httpx2.Client(base_url=own.address, timeout=120) as client:
        org = Organization(client, **made)
        # The step's call was waited for too: it was made once, and its answer was kept.
        org.until(workflow_id, call.result().json()["looply_execution_id"], "COMPLETED")
    assert len(sink.lines("/folder/stop")) == 1


def test_a_damaged_store_is_refused_with_65(own: Server, made: dict[str, str]) -> None:
    with httpx2.Client(base_url=own.address, timeout=120) as client:
        org = Organization(client, **made)
        workflow_id = org.create(COMPUTING)
        for _ in range(50):
            org.trigger(workflow_id)
    # After an unclean end the whole file is looked at.
    own.kill()
    path = own.folder / "executions.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = path.read_bytes()
    assert len(content) > 32_768
    damages = {
        "pages of noise": content[:4096] + os.urandom(16_384) + content[20_480:],
        "no database": b"no database at all" * 1000,
        "half of it": content[: len(content) // 8192 * 4096],
    }
    for name, damaged in damages.items():
        path.write_bytes(damaged)
        own.start(until_ready=False)
        assert own.wait() == 65, name
        assert "Traceback" not in own.log_text()
        done = run("doctor", "--data", own.folder, "--json")
        assert done.returncode == 1, name
        assert json.loads(done.stdout)["problems"], name
    path.write_bytes(content)
    assert own.start().stop() == 0
    assert doctor(own.folder)["executions"] == 50


@pytest.mark.parametrize("name", ["executions.db", "catalog.db"])
def test_a_newer_schema_is_refused_with_78_and_left_alone(own: Server, name: str) -> None:
    assert own.stop() == 0
    path = own.folder / name
    connection = sqlite3.connect(path)
    if name == "executions.db":
        connection.execute("PRAGMA user_version = 9999")
    else:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("DELETE FROM table_sums")
    connection.commit()
    connection.close()
    # A newer release would have sealed what it left, with sums that fit.
    (own.folder / "seal").unlink()
    before = _content(path)
    own.start(until_ready=False)
    assert own.wait() == 78
    assert _content(path) == before
    assert "Traceback" not in own.log_text()


def _content(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [*connection.iterdump(), str(connection.execute("PRAGMA user_version").fetchone())]
    finally:
        connection.close()


def test_a_key_file_that_is_missing_or_wrong_is_refused_and_nothing_overwritten(
    own: Server, made: dict[str, str]
) -> None:
    with httpx2.Client(base_url=own.address, timeout=120) as client:
        org = Organization(client, **made)
        body = {"name": "S4", "kind": "http", "settings": {"base_url": "https://x.example", "auth": "bearer"}}
        assert org.post("createConnection", {**body, "secrets": {"token": "t"}}).status_code == 200
    assert own.stop() == 0
    key = own.folder / "key"
    content = key.read_bytes()
    key.write_bytes(b"short")
    own.start(until_ready=False)
    assert own.wait() not in (0, None)
    assert "Traceback" not in own.log_text()
    assert key.read_bytes() == b"short"
    key.write_bytes(content)
    assert own.start().stop() == 0


def test_wrong_settings_are_all_named(tmp_path: Path, made: dict[str, str]) -> None:
    server = Server(tmp_path / "data", LOOPLY_PORTT="1", LOOPLY_CONCURRENCY="none")
    server.start(until_ready=False)
    assert server.wait() not in (0, None)
    text = server.log_text()
    assert "LOOPLY_PORTT" in text
    assert "concurrency" in text
    assert "Traceback" not in text


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 100 MiB."""
    with small_disk(tmp_path / "disk", "100m") as place:
        yield place


def fill(place: Path) -> Path:
    """Takes all space but a few kilobytes, and returns the file that holds it."""
    ballast = place / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (MIB, 4096):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast


@pytest.mark.timeout(600)
def test_a_full_disk_refuses_writes_and_is_survived_without_a_restart(disk: Path) -> None:
    made = init(disk / "data")
    server = Server(disk / "data").start()
    server.log.touch()
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            org = Organization(client, **made)
            workflow_id = org.create(ASKING)
            kept = [org.trigger(workflow_id, {"n": number}) for number in range(5)]
            ballast = fill(disk)
            refused = None
            text = "x" * 500_000
            for _ in range(200):
                answer = org.post(
                    f"triggerworkflow/{workflow_id}", {"text": os.urandom(200_000).hex(), "more": text[:9]}
                )
                if answer.status_code == 200:
                    kept.append(answer.json()["looply_execution_id"])
                    fill(disk)
                    continue
                refused = answer
                break
            assert refused is not None
            body = refused.json()
            assert (refused.status_code, body["code"]) == (503, "STORE_FULL")
            assert int(refused.headers["retry-after"]) > 0
            assert "full" in body["message"]
            assert org.item(workflow_id, kept[0])["status"] == "WAITING"
            assert org.get("getOrganizationExecutions").status_code == 200
            assert client.get("/healthz/live").status_code == 200
            catalog = org.post("createWorkflow", {"definition": COMPUTING})
            assert catalog.status_code in (200, 503)
            ballast.unlink()
            deadline = time.monotonic() + 120
            while (answer := org.post(f"triggerworkflow/{workflow_id}", {"n": -1})).status_code != 200:
                assert answer.status_code == 503, answer.text
                assert time.monotonic() < deadline, "it does not resume"
                time.sleep(0.1)
            kept.append(answer.json()["looply_execution_id"])
            for execution_id in kept:
                org.until(workflow_id, execution_id, "WAITING")
            assert {row["workflow_execution_id"] for row in org.pages("getOrganizationExecutions")} == set(kept)
            assert org.resume(kept[0]).json()["message"] == "restarted"
            org.until(workflow_id, kept[0], "COMPLETED")
            assert client.get("/healthz/ready").status_code == 200
        assert server.stop() == 0
        report = doctor(server.folder)
        assert (report["executions"], report["orphans"], report["problems"]) == (len(kept), 0, [])
    finally:
        server.close()


def test_doctor_finds_nothing_wrong_with_a_healthy_folder(own: Server, made: dict[str, str]) -> None:
    with httpx2.Client(base_url=own.address, timeout=120) as client:
        org = Organization(client, **made)
        org.run(COMPUTING)
        asking = org.create(ASKING)
        org.until(asking, org.trigger(asking), "WAITING")
    assert own.stop() == 0
    assert doctor(own.folder) == {"executions": 2, "open": 1, "orphans": 0, "problems": []}
