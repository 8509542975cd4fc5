"""Spans of ids, for instants and for prefixes, and the limit of a read of everything. The same for every store."""

from datetime import datetime
from typing import Final

from looply.instants import to_ms

LOWEST_ID: Final = bytes(16)
HIGHEST_ID: Final = b"\xff" * 16

AFTER_ALL: Final = "\U0010ffff"
"""The last character: a prefix followed by it sorts after every text with the prefix."""

EVERYTHING: Final = 1_000_000
"""The limit of a read that returns all events of an execution, or all rows of work: far more than there are."""


def first_id(instant: datetime) -> bytes:
    """Returns the lowest id of an instant."""
    stamp = min(max(to_ms(instant), 0), (1 << 48) - 1)
    return stamp.to_bytes(6, "big") + bytes(10)


def id_span(prefix: str) -> tuple[bytes, bytes]:
    """Returns the span of ids whose text begins with a prefix; an empty span when no id can."""
    digits = prefix.replace("-", "")
    example = "00000000-0000-0000-0000-000000000000"
    fits = len(prefix) <= len(example) and all(
        (char == "-") == (place == "-") for char, place in zip(prefix, example, strict=False)
    )
    if not fits or not digits or any(char not in "0123456789abcdef" for char in digits):
        return LOWEST_ID, LOWEST_ID
    return bytes.fromhex(digits.ljust(32, "0")), bytes.fromhex(digits.ljust(32, "f"))
