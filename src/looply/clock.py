"""The only source of time and randomness. All other code is given a `Clock` and an `Ids`."""

import secrets
import time
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from looply.instants import from_ms, to_ms


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


_BLOCK_BYTES: Final = 4096


class BlockEntropy:
    """Random bytes of a source, read in blocks, for one thread: no byte is returned twice.

    A read of the operating system's gives the interpreter to another thread, which costs far more than the bytes.
    """

    def __init__(self, source: Entropy) -> None:
        self._source = source
        self._block = b""
        self._at = 0

    def token(self, size: int) -> bytes:
        """Returns `size` random bytes."""
        end = self._at + size
        if end > len(self._block):
            self._block, self._at, end = self._source.token(max(size, _BLOCK_BYTES)), 0, size
        found = self._block[self._at : end]
        self._at = end
        return found


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
