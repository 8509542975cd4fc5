"""A client whose calls go to several servers in turn, so that a read after a write goes to another server."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import httpx2

from blackbox.harness.launcher import ANSWER_SECONDS

Addresses = Callable[[], Sequence[str]]


class Rotation(httpx2.BaseTransport):
    """Sends each request to the next of the current addresses."""

    def __init__(self, addresses: Addresses, limits: httpx2.Limits) -> None:
        self._addresses = addresses
        self._turns = itertools.count()
        self._inner = httpx2.HTTPTransport(limits=limits)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        addresses = self._addresses()
        place = httpx2.URL(addresses[next(self._turns) % len(addresses)])
        request.url = request.url.copy_with(host=place.host, port=place.port)
        request.headers["host"] = f"{place.host}:{place.port}"
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def rotating_client(addresses: Addresses, limits: httpx2.Limits | None = None, **options: Any) -> httpx2.Client:
    """Returns a client of several servers. `addresses` is called at each request; its first result must not be empty.

    Its timeout is for slow machines, unless `options` set another one.
    """
    transport = Rotation(addresses, limits or httpx2.Limits())
    return httpx2.Client(base_url=addresses()[0], transport=transport, **{"timeout": ANSWER_SECONDS, **options})
