"""Connections that are kept between calls: what became of them is found before the next call is sent."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from looply.connectors.client import HttpClient
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
