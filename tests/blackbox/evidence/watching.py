"""Clients of streams that reconnect after the last event that they have read, however their connections end.

watcher = Watcher(lambda: [server.address], key, "watchOrganization")
watcher.begin()
...
watcher.end()  # when the server has ended, or the stream has
seen = watcher.events
"""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import httpx2

PAUSE_SECONDS = 0.05
SILENCE_SECONDS = 40.0
"""A server sends something every 15 seconds; on a busy machine later."""


class Event(NamedTuple):
    """One received event: its id, its name, its data."""

    id: str
    name: str
    data: dict[str, Any]


class Watcher:
    """One client of a stream, in a thread of its own.

    It uses the addresses in turn, each time that it reconnects. With `leaves` it also disconnects by itself, after
    that many events at most. `begun_at` is the id after which it begins, empty for the beginning of the stream.
    """

    def __init__(
        self,
        addresses: Callable[[], Sequence[str]],
        key: str,
        name: str,
        *,
        begun_at: str = "",
        leaves: int = 0,
        **query: str,
    ) -> None:
        self._addresses = addresses
        self._key = key
        self._name = name
        self._query = query
        self._leaves = leaves
        self._chance = random.Random(f"{name} {leaves} {query}")
        self._is_over = threading.Event()
        self._failures: list[BaseException] = []
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.last = begun_at
        self.events: list[Event] = []
        self.has_ended = False
        self.cut_off = 0
        """Connections that broke."""
        self.came_back = 0
        self.is_notified = False
        """Whether a server has accepted it: it gets all units stored from now on."""

    def begin(self) -> None:
        """Begins to watch."""
        self._thread.start()

    def until(self, is_met: Callable[[], bool], seconds: float) -> None:
        """Waits until a condition holds. Raises: AssertionError at the timeout, and errors of the watcher."""
        deadline = time.monotonic() + seconds
        while not is_met():
            self._check()
            assert time.monotonic() < deadline, f"{self._name} has {len(self.events)} events, the last {self.last}"
            time.sleep(0.02)

    def end(self, seconds: float = 60) -> None:
        """Waits until the watcher has ended, which it does when its connection ends. Raises: errors of the watcher."""
        self._is_over.set()
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"{self._name} is still connected"
        self._check()

    def _check(self) -> None:
        if self._failures:
            raise self._failures[0]

    def _watch(self) -> None:
        try:
            turn = 0
            while not self._is_over.is_set() and not self.has_ended:
                addresses = self._addresses()
                self._connect(addresses[turn % len(addresses)])
                turn += 1
                time.sleep(PAUSE_SECONDS)
        except BaseException as error:  # raised by `end`, in the thread of the test
            self._failures.append(error)

    def _connect(self, address: str) -> None:
        headers = {"x-api-key": self._key, **({"last-event-id": self.last} if self.last else {})}
        timeout = httpx2.Timeout(5, read=SILENCE_SECONDS)
        count = self._chance.randint(1, self._leaves) if self._leaves else 0
        try:
            with (
                httpx2.Client(base_url=address, headers=headers, timeout=timeout) as client,
                client.stream("GET", f"/v2/workflows/{self._name}", params=self._query) as answer,
            ):
                if answer.status_code in (429, 503):
                    return
                assert answer.status_code == 200, (answer.status_code, answer.read())
                self.is_notified = True
                self.came_back += bool(self.last)
                for event in _events(answer.iter_lines()):
                    self.last = event.id
                    if event.data:
                        self.events.append(event)
                        self.has_ended = event.name == "end"
                        count -= 1
                    if self.has_ended or count == 0 or self._is_over.is_set():
                        return
        except httpx2.TransportError:
            self.cut_off += 1


def _events(lines: Iterator[str]) -> Iterator[Event]:
    """Yields complete events; a truncated one at a lost connection is dropped, and so is a cursor without data."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        if "id" in fields:
            yield Event(fields["id"], fields.get("event", "message"), json.loads(fields.get("data", "{}")))
        fields = {}
