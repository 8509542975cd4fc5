"""Documents of other systems that change rarely, read once and kept in memory: descriptions of services."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from looply.clock import Clock

MAX_DOCUMENTS: Final = 200
MAX_BYTES: Final = 64 * 1024 * 1024
"""Bytes of the texts of all kept documents together."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was read. `size` is the bytes of its text; it is kept for `max_age_seconds`."""

    value: Any
    size: int
    max_age_seconds: float


@dataclass(slots=True)
class _Entry:
    document: Document | None = None
    read_at: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    readers: int = 0


Load: TypeAlias = Callable[[], Awaitable[Document]]


class DocumentCache:
    """Keeps the most recently used documents of the process, at most `MAX_DOCUMENTS` with `MAX_BYTES` of text.

    A key is made of the address and the credentials by which a document is read, so a call never gets one that its own
    credentials could not have read.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    async def get(self, key: Hashable, load: Load, *, max_age_seconds: float = float("inf")) -> Any:
        """Returns the value of a document, read by `load` unless a kept one is at most `max_age_seconds` old.

        Calls for the same key wait for the one that reads; when it fails, the next one reads. Raises: as `load`.
        """
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry()
        self._entries.move_to_end(key)
        # While another call reads a newer one, all others wait for it.
        if not entry.readers and (kept := entry.document) is not None and self._is_young(entry, kept, max_age_seconds):
            return kept.value
        entry.readers += 1
        try:
            async with entry.lock:
                if entry.document is None or not self._is_young(entry, entry.document, max_age_seconds):
                    entry.document = await load()
                    entry.read_at = self._clock.monotonic()
                return entry.document.value
        finally:
            entry.readers -= 1
            self._shrink()

    def _is_young(self, entry: _Entry, document: Document, max_age_seconds: float) -> bool:
        return self._clock.monotonic() - entry.read_at <= min(max_age_seconds, document.max_age_seconds)

    def _shrink(self) -> None:
        """Drops the documents that were not used for the longest time, and entries whose read failed."""
        size = sum(entry.document.size for entry in self._entries.values() if entry.document is not None)
        for key, entry in list(self._entries.items()):
            is_over = len(self._entries) > MAX_DOCUMENTS or size > MAX_BYTES
            if entry.readers or not (entry.document is None or is_over):
                continue
            size -= 0 if entry.document is None else entry.document.size
            del self._entries[key]
