"""The feed: what is stored, in the order in which it was stored, for those who watch.

Theory of operation. While anybody watches, one task reads what is new from the store, page by page, and keeps the last
of it in memory, where it is decoded once when somebody is told of it; each watcher has a place of its own and reads
from there on. One that is behind what is kept reads pages from the store until it is not; what was pruned there before
it came is missing, so it asks for that with each page. So a slow watcher holds up nobody, a watcher that comes back
with its place misses nothing, and nothing stays open in the store. The store is asked rather than told: that shows what
other processes have stored, and the order in which units became visible.
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
from looply.engine.ports.store import Journal, Placed, Position
from looply.errors import LooplyError, StoreCorrupt, TooManyStreams
from looply.execution.facts.events import Event

_POLL_SECONDS: Final = 0.2
_GATHER_SECONDS: Final = 0.02
"""What follows soon is read together."""

_TRY_AGAIN: Final = timedelta(seconds=10)
_SHARE: Final = 0.8
"""What one owner may have of all places."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBounds:
    """How much a feed reads at once and keeps, and how long it leaves a store alone that cannot be read.

    `page`, `given` (to one watcher at once, who may stop reading and hold it) and `kept_batches` count batches.
    `kept_bytes` are counted as they are stored; in memory it is several times as much.
    """

    page: int = 256
    given: int = 32
    kept_batches: int = 2048
    kept_bytes: int = 4 * 1024 * 1024
    back_off_seconds: float = 1.0


DEFAULT_FEED_BOUNDS: Final = FeedBounds()


@dataclass(slots=True)
class Committed:
    """One stored batch, at its place. `frames` is for who renders it for several watchers.

    `load` decodes it, which costs more than all else that a feed does: so it is done once, and only where somebody
    is to be told of the events. Who watches one execution learns from the signal alone that it has moved.
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
        """The events with their numbers; none when they cannot be read."""
        if self._events is None:
            # What was decoded needs its bytes no more.
            self._events, self.load = self.load(), tuple
        return self._events


class Feed:
    """The feed of one process."""

    def __init__(self, journal: Journal, codec: Codec, most: int, bounds: FeedBounds = DEFAULT_FEED_BOUNDS) -> None:
        """`most` watchers at once, of one owner four fifths of them, so that no organization shuts out all others."""
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
        """Gives a signal that is set when something of an organization or execution, whose id is the key, is stored.

        Clear it, read, then wait for it: nothing is missed. `owner` is the organization of who watches.
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
        if self._task is None or self._task.done():
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

    def wake(self) -> None:
        """Says that something was stored here; costs nothing when nobody watches."""
        self._woken.set()

    async def position(self) -> Position:
        """Returns the place behind which everything is new from now on."""
        return await self._journal.position()

    def keeps(self, after: Position) -> bool:
        """Returns whether what follows a place is in memory, where it stays whole whatever is pruned."""
        return self._begin is not None and after >= self._begin

    async def read(self, after: Position) -> Sequence[Committed]:
        """Returns what follows a place, as much as is read at once; nothing when there is nothing new.

        Raises: StoreCorrupt, StoreUnreachable, EngineError.
        """
        if self.keeps(after):
            first = bisect_right(self._kept, after, key=lambda committed: committed.position)
            return self._kept[first : first + self._bounds.given]
        return [self._committed(placed) for placed in await self._journal.committed(after, self._bounds.given)]

    async def stop(self) -> None:
        """Reads no more. Stopping twice is harmless."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while self._owners.total():
                await self._pause(await self._look())
        finally:
            self._begin, self._kept, self._size = None, [], 0

    async def _look(self) -> float:
        """Reads what is new and tells who watches; returns for how many seconds there is nothing to do at most."""
        self._woken.clear()
        try:
            if self._begin is None:
                self._begin = self._end = await self._journal.position()
                # What was stored before this place nobody was told of.
                self._tell(list(self._signals))
            found = [self._committed(placed) for placed in await self._journal.committed(self._end, self._bounds.page)]
        except LooplyError as error:
            # Who watches is woken, looks for itself, and learns what is wrong.
            _log.warning("feed_broke", error=error.message)
            self._tell(list(self._signals))
            return self._bounds.back_off_seconds
        if not found:
            return _POLL_SECONDS
        self._keep(found)
        self._tell({key for each in found for key in (each.organization_id, each.execution_id)})
        await asyncio.sleep(_GATHER_SECONDS)
        return 0.0

    async def _pause(self, seconds: float) -> None:
        if seconds:
            try:
                await asyncio.wait_for(self._woken.wait(), seconds)
            except TimeoutError:
                return

    def _keep(self, found: Sequence[Committed]) -> None:
        self._kept.extend(found)
        self._end = found[-1].position
        self._size += sum(each.size for each in found)
        most, most_bytes = self._bounds.kept_batches, self._bounds.kept_bytes
        if len(self._kept) <= most and self._size <= most_bytes:
            return
        gone = 0
        while len(self._kept) - gone > most // 2 or self._size > most_bytes // 2:
            self._size -= self._kept[gone].size
            gone += 1
        self._begin = self._kept[gone - 1].position
        del self._kept[:gone]

    def _tell(self, keys: Iterable[str]) -> None:
        for key in keys:
            for signal in self._signals.get(key, ()):
                signal.set()

    def _committed(self, placed: Placed) -> Committed:
        return Committed(
            position=placed.position,
            execution_id=placed.execution_id,
            organization_id=placed.organization_id,
            workflow_id=placed.workflow_id,
            size=len(placed.batch.events),
            load=partial(self._decoded, placed),
        )

    def _decoded(self, placed: Placed) -> Sequence[tuple[int, Event]]:
        try:
            # Large values are not read: what is shown of them is trimmed anyway.
            events = self._codec.decode(placed.batch, None, placed.organization_id, placed.execution_id)
        except StoreCorrupt as error:
            # A read of this execution tells it; those who watch others must not stand still.
            _log.error("feed_skips", execution_id=placed.execution_id, error=error.message)
            return ()
        return list(enumerate(events, placed.batch.first_seq))
