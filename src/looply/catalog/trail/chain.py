"""The hash chain of an organization's audit log, which makes altered, removed and inserted records detectable.

Each record has a number, from 1 on without gaps, and a SHA-256 over the hash of the record before it and its own
content. The head of the chain stores the number and the hash of the newest record, so that its removal is detected,
too. An attacker who can write to the database can compute a whole new chain; that is detected only by comparison with
a number and a hash that were saved elsewhere.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

import msgspec

from looply.jsontext import Json, canonical_json

BEGIN: Final = bytes(32)
"""The previous hash of the first record."""

MAX_BREAKS: Final = 20
"""Breaks of one chain that are reported at most."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """The hashed content of one record: `at_ms` in epoch milliseconds, `actor` a key id or None."""

    organization_id: str
    number: int
    at_ms: int
    actor: str | None
    action: str
    object_id: str
    details: Json

    def hash_after(self, previous: bytes) -> bytes:
        """Returns the hash of this record (32 bytes), which includes the hash of the previous record."""
        content = [
            self.organization_id,
            self.number,
            self.at_ms,
            self.actor,
            self.action,
            self.object_id,
            self.details,
        ]
        return hashlib.sha256(previous + canonical_json(content)).digest()


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a chain: the number of records, and the hash of the newest one."""

    count: int
    hash: bytes


EMPTY: Final = Head(count=0, hash=BEGIN)


class ChainCheck:
    """Verifies a chain record by record, in the order of their numbers, from the first one on."""

    def __init__(self) -> None:
        self._last = EMPTY
        self._found: list[str] = []

    @property
    def last(self) -> Head:
        """The record that was verified last."""
        return self._last

    def add(self, link: Link, stored: bytes) -> None:
        """Verifies the next record against its stored hash."""
        expected = self._last.count + 1
        if link.number < expected:
            self._break(f"record {link.number} has a duplicate or invalid number: it was inserted")
            return
        if link.number > expected:
            self._break(f"{_span(expected, link.number - 1)} missing")
        elif link.hash_after(self._last.hash) != stored:
            self._break(f"record {link.number} was altered, or record {expected - 1} before it was replaced")
        self._last = Head(count=link.number, hash=stored)

    def breaks(self, head: Head | None) -> list[str]:
        """Returns the breaks of the chain, which ends here, none when it is intact; `head` is the stored head."""
        return [*self._found, *_breaks_at_the_end(self._last, head)]

    def _break(self, text: str) -> None:
        if len(self._found) < MAX_BREAKS:
            self._found.append(text)


def _breaks_at_the_end(last: Head, head: Head | None) -> Iterator[str]:
    if head is None:
        if last.count:
            yield "the head of the chain is missing"
    elif last.count < head.count:
        yield f"{_span(last.count + 1, head.count)} missing"
    elif last.count > head.count:
        yield f"{_span(head.count + 1, last.count)} not counted: inserted, or the head was set back"
    elif last.hash != head.hash:
        yield f"record {last.count} is not the one that the head of the chain names"


def _span(first: int, last: int) -> str:
    return f"record {first} is" if first == last else f"records {first} to {last} are"
