"""The effects ledger: a server in a process of its own that records all calls of steps, and answers by script.

Each request becomes one JSON line, on the disk before the answer is sent. It is a program without dependencies, so
that it is independent of the product; `Sink` is the tests' side of it.
"""

import argparse
import contextlib
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LONGEST_HANG = 60.0
START_SECONDS = 60.0


class Ledger:
    """The file of lines, and the scripts of answers by path."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()
        self._scripts: dict[str, list[dict[str, Any]]] = {}
        self._counts: dict[str, int] = defaultdict(int)
        self._gates: dict[str, threading.Event] = defaultdict(threading.Event)

    def script(self, path: str, replies: list[dict[str, Any]]) -> None:
        with self._lock:
            self._scripts[path] = replies
            self._counts[path] = 0
            self._gates.pop(path, None)

    def gate(self, path: str) -> threading.Event:
        """Returns the event that releases the held answers of a path."""
        with self._lock:
            return self._gates[path]

    def record(self, line: dict[str, Any]) -> dict[str, Any]:
        """Writes the line durably and returns the current reply of its path; the last one repeats."""
        path = line["path"]
        with self._lock:
            count = self._counts[path]
            self._counts[path] += 1
            self._file.write(json.dumps({**line, "n": count}).encode() + b"\n")
            os.fsync(self._file.fileno())
            replies = self._scripts.get(path) or [{}]
        return replies[min(count, len(replies) - 1)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise the body of each answer waits 40 ms for the acknowledgment of its headers.
    disable_nagle_algorithm = True
    ledger: Ledger

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            # The caller died in the middle of its request: there was no complete call.
            self.close_connection = True
            return
        path = urlsplit(self.path).path
        if path == "/_script":
            order = json.loads(body)
            self.ledger.script(order["path"], order["replies"])
            self.reply({})
            return
        if path == "/_release":
            self.ledger.gate(json.loads(body)["path"]).set()
            self.reply({})
            return
        line = {
            "at": time.time_ns(),
            "peer": self.client_address[1],
            "method": self.command,
            "path": path,
            "target": self.path,
            "key": self.headers.get("idempotency-key"),
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body[:10_000].decode("utf-8", "replace"),
            "hash": hashlib.sha256(body).hexdigest(),
        }
        reply = self.ledger.record(line)
        if reply.get("held"):
            self.ledger.gate(path).wait(LONGEST_HANG)
        self.reply(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer  # noqa: N815 - names of the library

    def reply(self, script: dict[str, Any]) -> None:
        if script.get("hang"):
            time.sleep(LONGEST_HANG)
            self.close_connection = True
            return
        if "delay" in script:
            time.sleep(script["delay"])
        if script.get("reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        if "size" in script:
            body = b"x" * script["size"]
        elif "text" in script:
            body = script["text"].encode()
        else:
            body = json.dumps(script.get("body", {"ok": True})).encode()
        self.send_response(script.get("status", 200))
        headers = {"content-type": "application/json", **script.get("headers", {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            if self.command != "HEAD":
                self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignores the error: these tests kill clients."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ledger", type=Path)
    parser.add_argument("ready", type=Path)
    parser.add_argument("--parent", type=int, required=True)
    arguments = parser.parse_args()
    Handler.ledger = Ledger(arguments.ledger)
    server = Server(("127.0.0.1", 0), Handler)
    arguments.ready.write_text(str(server.server_address[1]))

    def end_with_parent() -> None:
        while os.getppid() == arguments.parent:
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    server.serve_forever()


class Sink:
    """A running ledger: its address, its lines, and the script of its answers."""

    def __init__(self, folder: Path) -> None:
        self._ledger = folder / "ledger.jsonl"
        self._ledger.touch()
        # What was read before is kept: a test that waits for a call looks many times a second.
        self._known: list[dict[str, Any]] = []
        self._read_bytes = 0
        self._lock = threading.Lock()
        ready = folder / "sink.port"
        command = [sys.executable, __file__, str(self._ledger), str(ready), "--parent", str(os.getpid())]
        self._process = subprocess.Popen(command)
        deadline = time.monotonic() + START_SECONDS
        while not (ready.exists() and ready.read_text()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the sink does not start")
            time.sleep(0.01)
        self.port = int(ready.read_text())
        self.address = f"http://127.0.0.1:{self.port}"

    def script(self, path: str, *replies: dict[str, Any]) -> str:
        """Sets the answers of a path, the last one for all further calls, and returns its URL.

        Keys of a reply: `status`, `headers`, `body` (JSON), `text`, `size` (bytes), `delay` (seconds), `hang`, `reset`,
        `held` (until `release`, a minute at most).
        """
        self._order("/_script", {"path": path, "replies": replies})
        return self.address + path

    def release(self, path: str) -> None:
        """Sends the held answers of a path, also those to later calls."""
        self._order("/_release", {"path": path})

    def _order(self, name: str, order: dict[str, Any]) -> None:
        import http.client  # noqa: PLC0415 - the program side does not need it

        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", name, json.dumps(order))
            connection.getresponse().read()
        finally:
            connection.close()

    def lines(self, path: str = "") -> list[dict[str, Any]]:
        """Returns the calls under a path prefix, in the order of arrival."""
        with self._lock:
            self._read_more()
            return [line for line in self._known if line["path"].startswith(path)]

    def wait_for(self, path: str, count: int = 1, seconds: float = 60) -> list[dict[str, Any]]:
        """Returns the lines of a path once there are `count`."""
        deadline = time.monotonic() + seconds
        while len(found := self.lines(path)) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} calls of {path} arrived"
            time.sleep(0.01)
        return found

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()

    def _read_more(self) -> None:
        with self._ledger.open("rb") as file:
            file.seek(self._read_bytes)
            for line in file:
                if line.endswith(b"\n"):
                    self._known.append(json.loads(line))
                    self._read_bytes += len(line)


if __name__ == "__main__":
    main()
