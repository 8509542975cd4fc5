"""Documents of other systems are read once, and kept within bounds."""

import asyncio
from typing import Any

import pytest

from looply.connectors.outbound import documents
from looply.connectors.outbound.documents import MAX_DOCUMENTS, Document, DocumentCache


class Source:
    """Counts its reads, and fails when `failure` is set."""

    def __init__(self, size: int = 1) -> None:
        self.reads = 0
        self.size = size
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self) -> Document:
        self.reads += 1
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return Document(self.reads, self.size, 60.0)


async def test_calls_at_once_read_a_document_once(clock: Any) -> None:
    cache, source = DocumentCache(clock), Source()
    source.gate.clear()
    calls = [asyncio.create_task(cache.get("a", source.load)) for _ in range(24)]
    await asyncio.sleep(0)
    source.gate.set()
    assert await asyncio.gather(*calls) == [1] * 24
    assert source.reads == 1


async def test_a_document_is_read_again_when_it_is_too_old(clock: Any) -> None:
    cache, source = DocumentCache(clock), Source()
    assert await cache.get("a", source.load) == 1
    clock.seconds += 59
    assert await cache.get("a", source.load) == 1
    assert await cache.get("a", source.load, max_age_seconds=10) == 2
    clock.seconds += 61
    assert await cache.get("a", source.load) == 3


async def test_a_failed_read_is_not_kept(clock: Any) -> None:
    cache, source = DocumentCache(clock), Source()
    source.failure = ValueError("x")
    with pytest.raises(ValueError, match="x"):
        await cache.get("a", source.load)
    source.failure = None
    assert await cache.get("a", source.load) == 2


async def test_the_caller_that_reads_may_end_before_the_others(clock: Any) -> None:
    cache, source = DocumentCache(clock), Source()
    source.gate.clear()
    first = asyncio.create_task(cache.get("a", source.load))
    second = asyncio.create_task(cache.get("a", source.load))
    await asyncio.sleep(0)
    first.cancel()
    source.gate.set()
    assert await second == 2


async def test_the_oldest_documents_are_dropped_over_the_bounds(clock: Any) -> None:
    cache, source = DocumentCache(clock), Source()
    for key in range(MAX_DOCUMENTS + 1):
        await cache.get(key, source.load)
    await cache.get(1, source.load)
    assert source.reads == MAX_DOCUMENTS + 1
    await cache.get(0, source.load)
    assert source.reads == MAX_DOCUMENTS + 2

    large = Source(size=documents.MAX_BYTES // 2 + 1)
    for key in ("x", "y", "x"):
        await cache.get(key, large.load)
    assert large.reads == 3
