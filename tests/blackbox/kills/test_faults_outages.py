"""A thousand executions against a system that is down, on a server that is killed while it waits, probes and drains."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, http
from blackbox.harness.launcher import Server, doctor, init

COUNT = 1000
RETRY = {"max_attempts": 3, "interval": "PT1S"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class System(ThreadingHTTPServer):
    """A system that answers at once, and counts the keys of its calls with the seconds at which they came."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        self.keys: Counter[str] = Counter()
        self.instants: list[float] = []
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: System

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.keys[self.headers["idempotency-key"]] += 1
        self.server.instants.append(time.monotonic())
        self.send_response(200)
        self.send_header("content-length", "2")
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Logs nothing."""


@contextmanager
def serving(port: int) -> Iterator[System]:
    system = System(port)
    thread = threading.Thread(target=system.serve_forever)
    thread.start()
    try:
        yield system
    finally:
        system.shutdown()
        thread.join()
        system.server_close()


def count(org: Organization, *statuses: str) -> int:
    found = org.get("searchExecutions", limit=1, status=list(statuses))
    assert found.status_code == 200, found.text
    return len(org.pages("searchExecutions", status=list(statuses)))


def waiting(org: Organization) -> tuple[str, int]:
    """Returns the state of the only system that is not called as usual, and how many attempts wait for it."""
    answer = org.get("getTargets")
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return (items[0]["state"], items[0]["waiting"]) if items else ("", 0)


def until(org: Organization, is_met: Any, seconds: float = 120) -> tuple[str, int]:
    end = time.monotonic() + seconds
    while not is_met(found := waiting(org)):
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found


@pytest.mark.timeout(900)
def test_a_dead_system_is_one_alarm_and_no_incident_through_every_kill(tmp_path: Path) -> None:
    port = free_port()
    made = init(tmp_path / "data")
    server = Server(tmp_path / "data", [f"127.0.0.1:{port}"], LOOPLY_TARGET_DRAIN_PER_SECOND="5")
    server.start()
    url = f"http://127.0.0.1:{port}/orders"
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            org = Organization(client, **made)
            workflow_id = org.create(definition(http(url, method="PUT", step={"retry": RETRY})))
            ids = [org.trigger(workflow_id, {"n": n}) for n in range(COUNT)]
            until(org, lambda found: found == ("DOWN", COUNT))
            # While it waits, about when the first probe is made, and while a later one may be out.
            for pause in (0.5, 9.0, 3.0):
                time.sleep(pause)
                server.kill()
                server.start()
            assert waiting(org)[0] == "DOWN"
            with serving(port) as system:
                state, _ = until(org, lambda found: found[0] == "DRAINING")
                assert state == "DRAINING"
                time.sleep(2)
                server.kill()
                server.start()
                until(org, lambda found: found[1] == 0)
                end = time.monotonic() + 60
                while org.pages("searchExecutions", status=["RUNNING", "WAITING"]) and time.monotonic() < end:
                    time.sleep(0.5)
            assert org.pages("searchExecutions", status=["RUNNING", "WAITING", "FAILED", "TERMINATED"]) == []
            assert len(ids) == COUNT
        lines = [line for line in server.log_lines() if line.get("event") == "target_down"]
        assert len(lines) == 1, lines
        assert len(system.keys) == COUNT
        # A call that was out when its process was killed is made again, as its method allows.
        assert sum(times - 1 for times in system.keys.values()) <= 8
        assert server.stop() == 0
        report = doctor(server.folder)
        assert (report["open"], report["orphans"], report["problems"]) == (0, 0, [])
    finally:
        server.close()
