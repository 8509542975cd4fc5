"""Connections that are kept between calls: what became of them is found before the next call is sent."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpcore2
import httpx2
import pytest

from looply.connectors.client import HttpClient
from looply.connectors.outbound.transport import _Connection, _OwnedOrigin, _OwnedURL
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import HttpRequest

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


@pytest.mark.parametrize("late", [_HEAD % 7 + b"unasked", b""])
async def test_what_comes_after_the_pool_has_looked_is_given_to_no_call(
    late: bytes, serve: Any, open_client: Callable[..., HttpClient]
) -> None:
    writers: list[asyncio.StreamWriter] = []

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(_HEAD % 5 + b"asked")

    client = open_client()
    request = HttpRequest(method="GET", url=parse_url(f"http://127.0.0.1:{await serve(peer)}/"))
    for calls in (1, 2, 3):
        response = await client.sender(timedelta(minutes=2)).send(request)
        assert (response.content, len(writers)) == (b"asked", calls)
        if late:
            writers[-1].write(late)
            await writers[-1].drain()
        else:
            writers[-1].close()
            await writers[-1].wait_closed()


class Ageing(_Connection):
    """A connection that becomes stale after it was asked once, as one at the end of its time does."""

    asked = 0

    def _is_stale(self) -> bool:
        self.asked += 1
        return self.asked > 1


async def test_a_connection_that_becomes_stale_while_a_call_is_sent_sends_it() -> None:
    origin = _OwnedOrigin("a", httpcore2.Origin(b"http", b"some.example", 80), needs_fresh=False)
    backend = httpcore2.AsyncMockBackend([_HEAD % 5 + b"asked"])
    connection = Ageing(origin=origin, network_backend=backend)
    url = _OwnedURL("a", httpx2.URL("http://some.example/"), "POST")
    response = await connection.handle_async_request(
        httpcore2.Request("POST", url, headers=[(b"host", b"some.example"), (b"content-length", b"0")])
    )
    assert response.status == 200
