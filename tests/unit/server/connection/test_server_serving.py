"""The server on a real socket: its limits, and its shutdown."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import FrameType
from typing import Any

import httpx2
import pytest

from looply.app.context.services import Lifecycle
from looply.clock import SystemClock
from looply.errors import SettingsError
from looply.server.connection.guard import MAX_HEADERS
from looply.server.connection.serving import Hooks, address_of, listen, serve, stop_accepting
from looply.settings import Settings

SOON = 60.0
# Short enough to wait for, and long enough that data arrives in time on a busy machine.
SHORT = Settings(port=0, header_seconds=2, body_seconds=2, keep_alive_seconds=4, drain_seconds=5)
PATIENT = Settings(port=0, drain_seconds=5, header_bytes=2048)
VERY_PATIENT = Settings(port=0, drain_seconds=60)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the size of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(str(size)))]})
    await send({"type": "http.response.body", "body": str(size).encode()})


class Served:
    """A running server: its address, its lifecycle, and the calls of its hooks."""

    def __init__(self) -> None:
        self.lifecycle = Lifecycle()
        self.address = ""
        self.drained: list[timedelta] = []
        self.listening = asyncio.Event()

    def hooks(self) -> Hooks:
        def on_listening(address: str) -> None:
            self.address = address
            self.listening.set()

        async def drain(left: timedelta) -> None:
            self.drained.append(left)

        return Hooks(on_listening=on_listening, drain=drain)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = int(self.address.rpartition(":")[2])
        return await asyncio.open_connection("127.0.0.1", port)

    async def exchange(self, *parts: bytes) -> bytes:
        """Sends the parts and returns everything until the server closes."""
        reader, writer = await self.connect()
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            return await asyncio.wait_for(reader.read(), SOON)
        except ConnectionError:
            return b""
        finally:
            writer.close()


@asynccontextmanager
async def serving(settings: Settings, app: Any = echo) -> AsyncIterator[Served]:
    served = Served()
    task = asyncio.create_task(serve(settings, app, served.lifecycle, SystemClock(), served.hooks()))
    await asyncio.wait_for(served.listening.wait(), SOON)
    try:
        yield served
    finally:
        served.lifecycle.drain()
        await asyncio.wait_for(task, 2 * SOON)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def body_of(answer: bytes) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return body


GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"


async def test_port_0_takes_a_free_port_and_reports_it() -> None:
    async with serving(PATIENT) as served, httpx2.AsyncClient(timeout=60) as client:
        assert served.address.startswith("http://127.0.0.1:")
        assert (await client.post(served.address, content=b"12345")).text == "5"


async def test_a_port_in_use_is_a_clear_error() -> None:
    listener = listen("127.0.0.1", 0)
    try:
        port = listener.getsockname()[1]
        with pytest.raises(SettingsError) as raised:
            listen("127.0.0.1", port)
    finally:
        listener.close()
    reason = "Address already in use; stop what listens there, or set another `port`"
    assert raised.value.message == f"cannot listen on 127.0.0.1 port {port}: {reason}"


async def test_an_address_that_listens_everywhere_is_shown_as_one_that_can_be_opened() -> None:
    listener = listen("0.0.0.0", 0)
    try:
        assert address_of("0.0.0.0", listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert address_of("::", listener).startswith("http://[::1]:")
    finally:
        listener.close()


async def test_a_head_that_does_not_end_is_closed_at_its_deadline() -> None:
    async with serving(SHORT) as served:
        answer = await served.exchange(GET + b"X-Slow: ")
        assert status_of(answer) == 408
        assert body_of(answer)["code"] == "REQUEST_TIMEOUT"


async def test_a_silent_connection_is_closed() -> None:
    async with serving(SHORT) as served:
        assert await served.exchange() == b""


@pytest.mark.parametrize("before", [b"", GET + b"\r\n"], ids=["at first", "after a request"])
async def test_a_connection_that_sends_only_blank_lines_is_closed(before: bytes) -> None:
    async with serving(SHORT) as served:
        reader, writer = await served.connect()
        try:
            if before:
                writer.write(before)
                await asyncio.wait_for(reader.readuntil(b"\r\n\r\n0"), SOON)
            writer.write(b"\r\n")
            try:
                rest = await asyncio.wait_for(reader.read(), SOON)
            except ConnectionError:
                # The server closed the connection before the blank line arrived.
                rest = b""
            assert rest == b""
        finally:
            writer.close()


async def test_bytes_that_trickle_do_not_move_the_deadline() -> None:
    async with serving(SHORT) as served:
        reader, writer = await served.connect()
        # It does not read to the end of the stream: bytes that reach a closed connection reset it.
        answered = asyncio.create_task(reader.readline())
        writer.write(GET)
        while not answered.done():
            writer.write(b"X: y\r\n")
            await asyncio.wait({answered}, timeout=0.02)
        assert status_of(answered.result()) == 408
        writer.close()


async def test_the_second_head_of_a_connection_has_a_deadline_too() -> None:
    async with serving(SHORT) as served:
        answer = await served.exchange(GET + b"\r\n", GET + b"X-Slow: ")
        assert answer.count(b"HTTP/1.1 200") == 1
        assert answer.count(b"HTTP/1.1 408") == 1


@pytest.mark.parametrize(
    "head",
    [
        GET + b"X-Large: " + b"x" * 4096 + b"\r\n\r\n",
        GET + b"X-Endless: " + b"x" * 8192,
        b"GET /" + b"x" * 4096 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_a_head_over_the_bound_is_431_and_closes(head: bytes) -> None:
    async with serving(PATIENT) as served:
        answer = await served.exchange(head)
        assert status_of(answer) == 431
        assert body_of(answer)["code"] == "HEADERS_TOO_LARGE"


async def test_a_request_refused_before_the_application_has_a_request_id() -> None:
    async with serving(SHORT) as served:
        slow, broken, again = [
            await served.exchange(part) for part in (GET + b"X-Slow: ", b"NONSENSE\r\n\r\n", b"NONSENSE\r\n\r\n")
        ]
    assert [status_of(answer) for answer in (slow, broken, again)] == [408, 400, 400]
    ids = [body_of(answer)["request_id"] for answer in (slow, broken, again)]
    assert len(set(ids)) == 3
    assert all(ids)
    for answer, request_id in zip((slow, broken, again), ids, strict=True):
        assert f"\r\nx-request-id: {request_id}\r\n".encode() in answer


async def test_too_many_headers_are_431() -> None:
    async with serving(PATIENT) as served:
        answer = await served.exchange(GET + b"a: b\r\n" * MAX_HEADERS + b"\r\n")
        assert status_of(answer) == 431


@pytest.mark.parametrize("head", [b"Content-Length: 5\r\n\r\nab", b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"])
async def test_a_body_that_does_not_end_is_closed_at_its_deadline(head: bytes) -> None:
    async with serving(SHORT) as served:
        answer = await served.exchange(POST + head)
        assert status_of(answer) == 408


async def test_expecting_100_and_then_nothing_is_closed() -> None:
    async with serving(SHORT) as served:
        answer = await served.exchange(POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert b"100 Continue" in answer
        assert b"408" in answer


async def test_a_request_in_many_pieces_within_its_time_is_answered() -> None:
    async with serving(PATIENT) as served:
        reader, writer = await served.connect()
        for piece in (b"POST / HT", b"TP/1.1\r\nHost: x\r\nConte", b"nt-Length: 4\r\n\r\n", b"ab", b"cd"):
            writer.write(piece)
            await writer.drain()
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(1) == b"4"
        writer.close()


@pytest.mark.parametrize(
    "request_",
    [
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        POST + b"Content-Length: +5\r\n\r\nabcde",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n obs: fold\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET http://other.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
async def test_malformed_http_is_400_and_closes_the_connection(request_: bytes) -> None:
    async with serving(PATIENT) as served:
        answer = await served.exchange(request_ + GET + b"X-Hidden: 1\r\n\r\n")
        assert status_of(answer) == 400
        assert answer.count(b"HTTP/1.1") == 1
        assert body_of(answer)["code"] == "MALFORMED_HTTP"


async def test_an_idle_connection_is_closed_after_a_while() -> None:
    async with serving(SHORT) as served:
        answer = await served.exchange(GET + b"\r\n")
        assert status_of(answer) == 200


async def test_a_reader_that_stalls_is_disconnected() -> None:
    gone = asyncio.Event()

    async def flood(scope: Any, receive: Any, send: Any) -> None:
        async def closed() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

        watch = asyncio.create_task(closed())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.is_set():
            await send({"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True})
            await asyncio.wait({watch}, timeout=0)
        await watch

    async with serving(SHORT, flood) as served:
        _reader, writer = await served.connect()
        writer.write(GET + b"\r\n")
        await asyncio.wait_for(gone.wait(), SOON)
        writer.close()


async def test_calls_in_flight_are_answered_before_the_engine_drains() -> None:
    arrived, may_answer = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        arrived.set()
        await may_answer.wait()
        await echo(scope, receive, send)

    served = Served()
    task = asyncio.create_task(serve(VERY_PATIENT, slow, served.lifecycle, SystemClock(), served.hooks()))
    await asyncio.wait_for(served.listening.wait(), SOON)
    async with httpx2.AsyncClient(timeout=60) as client:
        call = asyncio.create_task(client.post(served.address, content=b"123"))
        await asyncio.wait_for(arrived.wait(), SOON)
        os.kill(os.getpid(), signal.SIGTERM)
        await served.lifecycle.wait()
        assert served.drained == []
        may_answer.set()
        assert (await call).text == "3"
    await asyncio.wait_for(task, SOON)
    assert len(served.drained) == 1
    assert timedelta(seconds=1) <= served.drained[0] <= timedelta(seconds=VERY_PATIENT.drain_seconds)


async def test_the_process_s_own_signal_handlers_are_restored() -> None:
    def own(_number: int, _frame: FrameType | None) -> None:
        """Never called."""

    before = signal.signal(signal.SIGTERM, own)
    try:
        async with serving(PATIENT):
            assert signal.getsignal(signal.SIGTERM) != own
        assert signal.getsignal(signal.SIGTERM) == own
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_a_drain_twice_is_one_drain() -> None:
    lifecycle = Lifecycle()
    assert not lifecycle.is_draining
    for _ in range(2):
        lifecycle.drain()
    await lifecycle.wait()
    assert lifecycle.is_draining


async def test_pending_connections_are_served_and_new_ones_refused() -> None:
    listener = listen("127.0.0.1", 0)
    try:
        place = listener.getsockname()
        with socket.create_connection(place, timeout=SOON) as inside:
            stop_accepting(listener)
            with pytest.raises(TimeoutError):
                socket.create_connection(place, timeout=0.2)
            accepted, _ = listener.accept()
            with accepted:
                inside.sendall(b"hello")
                assert accepted.recv(5) == b"hello"
    finally:
        listener.close()


async def test_during_the_drain_each_connection_has_one_more_answer_that_closes_it() -> None:
    async with serving(PATIENT) as served:
        reader, writer = await served.connect()
        writer.write(GET + b"\r\n")
        assert b"connection: close" not in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n0"), SOON)
        served.lifecycle.drain()
        writer.write(GET + b"\r\n")
        answer = await asyncio.wait_for(reader.read(), SOON)
        assert status_of(answer) == 200
        assert b"connection: close" in answer
        writer.close()


async def test_a_caller_that_connects_while_the_server_stops_is_answered() -> None:
    async with serving(VERY_PATIENT) as served:
        reader, writer = await served.connect()
        served.lifecycle.drain()
        assert status_of(await served.exchange(GET + b"\r\n")) == 200
        writer.write(GET + b"\r\n")
        assert status_of(await asyncio.wait_for(reader.read(), SOON)) == 200
        writer.close()
