"""`serve`, `demo` and `bench` as processes, and what a shell sees of the command."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from blackbox.harness.launcher import COMMAND, INTERRUPTIBLE, Server, init, new_folder, run
from kit.servers.held_port import HeldPort


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    new_folder(tmp_path / "data")
    found = Server(tmp_path / "data")
    yield found
    found.close()


def test_serve_takes_a_free_port_logs_its_address_once_and_ends_with_0(server: Server) -> None:
    server.port = 0
    server.start()
    assert server.port
    assert httpx2.get(f"{server.address}/healthz/live", timeout=60).status_code == 200
    assert server.stop() == 0
    (line,) = [line for line in server.log_lines() if line["event"] == "listening"]
    assert line["address"] == server.address


def test_a_second_server_ends_with_75_and_names_the_first(server: Server) -> None:
    server.start()
    second = run("serve", "--data", server.folder, "--port", "0")
    assert second.returncode == 75
    assert f"process {server.pid};" in second.stderr
    assert httpx2.get(f"{server.address}/healthz/ready", timeout=60).status_code == 200


def test_a_damaged_store_ends_with_65(server: Server) -> None:
    (server.folder / "executions.db").write_bytes(b"no database" * 1000)
    done = run("serve", "--data", server.folder, "--port", "0", "--json")
    assert done.returncode == 65
    assert json.loads(done.stdout)["code"] == "STORE_CORRUPT"


def test_a_data_folder_on_a_failing_disk_ends_with_74(server: Server) -> None:
    (server.folder / "executions.lock").unlink()
    (server.folder / "executions.lock").mkdir()
    assert run("serve", "--data", server.folder, "--port", "0").returncode == 74


def test_a_port_that_is_taken_is_refused(server: Server, tmp_path: Path) -> None:
    server.start()
    init(tmp_path / "other")
    done = run("serve", "--data", tmp_path / "other", "--port", str(server.port))
    assert done.returncode == 1
    assert f"port {server.port}" in done.stderr


def test_all_wrong_settings_of_file_variables_and_flags_are_reported_together(tmp_path: Path) -> None:
    file = tmp_path / "looply.toml"
    file.write_text('port = 70000\ncolour = "blue"\n')
    done = run("serve", "--settings", file, "--set", "drain_seconds=soon", "--json", LOOPLY_LOG_LEVEL="loud")
    assert done.returncode == 1
    answers = json.loads(done.stdout)
    assert answers["code"] == "SETTINGS"
    assert {error["path"] for error in answers["errors"]} == {"/port", "/colour", "/drain_seconds", "/log_level"}


def test_a_flag_wins_over_a_variable_and_that_over_the_file(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "looply.toml"
    file.write_text(f'data = "{server.folder}"\nhost = "192.0.2.1"\nport = 1\n')
    done = run("serve", "--settings", file, "--host", "192.0.2.3", LOOPLY_HOST="192.0.2.2", LOOPLY_PORT="2")
    assert done.returncode == 1
    assert "cannot listen on 192.0.2.3 port 2" in done.stderr


def test_the_command_ends_quietly_when_the_pipe_is_closed(tmp_path: Path) -> None:
    lines = '{"expression": "1"}\n' * 20_000
    script = f"{COMMAND} expression eval | head -n 1"
    done = subprocess.run(["bash", "-c", script], input=lines, capture_output=True, text=True, check=False, timeout=120)
    assert (done.stdout, done.stderr) == ('{"value":1}\n', "")


def test_an_interrupt_ends_with_130_and_without_a_traceback() -> None:
    with subprocess.Popen(
        [*INTERRUPTIBLE, "expression", "eval"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"expression": "1"}\n')
        process.stdin.flush()
        assert process.stdout.readline() == b'{"value":1}\n'
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (130, b"")


def test_the_demo_releases_the_order_by_itself(tmp_path: Path) -> None:
    pytest.importorskip("mocksap")
    done = run("demo", "--auto", "--json", "--folder", tmp_path / "demo")
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert (answers["outcome"], answers["release_status"]) == ("released", "05")
    assert run("doctor", "--data", tmp_path / "demo" / "data").returncode == 0
    again = run("demo", "--auto", "--folder", tmp_path / "demo")
    assert (again.returncode, "not empty" in again.stderr) == (1, True)


@pytest.mark.proof
def test_the_demo_waits_for_a_person_and_stays_up_until_it_is_stopped(tmp_path: Path) -> None:
    pytest.importorskip("mocksap")
    place = HeldPort()
    port = place.number
    command = [COMMAND, "demo", "--port", str(port)]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as demo:
        assert demo.stdout is not None
        answers: list[str] = []
        for line in demo.stdout:
            answers.append(line)
            if "/inbox/" in line:
                token = line.partition("/inbox/")[2].split()[0]
                url = f"http://127.0.0.1:{port}/v2/inbox/{token}"
                answer = httpx2.post(url, json={"data": {"action": "approve"}}, timeout=60)
                assert answer.json() == {"message": "recorded"}
            if "--folder DIR keeps them" in line:
                break
        assert any("is released in SAP" in line for line in answers)
        assert httpx2.get(f"http://127.0.0.1:{port}/healthz/ready", timeout=60).status_code == 200
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(timeout=120) == 143
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{port}/healthz/ready", timeout=60)


@pytest.mark.proof
def test_the_bench_prints_what_it_has_measured(tmp_path: Path) -> None:
    done = run("bench", "--seconds", "1.5", "--folder", tmp_path, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert [each["clients"] for each in report["results"]] == [1, 32]
    for each in report["results"]:
        assert each["executions"] > 0
        assert each["errors"] == 0
        assert 0 < each["p50_ms"] <= each["p95_ms"] <= each["p99_ms"]
    assert report["unfinished"] is False
    assert report["bytes_per_execution"] > 0
    assert [each["case"] for each in report["regions"]] == ["1,000 branches joined", "10,000 items, 8 at once"]
    assert all(each["ms"] > 0 for each in report["regions"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.proof
def test_a_demo_whose_server_cannot_start_says_what_the_server_said(server: Server) -> None:
    pytest.importorskip("mocksap")
    server.start()
    done = run("demo", "--auto", "--port", str(server.port), "--json")
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {server.port}" in json.loads(done.stdout)["message"]


@pytest.mark.proof
def test_an_interrupt_ends_the_demo_and_everything_that_it_has_started(tmp_path: Path) -> None:
    pytest.importorskip("mocksap")
    place = HeldPort()
    port = place.number
    with subprocess.Popen(
        [*INTERRUPTIBLE, "demo", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        start_new_session=True,
    ) as demo:
        assert demo.stdout is not None
        assert any("/inbox/" in line for line in iter(demo.stdout.readline, ""))
        # As a terminal does on Ctrl-C: every process of the group gets it.
        os.killpg(demo.pid, signal.SIGINT)
        rest = demo.stdout.read()
        assert (demo.wait(timeout=120), rest) == (130, "")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{port}/healthz/ready", timeout=60)


ALONE = """
import fcntl, socket, struct, subprocess, sys, time, urllib.request
from pathlib import Path

with socket.socket() as up:
    fcntl.ioctl(up, 0x8914, struct.pack("16sH14x", b"lo", 0x41))  # SIOCSIFFLAGS: UP and RUNNING
folder, command, *given = sys.argv[1:]
ready = Path(folder, "ready")
server = subprocess.Popen([command, "serve", *given, "--port", "0", "--ready-file", ready])
try:
    for _ in range(600):
        if ready.exists() or server.poll() is not None:
            break
        time.sleep(0.1)
    with urllib.request.urlopen(ready.read_text().strip() + "/healthz/ready", timeout=60) as answer:
        print(answer.status)
finally:
    server.terminate()
    server.wait(60)
"""
"""Runs a server where there is no network but the loopback interface, and asks it whether it is ready."""


@pytest.mark.skipif(shutil.which("unshare") is None or os.geteuid() != 0, reason="only root may make a network")
def test_a_server_starts_without_a_network(tmp_path: Path) -> None:
    new_folder(tmp_path / "data")
    words = ("unshare", "--net", sys.executable, "-c", ALONE, tmp_path, COMMAND, "--data", tmp_path / "data")
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["200"]), done.stderr
