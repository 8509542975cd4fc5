"""The feed: stored batches, in the order in which they were stored, for watchers.

Theory of operation. While there are watchers, one task polls the store for new batches, page by page, and keeps the
newest in memory, where each is decoded once, when a watcher needs its events; each watcher has a cursor of its own and
reads from there. A watcher whose cursor is older than what is kept reads pages from the store until it has caught up;
batches that were pruned before are missing there, so it checks for that with each page. So a slow watcher delays no
other, a watcher that returns with its cursor misses nothing, and nothing stays open in the store. The task polls the
store rather than the units of this process: that shows what other processes have stored, and the order in which units
became visible.
"""

import asyncio
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from looply.engine.coding.codec import Codec
from looply.engine.ports.store import Journal, Position, PositionedBatch
from looply.errors import LooplyError, StoreCorrupt, TooManyStreams
from looply.execution.facts.events import Event

_POLL_SECONDS: Final = 0.2
"""Between two reads of a store that other processes write to."""
_GATHER_SECONDS: Final = 0.02
"""Batches that follow soon are read together."""

_TRY_AGAIN: Final = timedelta(seconds=10)
"""What a watcher is asked to wait that gets no place."""
_SHARE: Final = 0.8
"""The share of all watchers that one owner may have."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBounds:
    """How much a feed reads at once and keeps, and how long it waits before it reads a failing store again.

    `page`, `per_watcher` (to one watcher at once, which may stop reading and hold it) and `kept_batches` count batches.
    `kept_bytes` counts stored bytes; in memory a batch takes several times as much.
    """

    page: int = 256
    per_watcher: int = 32
    kept_batches: int = 2048
    kept_bytes: int = 4 * 1024 * 1024
    back_off_seconds: float = 1.0


DEFAULT_FEED_BOUNDS: Final = FeedBounds()


@dataclass(slots=True)
class Committed:
    """One stored batch and its position. `frames` caches what a renderer has made of it for several watchers.

    `load` decodes it, which costs more than all else that a feed does: so it is done once, and only where a watcher
    needs the events. A watcher of one execution learns from the signal alone that it has changed.
    """

    position: Position
    execution_id: str
    organization_id: str
    workflow_id: str
    size: int
    load: Callable[[], Sequence[tuple[int, Event]]]
    frames: Sequence[bytes] | None = None
    _events: Sequence[tuple[int, Event]] | None = field(default=None, init=False)

    @property
    def events(self) -> Sequence[tuple[int, Event]]:
        """The events with their numbers; empty when they cannot be read."""
        if self._events is None:
            # After decoding, the bytes are not needed any more.
            self._events, self.load = self.load(), tuple
        return self._events


class Feed:
    """The feed of one process."""

    def __init__(self, journal: Journal, codec: Codec, most: int, bounds: FeedBounds = DEFAULT_FEED_BOUNDS) -> None:
        """Allows `most` watchers at once, four fifths of them for one owner, so that others always find room."""
        self._journal = journal
        self._codec = codec
        self._most = most
        self._bounds = bounds
        self._owners: Counter[str] = Counter()
        self._signals: dict[str, set[asyncio.Event]] = {}
        self._kept: list[Committed] = []
        self._size = 0
        self._begin: Position | None = None
        self._end: Position = (0, 0)
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def watch(self, key: str, owner: str = "") -> Iterator[asyncio.Event]:
        """Returns a signal that is set when a unit of an organization or execution, whose id is the key, is stored.

        Clear it, read, then wait for it: nothing is missed. `owner` is the organization of the watcher.
        Raises: TooManyStreams.
        """
        if self._owners.total() >= self._most or self._owners[owner] >= math.ceil(self._most * _SHARE):
            message = (
                f"{self._owners.total()} streams of events are open, {self._owners[owner]} of them yours, and "
                "limits.streams allows no more; try again later"
            )
            raise TooManyStreams(message, retry_after=_TRY_AGAIN)
        signal = asyncio.Event()
        self._owners[owner] += 1
        self._signals.setdefault(key, set()).add(signal)
        if not self.is_reading:
            self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield signal
        finally:
            self._owners[owner] -= 1
            if not self._owners[owner]:
                del self._owners[owner]
            self._signals[key].discard(signal)
            if not self._signals[key]:
                del self._signals[key]

    @property
    def is_reading(self) -> bool:
        """Whether the store is read: while there are watchers, and until the last read has ended."""
        return self._task is not None and not self._task.done()

    def wake(self) -> None:
        """Reports that this process has stored a unit; costs nothing without watchers."""
        self._woken.set()

    async def position(self) -> Position:
        """Returns the position after which everything is new from now on."""
        return await self._journal.position()

    def keeps(self, after: Position) -> bool:
        """Returns whether all batches after a position are in memory, where they stay whole whatever is pruned."""
        return self._begin is not None and after >= self._begin

    async def read(self, after: Position) -> Sequence[Committed]:
        """Returns the batches after a position, as many as are read at once; none when there are no new ones.

        Raises: StoreCorrupt, StoreUnreachable, EngineError.
        """
        if self.keeps(after):
            first = bisect_right(self._kept, after, key=lambda committed: committed.position)
            return self._kept[first : first + self._bounds.per_watcher]
        return [self._wrap(placed) for placed in await self._journal.read_committed(after, self._bounds.per_watcher)]

    async def stop(self) -> None:
        """Stops polling. Stopping twice is harmless."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while self._owners.total():
                await self._pause(await self._poll())
        finally:
            self._begin, self._kept, self._size = None, [], 0

    async def _poll(self) -> float:
        """Reads new batches and notifies their watchers; returns how many seconds to wait at most."""
        self._woken.clear()
        try:
            if self._begin is None:
                self._begin = self._end = await self._journal.position()
                # No watcher was notified of what was stored before this position.
                self._notify(list(self._signals))
            batch = [self._wrap(placed) for placed in await self._journal.read_committed(self._end, self._bounds.page)]
        except LooplyError as error:
            # Watchers are woken, read for themselves, and get the error.
            _log.warning("feed_broke", after=self._end, watchers=self._owners.total(), error=error.message)
            self._notify(list(self._signals))
            return self._bounds.back_off_seconds
        if not batch:
            return _POLL_SECONDS
        self._keep(batch)
        self._notify({key for each in batch for key in (each.organization_id, each.execution_id)})
        await asyncio.sleep(_GATHER_SECONDS)
        return 0.0

    async def _pause(self, seconds: float) -> None:
        if seconds:
            try:
                await asyncio.wait_for(self._woken.wait(), seconds)
            except TimeoutError:
                return

    def _keep(self, batch: Sequence[Committed]) -> None:
        self._kept.extend(batch)
        self._end = batch[-1].position
        self._size += sum(each.size for each in batch)
        most, most_bytes = self._bounds.kept_batches, self._bounds.kept_bytes
        if len(self._kept) <= most and self._size <= most_bytes:
            return
        dropped = 0
        while len(self._kept) - dropped > most // 2 or self._size > most_bytes // 2:
            self._size -= self._kept[dropped].size
            dropped += 1
        self._begin = self._kept[dropped - 1].position
        del self._kept[:dropped]

    def _notify(self, keys: Iterable[str]) -> None:
        for key in keys:
            for signal in self._signals.get(key, ()):
                signal.set()

    def _wrap(self, placed: PositionedBatch) -> Committed:
        return Committed(
            position=placed.position,
            execution_id=placed.execution_id,
            organization_id=placed.organization_id,
            workflow_id=placed.workflow_id,
            size=len(placed.batch.events),
            load=partial(self._decode, placed),
        )

    def _decode(self, placed: PositionedBatch) -> Sequence[tuple[int, Event]]:
        try:
            # Large values are not read: streams show them trimmed anyway.
            events = self._codec.decode(placed.batch, None, placed.organization_id, placed.execution_id)
        except StoreCorrupt as error:
            # A read of this execution reports it; watchers of other executions must not be blocked.
            _log.error("feed_skips", execution_id=placed.execution_id, error=error.message)
            return ()
        return list(enumerate(events, placed.batch.first_seq))
