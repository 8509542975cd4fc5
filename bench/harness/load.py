"""The load generator: callers on kept connections, each of which sends as soon as its last call was answered.

It is lean on purpose: one protocol object a connection, one `write` and one scan of the answer a call. `noop_server.py`
is what it is measured against, so that a table can say how far the generator is from being the bottleneck.
"""

import asyncio
import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import uvloop

Result = TypeVar("Result")

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"\r\ncontent-length: "
_CHUNKED: Final = b"\r\ntransfer-encoding: chunked"
_LAST_CHUNK: Final = b"0\r\n\r\n"
_LONGEST_SECONDS: Final = 900.0
"""No phase takes so long; a server that does not answer ends it."""
_GOOD: Final = (b"200", b"201", b"202")


@dataclass(frozen=True, slots=True)
class Span:
    """What one phase measured: seconds of each accepted call in order of the answers, and how long it took in all."""

    took: list[float]
    seconds: float
    errors: int
    first_error: str = ""
    client_cpu_share: float = 0.0
    """Share of one core that the generator itself used."""

    @property
    def per_second(self) -> float:
        """Accepted calls a second."""
        return len(self.took) / self.seconds if self.seconds else 0.0

    def ms(self, share: float) -> float:
        """Returns the nearest-rank percentile in milliseconds, 0 of nothing."""
        if not self.took:
            return 0.0
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))] * 1000


class Caller(asyncio.Protocol):
    """One connection. `next_request` gives the bytes of its next call, None when it has made its last one."""

    def __init__(self, next_request: Callable[[], bytes | None], on_answer: Callable[[bytes], None]) -> None:
        self._next = next_request
        self._on_answer = on_answer
        self._buffer = bytearray()
        self._sent = 0.0
        self._transport: Any = None
        self.took: list[float] = []
        self.errors = 0
        self.first_error = ""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the first call."""
        self._transport = transport
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends; a connection that breaks in the middle of a call is an error."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Takes a part of an answer; a whole one is followed by the next call."""
        if self._buffer:
            self._buffer += data
            body = _body_of(self._buffer)
        else:
            body = _body_of(data)
        if body is None:
            # Put together in place, since an answer may have megabytes.
            self._buffer = self._buffer or bytearray(data)
            return
        whole: bytes | bytearray = self._buffer or data
        self._buffer = bytearray()
        if whole[9:12] in _GOOD:
            self.took.append(time.perf_counter() - self._sent)
            self._on_answer(bytes(body))
        else:
            self.errors += 1
            self.first_error = self.first_error or whole[:500].decode("latin-1")
        self._send()

    def _send(self) -> None:
        request = self._next()
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)


def _body_of(data: bytes | bytearray) -> bytes | bytearray | None:
    """Returns the body of an answer once it is complete, None before; a chunked one is returned with its marks."""
    end = data.find(_HEAD_END)
    if end < 0:
        return None
    head = data[: end + 2].lower()
    start = head.find(_LENGTH)
    if start >= 0:
        size = int(head[start + len(_LENGTH) : head.index(b"\r", start + 2)])
        return data[end + 4 :] if len(data) >= end + 4 + size else None
    if _CHUNKED in head:
        return data[end + 4 :] if data.endswith(_LAST_CHUNK) else None
    return b""


@dataclass(slots=True)
class Calls:
    """What the callers of one phase send: `requests` one after the other, until the time or they themselves end."""

    requests: Iterator[bytes]
    until: float
    answers: list[bytes] | None = None
    """Bodies of the answers, if they are requested."""
    _is_over: bool = field(default=False, init=False)

    def next(self) -> bytes | None:
        """Returns the next call, None at the end."""
        if self._is_over or time.perf_counter() >= self.until:
            self._is_over = True
            return None
        request = next(self.requests, None)
        self._is_over = request is None
        return request

    def keep(self, body: bytes) -> None:
        """Keeps a body."""
        if self.answers is not None:
            self.answers.append(body)


async def run_callers(ports: Sequence[int], clients: int, calls: Calls) -> Span:
    """Returns what `clients` callers measured, who are spread evenly over the ports.

    Raises: OSError when a connection breaks, TimeoutError.
    """
    loop = asyncio.get_running_loop()
    begun, used = time.perf_counter(), time.process_time()
    made = [
        await loop.create_connection(lambda: Caller(calls.next, calls.keep), "127.0.0.1", port)
        for port in itertools.islice(itertools.cycle(ports), clients)
    ]
    callers = [caller for _, caller in made]
    await asyncio.wait_for(asyncio.gather(*(caller.done for caller in callers)), _LONGEST_SECONDS)
    seconds = time.perf_counter() - begun
    return Span(
        took=[each for caller in callers for each in caller.took],
        seconds=seconds,
        errors=sum(caller.errors for caller in callers),
        first_error=next((caller.first_error for caller in callers if caller.first_error), ""),
        client_cpu_share=(time.process_time() - used) / seconds,
    )


def post(path: str, body: bytes, api_key: str = "") -> bytes:
    """Returns the bytes of a POST of a JSON body."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {api_key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def get(path: str, api_key: str = "") -> bytes:
    """Returns the bytes of a GET."""
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {api_key}\r\n\r\n".encode("ascii")


def run(main: Any) -> Any:
    """Returns the result of a coroutine, run on uvloop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


@contextmanager
def pinned(cores: set[int]) -> Iterator[None]:
    """Holds this process on these cores inside the block; where there is one core only, it changes nothing."""
    before = os.sched_getaffinity(0)
    expected = cores & before
    os.sched_setaffinity(0, expected or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
