"""The only source of time and randomness. All other code is given a `Clock` and an `Ids`."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(instant: datetime) -> int:
    """Returns the instant as milliseconds since 1970-01-01 UTC, rounded down."""
    return (instant - EPOCH) // _MILLISECOND


def ms_or_none(instant: datetime | None) -> int | None:
    """Returns `to_ms` of an instant, None for None."""
    return None if instant is None else to_ms(instant)


def from_ms(value_ms: int) -> datetime:
    """Returns the aware UTC instant of a count of milliseconds since 1970-01-01."""
    return EPOCH + timedelta(milliseconds=value_ms)


def instant_or_none(value_ms: int | None) -> datetime | None:
    """Returns `from_ms` of a count of milliseconds, None for None."""
    return None if value_ms is None else from_ms(value_ms)


def rfc3339(instant: datetime) -> str:
    """Returns a UTC instant as RFC 3339 text with milliseconds and `Z`."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Clock(Protocol):
    """A source of time. Instants are aware, UTC and whole milliseconds."""

    def now(self) -> datetime:
        """Returns the instant of the wall clock; it may go back when the machine's clock is set."""
        ...

    def monotonic(self) -> float:
        """Returns seconds that never go back, counted from an arbitrary origin."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Returns the wall clock's instant, whole milliseconds, UTC."""
        return from_ms(time.time_ns() // 1_000_000)

    def monotonic(self) -> float:
        """Returns the machine's monotonic clock in seconds."""
        return time.monotonic()


class Entropy(Protocol):
    """A source of unpredictable bytes."""

    def token(self, size: int) -> bytes:
        """Returns `size` random bytes."""
        ...


class SystemEntropy:
    """The operating system's random bytes."""

    def token(self, size: int) -> bytes:
        """Returns `size` random bytes."""
        return secrets.token_bytes(size)


class Ids:
    """Generates UUIDv7 ids (RFC 9562 §5.7) that strictly increase within one process.

    `floor` is the highest id that is stored already: every new id is higher, so that a clock that was set back does
    not reorder lists.
    """

    def __init__(self, entropy: Entropy, floor: UUID | None = None) -> None:
        self._entropy = entropy
        self._last = floor.int if floor is not None else 0

    def next(self, at: datetime) -> UUID:
        """Returns an id whose time is `at`, or later when an id with a later time was returned before."""
        stamp = to_ms(at) << 80
        noise = int.from_bytes(self._entropy.token(10), "big")
        rand_a, rand_b = noise >> 68, noise & ((1 << 62) - 1)
        candidate = stamp | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
        if candidate <= self._last:
            candidate = _successor(self._last)
        self._last = candidate
        return UUID(int=candidate)


def _successor(last: int) -> int:
    """Returns the next larger UUIDv7 by counting in its 74 random bits, carrying into the time."""
    stamp, rand_a, rand_b = last >> 80, (last >> 64) & 0xFFF, last & ((1 << 62) - 1)
    counter = ((stamp << 74) | (rand_a << 62) | rand_b) + 1
    stamp, rand_a, rand_b = counter >> 74, (counter >> 62) & 0xFFF, counter & ((1 << 62) - 1)
    return stamp << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b


def id_time(text: str) -> datetime:
    """Returns the instant in the first 48 bits of a UUIDv7, given as its text."""
    return from_ms(int(text[:8] + text[9:13], 16))
