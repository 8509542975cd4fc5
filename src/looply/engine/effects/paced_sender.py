"""A sender whose large responses come one after the other, so that those of one organization leave time to others."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from looply.clock import Clock
from looply.connectors.port import HttpRequest, HttpResponse, HttpSender
from looply.jsontext import work_units
from looply.rates import HEAVY_BYTES, WorkPace

LONGEST_WAIT: Final = 30.0
"""Seconds that a response waits at most; longer waits would exceed the time after which a call is abandoned."""


class PacedSender:
    """See `HttpSender`. The slot of the call stays taken while its response waits, which bounds how many wait."""

    def __init__(
        self,
        sender: HttpSender,
        owner: str,
        pace: WorkPace,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sender = sender
        self._owner = owner
        self._pace = pace
        self._clock = clock
        self._sleep = sleep

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Sends one request; a large response is returned when its turn has come. Raises: as `HttpSender.send`."""
        response = await self._sender.send(request)
        if len(response.content) > HEAVY_BYTES:
            wait = self._pace.reserve(self._owner, work_units(response.content), self._clock.monotonic())
            if wait:
                await self._sleep(min(wait, LONGEST_WAIT))
        return response
