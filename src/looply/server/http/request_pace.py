"""The pace of an organization's requests while several organizations use the process.

Without it, the organization that sends the most requests has the event loop, and those of others wait behind them.
"""

import time
from collections.abc import Callable, Coroutine, Generator
from datetime import timedelta
from typing import Any, Final, TypeVar

from looply.errors import QuotaReached
from looply.rates import LARGE_JSON, Kind, Turns

Result = TypeVar("Result")

SHARE_PER_SECOND: Final = 150_000
"""Microseconds of each second that the requests of one organization may take."""

BEAT_SECONDS: Final = 0.010
"""Requests that wait begin together so often: ten triggers that share a commit take less than half the time of ten that
come one by one."""

_REQUEST: Final = Kind("request", SHARE_PER_SECOND, BEAT_SECONDS)

BESIDE_MICROSECONDS: Final = 450
"""What a request costs beside its handler: reading and writing of the connection, the commit, the steps. It is charged
when the request begins; the time of the handler is added when it has ended."""

OVERALL: Final = 2.0
"""What is charged of the time of the handler: a long one also makes the garbage collector and other threads work."""

MAX_WAIT_SECONDS: Final = 5.0
"""A request, or its large body, that would wait for longer is refused; this bounds what is held in memory."""


class RequestPace:
    """Delays the requests of an organization that takes more than its share of the event loop.

    Guarantees: an organization that is alone, or below its share, does not wait.
    """

    def __init__(self, turns: Turns, timer: Callable[[], float] = time.perf_counter) -> None:
        """A unit of the requests' `turns` is a microsecond; `timer` returns seconds."""
        self._turns = turns
        self._timer = timer

    async def handle(self, owner: str, request: Coroutine[Any, None, Result]) -> Result:
        """Returns the result of a request, after the turn of its owner has come.

        Raises: QuotaReached when it would wait for more than `MAX_WAIT_SECONDS`; what the request raises.
        """
        if self._turns.note(owner):
            return await request
        try:
            reason = "the organization uses more than its share of the server while other organizations use it"
            check_turn(self._turns, owner, reason, kind=_REQUEST)
        except QuotaReached:
            request.close()
            raise
        await self._turns.wait(owner, BESIDE_MICROSECONDS, _REQUEST)
        metered = _Metered(request, self._timer)
        try:
            return await metered
        finally:
            self._turns.reserve(owner, OVERALL * 1_000_000 * metered.seconds, _REQUEST)


def check_turn(turns: Turns, owner: str, reason: str, advice: str = "", kind: Kind = LARGE_JSON) -> None:
    """Refuses work that would wait for more than `MAX_WAIT_SECONDS`. Raises: QuotaReached."""
    if (wait := turns.wait_seconds(owner, kind)) > MAX_WAIT_SECONDS:
        raise QuotaReached(f"{reason}; repeat in {wait:.0f} s{advice}", retry_after=timedelta(seconds=wait))


class _Metered(Generator[Any, None, Result]):
    """Awaits a coroutine and adds up the seconds for which it holds the event loop."""

    def __init__(self, work: Coroutine[Any, None, Result], timer: Callable[[], float]) -> None:
        self.seconds = 0.0
        self._work = work
        self._timer = timer

    def __await__(self) -> Generator[Any, None, Result]:
        return self

    def send(self, value: None) -> Any:
        """Runs the coroutine up to what it awaits next."""
        start = self._timer()
        try:
            return self._work.send(value)
        finally:
            self.seconds += self._timer() - start

    def throw(self, *error: Any) -> Any:
        """Raises an error, such as a cancellation, in the coroutine, and runs it up to what it awaits next."""
        start = self._timer()
        try:
            return self._work.throw(*error)
        finally:
            self.seconds += self._timer() - start
