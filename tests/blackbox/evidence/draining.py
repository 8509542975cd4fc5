"""A system that is down and comes back: the calls that reach it then, and whether they came at the rate of a drain."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from blackbox.harness.client import Organization

DRAIN_RATE = 5.0
"""Calls a second that are let go at first."""
RAMP_SECONDS = 10.0
"""The rate doubles so often."""
BURST_SECONDS = 0.5
"""What was not let go in time may follow at once for this time."""
_RAMPED_SECONDS = 48.0
"""Until then a drain is held to its rate; soon afterwards the system is called as usual."""


class System(ThreadingHTTPServer):
    """A system that answers at once, and counts the keys of its calls with the seconds at which they came."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        self.keys: Counter[str] = Counter()
        self.instants: list[float] = []
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def repeated(self) -> int:
        """How many calls were made again."""
        return sum(times - 1 for times in self.keys.values())


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


def free_port() -> int:
    """Returns a port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(port: int) -> Iterator[System]:
    """Lets the system be up for the time of the block."""
    system = System(port)
    thread = threading.Thread(target=system.serve_forever)
    thread.start()
    try:
        yield system
    finally:
        system.shutdown()
        thread.join()
        system.server_close()


def waiting(org: Organization) -> tuple[str, int]:
    """Returns the state of the only system that is not called as usual, and how many attempts wait for it."""
    answer = org.get("getTargets")
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return (items[0]["state"], items[0]["waiting"]) if items else ("", 0)


def until(org: Organization, is_met: Callable[[tuple[str, int]], bool], seconds: float = 120) -> tuple[str, int]:
    """Waits until the only system that is not called as usual is so; returns what `waiting` returned last."""
    end = time.monotonic() + seconds
    while not is_met(found := waiting(org)):
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found


def due_by(seconds: float, rate: float = DRAIN_RATE) -> float:
    """Returns how many calls the rate lets go in the first seconds of a drain."""
    total, left = 0.0, seconds
    while left > 0:
        total += rate * min(left, RAMP_SECONDS)
        left, rate = left - RAMP_SECONDS, rate * 2
    return total


def check_rate(instants: Sequence[float], repeated: int = 0) -> None:
    """Checks that calls came no faster than a drain lets them go, and not much slower; see `check_not_faster`."""
    check_not_faster(instants, repeated)
    begun, *later = sorted(instants)
    ended = later[-1] - begun
    for seconds in (20.0, 30.0, 40.0):
        if seconds < ended:
            # A machine that is busy with other tests makes some of them late.
            came, least = sum(instant - begun <= seconds for instant in later), due_by(seconds) * 0.6
            assert came >= least, f"{came} calls in {seconds:.0f} s; the rate lets {due_by(seconds):.0f} go"


def check_not_faster(instants: Sequence[float], repeated: int = 0) -> None:
    """Checks that calls came no faster than a drain lets them go.

    The first one is the probe whose success begins the drain; `repeated` calls came again for another reason.
    """
    begun, *later = sorted(instants)
    for number, instant in enumerate(later, 1):
        seconds = instant - begun
        if seconds > _RAMPED_SECONDS:
            break
        steps = int(seconds // RAMP_SECONDS)
        most = due_by(seconds) * 1.2 + DRAIN_RATE * 2**steps * BURST_SECONDS + 2 + repeated
        assert number <= most, f"{number} calls in {seconds:.1f} s; the rate lets {most:.0f} go"
