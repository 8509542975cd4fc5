"""Concurrent requests: connections are opened and bytes are prepared before the start.

A client library sends its requests one after the other, and a fast server has answered the first before the last one
is sent. Here all are in the kernel's buffers within a millisecond.
"""

import itertools
import json
import random
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from blackbox.evidence.load import Run
from blackbox.harness.client import request_bytes

ANSWER_SECONDS = 120.0


@dataclass(frozen=True)
class Reply:
    """An answer; status 0 for a caller without an answer."""

    status: int
    body: dict[str, Any]
    is_replayed: bool = False
    retry_after: int = 0
    """The `Retry-After` of a refusal in seconds."""

    @property
    def said(self) -> str:
        """The message of a 200, the code of a refusal."""
        return str(self.body["message"] if self.status == 200 else self.body.get("code", ""))


NONE = Reply(0, {})


class Racers:
    """Connections, each for one request at a time; where there are several servers, to each of them in turn."""

    def __init__(self, run: Run, count: int) -> None:
        self._run = run
        self._count = count
        self._sockets: list[socket.socket] = []
        self._is_sent: list[bool] = []
        self._connect()

    def send(self, requests: Sequence[bytes]) -> None:
        """Sends each request on a connection of its own."""
        assert len(requests) <= self._count
        self._is_sent = [_send(*each) for each in zip(self._sockets, requests, strict=False)]

    def receive(self, place: int) -> Reply:
        """Returns the answer to one of the requests."""
        return _receive(self._sockets[place]) if self._is_sent[place] else NONE

    def race(self, requests: Sequence[bytes], kill_after: float | None = None) -> list[Reply]:
        """Sends each request on a connection of its own and returns the answers.

        With `kill_after` the server is killed that many seconds after the start (before it, when negative) and
        restarted. Callers may then have no answer.
        """
        killer = None
        if kill_after is not None:
            killer = threading.Thread(target=_kill, args=(self._run, max(kill_after, 0)))
            killer.start()
            time.sleep(max(-kill_after, 0))
        self.send(requests)
        replies = [self.receive(place) for place in range(len(requests))]
        if killer is not None:
            killer.join()
            self._connect()
        return replies

    def race_again(self, requests: Sequence[bytes], replies: Sequence[Reply]) -> list[Reply]:
        """Repeats the calls without an answer, as a caller does, and returns the answers to these."""
        return self.race([request for request, reply in zip(requests, replies, strict=True) if reply is NONE])

    def close(self) -> None:
        """Closes the connections."""
        for connection in self._sockets:
            connection.close()
        self._sockets = []

    def _connect(self) -> None:
        self.close()
        ports = itertools.islice(itertools.cycle(self._run.server.ports), self._count)
        self._sockets = [socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) for port in ports]


def post(run: Run, target: str, body: Any, headers: Mapping[str, str] | None = None) -> bytes:
    """Returns the bytes of a POST that leaves its connection open."""
    named = {"x-api-key": run.made["api_key"], "content-type": "application/json", **(headers or {})}
    return request_bytes("POST", f"/v2/workflows/{target}", named, json.dumps(body).encode(), is_last=False)


def get(run: Run, name: str, query: Mapping[str, str]) -> bytes:
    """Returns the bytes of a GET that leaves its connection open."""
    target = f"/v2/workflows/{name}?{urlencode(query)}"
    return request_bytes("GET", target, {"x-api-key": run.made["api_key"]}, is_last=False)


def shuffled(requests: Sequence[bytes], chance: random.Random) -> list[bytes]:
    """Returns requests in a random order."""
    return chance.sample(list(requests), len(requests))


def _kill(run: Run, seconds: float) -> None:
    time.sleep(seconds)
    run.kill()


def _send(connection: socket.socket, request: bytes) -> bool:
    try:
        connection.sendall(request)
    except ConnectionError:
        return False
    return True


def _receive(connection: socket.socket) -> Reply:
    """Returns one answer; the connection stays open."""
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            part = connection.recv(65_536)
            if not part:
                return NONE
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers["content-length"]):
            part = connection.recv(65_536)
            if not part:
                return NONE
            body += part
    except ConnectionError:
        return NONE
    return Reply(
        int(first.split()[1]),
        json.loads(body),
        is_replayed=headers.get("idempotent-replayed") == "true",
        retry_after=int(headers.get("retry-after", "0")),
    )
