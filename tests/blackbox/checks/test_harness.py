"""The kit of the distributed tests: processes restart, and end with the session."""

import itertools
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from blackbox.harness.guard import Guard
from blackbox.harness.rotation import rotating_client
from blackbox.harness.supervised import Program, Supervised

# Says that it is ready, and each time by its own id.
READY = "import os, pathlib, signal, sys; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); signal.pause()"


@pytest.fixture
def guard() -> Iterator[Guard]:
    found = Guard()
    yield found
    found.close()


@pytest.fixture
def supervised(tmp_path: Path, guard: Guard) -> Iterator[Supervised]:
    def command() -> list[str]:
        return [sys.executable, "-c", READY, str(tmp_path / "program.ready")]

    program = Program(name="program", command=command, environment=dict(os.environ), folder=tmp_path)
    found = Supervised(program, guard)
    yield found
    found.close()


def test_a_process_that_was_killed_is_started_again(supervised: Supervised) -> None:
    supervised.start()
    first = supervised.until_ready()
    supervised.kill()
    assert supervised.until_ready() != first
    assert [end.status for end in supervised.exits] == [-signal.SIGKILL]


def test_a_process_that_was_asked_to_stop_stays_down(supervised: Supervised) -> None:
    supervised.start()
    supervised.until_ready()
    assert supervised.stop() == -signal.SIGTERM
    assert not Path(f"/proc/{supervised.pid}").exists()
    assert [end.status for end in supervised.exits] == [-signal.SIGTERM]


def test_processes_end_with_a_session_that_is_killed() -> None:
    session = """
        import subprocess, sys, time
        from blackbox.harness.guard import Guard
        guard = Guard()
        process = subprocess.Popen([sys.executable, "-c", "import signal; print(flush=True); signal.pause()"])
        guard.add(process.pid)
        print("ready", flush=True)
        time.sleep(600)
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(session)], stdout=subprocess.PIPE, env=environment
    ) as killed:
        assert killed.stdout is not None
        # One line each from the session and from its process, which holds the other end of this pipe, too.
        assert len([killed.stdout.readline() for _ in range(2)]) == 2
        killed.kill()
        # The pipe has no writers any more: both processes have ended.
        assert killed.stdout.read() == b""


def test_calls_go_to_the_servers_in_turn_and_name_the_one_that_they_mean() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("x-called", self.headers["host"])
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2)]
    for server in servers:
        Thread(target=server.serve_forever, daemon=True).start()
    addresses = [f"http://127.0.0.1:{server.server_port}" for server in servers]
    try:
        with rotating_client(lambda: addresses) as client:
            called = [client.get("/").headers["x-called"] for _ in range(4)]
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
    assert called == [address.removeprefix("http://") for address in itertools.islice(itertools.cycle(addresses), 4)]
