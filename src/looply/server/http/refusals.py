"""Refused keys and tokens: counted, logged once per minute and address, and rate-limited by address."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal, NoReturn, TypeAlias

import msgspec
import structlog

from looply.clock import Clock
from looply.errors import TooManyRefusals
from looply.server.callers.client_addresses import network_of

_log = structlog.get_logger(__name__)

Credential: TypeAlias = Literal["key", "inbox_token", "metrics_token", "teams_token"]

MAX_ADDRESSES: Final = 4096
"""Addresses that are counted separately; any further ones are counted together."""

_WINDOW_SECONDS: Final = 60.0
_OTHERS: Final = "others"


class _Window(msgspec.Struct):
    """The refusals of one address; `since` is when the first one was counted, in seconds of the monotonic clock."""

    since: float
    count: int = 0


class RefusalLimiter:
    """Counts the refused credentials of one process by address, in windows of a minute.

    Guarantees: memory for 4,096 addresses, however many call. IPv6 addresses count as their network of 64 bits.
    A call is recorded only after its credential was refused, so a valid credential is never refused here.
    """

    def __init__(self, clock: Clock, per_minute: int, count: Callable[[Credential], None]) -> None:
        """`count` is called for each refusal. After `per_minute` refusals of an address, further ones are 429."""
        self._clock = clock
        self._per_minute = per_minute
        self._count = count
        self._windows: dict[str, _Window] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def record(self, address: str, credential: Credential, route: str, error: Exception) -> NoReturn:
        """Records the refusal of a call for a route and raises its error.

        Raises: TooManyRefusals instead of `error` once the address has exceeded its limit for the minute.
        """
        self._count(credential)
        window = self._window(network_of(address), credential, route)
        window.count += 1
        if window.count <= self._per_minute:
            raise error
        left = window.since + _WINDOW_SECONDS - self._clock.monotonic()
        raise TooManyRefusals(
            f"more than {self._per_minute} calls of this address were refused within a minute (setting "
            "refusals_per_minute); a call with a valid key or token is answered, others again after Retry-After",
            retry_after=timedelta(seconds=left),
        ) from error

    def _window(self, address: str, credential: Credential, route: str) -> _Window:
        now = self._clock.monotonic()
        known = self._windows.get(address)
        if known is None and len(self._windows) >= MAX_ADDRESSES:
            oldest = next(iter(self._windows))
            if self._is_past(self._windows[oldest], now):
                del self._windows[oldest]
            else:
                address = _OTHERS
                known = self._windows.get(address)
        if known is not None and not self._is_past(known, now):
            return known
        before = known.count if known is not None else 0
        # Removed and added again, so that the first window is always the oldest one.
        self._windows.pop(address, None)
        window = self._windows[address] = _Window(now)
        _log.warning("calls_refused", address=address, kind=credential, route=route, refused_before=before)
        return window

    @staticmethod
    def _is_past(window: _Window, now: float) -> bool:
        return now - window.since >= _WINDOW_SECONDS
