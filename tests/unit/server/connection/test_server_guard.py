"""The cost of a connection before the application has checked its key: a protocol object fed with bytes."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from looply.server.connection.guard import MAX_BLANK_LINES, Bounds, GuardedProtocol, make_protocol

HEAD_BYTES = 16_384
PACKET = 65_536
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Line:
    """A transport that records what is written and whether reading is paused."""

    def __init__(self) -> None:
        self.written = b""
        self.writes = 0
        self.closed = asyncio.Event()
        self.is_reading = True

    @property
    def is_closed(self) -> bool:
        return self.closed.is_set()

    def get_extra_info(self, _name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return self.is_closed

    def write(self, data: bytes) -> None:
        self.written += data
        self.writes += 1

    def close(self) -> None:
        self.closed.set()

    def abort(self) -> None:
        self.closed.set()

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True


class Served:
    """A connection and the requests that reached the application, which answers each when `may_answer` is set."""

    def __init__(self, bounds: Bounds) -> None:
        self.scopes: list[Any] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.line = Line()
        ids = iter(range(1_000_000))
        self.refused: list[tuple[Any, int, str]] = []
        http = make_protocol(bounds, lambda: False, lambda: str(next(ids)), self.note)
        config = Config(
            self.app,
            http=http,
            ws="none",
            interface="asgi3",
            access_log=False,
            proxy_headers=False,
            log_config=None,
        )
        config.load()
        make: Callable[..., GuardedProtocol] = config.http_protocol_class  # type: ignore[assignment]
        self.protocol = make(config, ServerState(), {})
        self.protocol.connection_made(self.line)  # type: ignore[arg-type]

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    def note(self, client: Any, status: int, request_id: str, size: int) -> None:
        assert size > 0
        self.refused.append((client, status, request_id))

    def feed(self, data: bytes) -> None:
        if not self.line.is_closed:
            self.protocol.data_received(data)

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    @property
    def statuses(self) -> list[int]:
        parts = self.line.written.split(b"HTTP/1.1 ")[1:]
        return [int(part[:3]) for part in parts]


@pytest_asyncio.fixture
async def served() -> AsyncIterator[Served]:
    found = Served(Bounds(head_bytes=HEAD_BYTES))
    yield found
    found.protocol.connection_lost(None)


def endless(part: bytes) -> bytes:
    return part * (PACKET // len(part) + 1)


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_a_trailer_is_not_a_header_however_it_is_split_into_packets(served: Served, size: int) -> None:
    data = CHUNKED + b"2\r\n{}\r\n0\r\nX-Api-Key: k\r\nIdempotency-Key: i\r\nExpect: 100-continue\r\n\r\n" + GET
    for begin in range(0, len(data), size):
        served.feed(data[begin : begin + size])
    await served.settle()
    assert served.statuses == [200, 200]
    assert [name for name, _ in served.scopes[0]["headers"]] == [b"host", b"transfer-encoding"]


FLOODS = {
    "trailers": (CHUNKED + b"0\r\n", endless(b"X: y\r\n"), 431),
    "a trailer without end": (CHUNKED + b"0\r\nX: ", b"y" * PACKET, 431),
    "a trailer's name without end": (CHUNKED + b"0\r\n", b"y" * PACKET, 431),
    "chunk extensions": (CHUNKED, b"2;" + b"x" * PACKET, 431),
    "chunk sizes of zeros": (CHUNKED, b"0" * PACKET, 431),
    "headers": (POST, endless(b"a:\r\n"), 431),
    "a header without end": (POST + b"X: ", b"y" * PACKET, 431),
    "a header's name without end": (POST, b"y" * PACKET, 431),
    "a path without end": (b"GET /", b"y" * PACKET, 431),
}


@pytest.mark.parametrize(("head", "more", "status"), FLOODS.values(), ids=list(FLOODS))
@pytest.mark.parametrize("size", [100, PACKET])
async def test_excessive_framing_is_refused_after_a_bounded_number_of_bytes(
    served: Served, head: bytes, more: bytes, status: int, size: int
) -> None:
    served.may_answer.clear()
    served.feed(head)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        sent = 0
        while not served.line.is_closed and sent < 100 * PACKET:
            for begin in range(0, len(more), size):
                served.feed(more[begin : begin + size])
            sent += len(more)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert served.statuses == [status]
    assert sent <= 2 * PACKET
    assert after - before < 4 * HEAD_BYTES
    assert peak - before < 3 * PACKET


@pytest.mark.parametrize("packets", [1, 50])
async def test_the_body_of_a_call_that_was_refused_is_not_kept(served: Served, packets: int) -> None:
    served.feed(POST + b"Content-Length: 100000000\r\n\r\n")
    await served.settle()
    tracemalloc.start()
    try:
        for _ in range(packets):
            served.feed(b"x" * PACKET)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert served.statuses == [200]
    assert held < 4 * HEAD_BYTES


async def test_a_body_that_came_before_the_refusal_is_not_kept_either(served: Served) -> None:
    tracemalloc.start()
    try:
        served.feed(POST + b"Content-Length: 100000000\r\n\r\n" + b"x" * 4 * PACKET)
        await served.settle()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert served.statuses == [200]
    assert held < PACKET


async def test_pipelined_requests_cost_only_their_bytes(served: Served) -> None:
    served.may_answer.clear()
    served.feed(GET)
    await served.settle()
    tracemalloc.start()
    try:
        served.feed(endless(GET))
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert not served.line.is_reading
    assert len(served.scopes) == 1
    assert held < 2 * PACKET


async def test_requests_in_one_packet_are_answered_one_after_the_other(served: Served) -> None:
    served.feed(GET * 3 + POST + b"Content-Length: 2\r\n\r\n{}" + CHUNKED + b"2\r\n{}\r\n0\r\n\r\n" + GET)
    for _ in range(6):
        await served.settle()
    assert served.statuses == [200] * 6
    assert served.line.is_reading


async def test_a_request_is_answered_before_the_garbage_after_it_is_refused(served: Served) -> None:
    served.may_answer.clear()
    served.feed(GET + b"NONSENSE\r\n\r\n")
    await served.settle()
    assert served.statuses == []
    served.may_answer.set()
    await served.settle()
    assert served.statuses == [200, 400]
    assert served.line.is_closed


async def test_an_answer_without_a_body_is_sent_before_the_garbage_after_its_request_is_refused(served: Served) -> None:
    served.feed(GET.replace(b"GET", b"HEAD") + b"NONSENSE\r\n\r\n")
    await served.settle()
    assert served.statuses == [200, 400]


async def test_a_call_that_was_answered_before_its_body_came_gets_no_second_answer() -> None:
    served = Served(Bounds(body_seconds=0.01))
    served.feed(POST + b"Content-Length: 5\r\n\r\nab")
    await asyncio.wait_for(served.line.closed.wait(), 60)
    assert served.statuses == [200]
    served.protocol.connection_lost(None)


@pytest.mark.parametrize("size", [1, 10_000])
async def test_many_small_chunks_are_no_flood(served: Served, size: int) -> None:
    data = CHUNKED + b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n"
    for begin in range(0, len(data), size):
        served.feed(data[begin : begin + size])
    await served.settle()
    assert served.statuses == [200]
    assert not served.line.is_closed


@pytest.mark.parametrize(
    "coding", [b"gzip, chunked", b"chunked, chunked", b"identity", b"chunked\r\nTransfer-Encoding: chunked"]
)
async def test_a_transfer_coding_other_than_chunked_is_refused(served: Served, coding: bytes) -> None:
    served.feed(POST + b"Transfer-Encoding: " + coding + b"\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    await served.settle()
    assert served.statuses == [400]
    assert served.scopes == []


async def test_the_observer_of_refusals_is_notified_of_a_request_that_never_reached_the_application(
    served: Served,
) -> None:
    served.feed(b"NONSENSE\r\n\r\n")
    assert served.refused == [(None, 400, "0")]


def count_parses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Returns the sizes of the pieces that the parser receives from now on."""
    pieces: list[int] = []
    real = HttpToolsProtocol.data_received

    def data_received(self: HttpToolsProtocol, data: bytes) -> None:
        pieces.append(len(data))
        real(self, data)

    monkeypatch.setattr(HttpToolsProtocol, "data_received", data_received)
    return pieces


async def test_empty_lines_before_a_request_are_skipped_and_not_parsed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = count_parses(monkeypatch)
    for _ in range(4):
        served.feed(b"\r\n" * (PACKET // 2))
    assert pieces == []
    served.feed(b"\r\n" + GET + b"\r\n\r\n\r\n")
    await served.settle()
    served.feed(GET)
    await served.settle()
    assert served.statuses == [200, 200]
    assert len(pieces) == 2


async def test_empty_lines_that_come_in_parts_are_no_request(served: Served) -> None:
    for part in (b"\r", b"\n\r", b"\n", GET):
        served.feed(part)
    await served.settle()
    assert served.statuses == [200]


@pytest.mark.parametrize("part", [b"\r\n", b"\r\n\r\nx", b"0\r\n\r\n", b"2\r\n\r\n\r\n"])
async def test_blank_lines_within_a_chunked_body_are_parsed_a_bounded_number_of_times(
    served: Served, monkeypatch: pytest.MonkeyPatch, part: bytes
) -> None:
    pieces = count_parses(monkeypatch)
    head = CHUNKED if part[:1] == b"2" else CHUNKED + b"100000\r\n"
    served.feed(head + part * (PACKET // len(part)))
    await served.settle()
    assert served.line.is_closed
    assert len(pieces) < MAX_BLANK_LINES + 20


async def test_a_chunked_body_may_have_blank_lines(served: Served) -> None:
    body = b"{\r\n\r\n}" * 400
    served.feed(CHUNKED + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n" + GET)
    await served.settle()
    assert served.statuses == [200, 200]


async def test_an_answer_is_one_write(served: Served) -> None:
    served.feed(GET)
    await served.settle()
    assert served.line.written.endswith(b"\r\n\r\nok")
    assert served.line.writes == 1


async def test_the_head_of_an_answer_without_a_body_is_sent(served: Served) -> None:
    served.feed(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    await served.settle()
    assert served.statuses == [200]


async def test_a_caller_that_waits_for_the_permission_to_send_its_body_gets_it_at_once(served: Served) -> None:
    served.feed(POST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    served.protocol.cycle.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert served.statuses == [100]


async def test_the_head_of_a_stream_is_sent_before_its_first_event(served: Served) -> None:
    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    served.protocol.app = stream
    served.feed(GET)
    await served.settle()
    assert served.statuses == [200]
    for task in served.protocol.tasks:
        task.cancel()
