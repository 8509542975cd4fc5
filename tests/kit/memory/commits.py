"""The commits of the memory store: groups like those of a disk, and the faults that tests cause."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from kit.memory.data import MemoryData
from looply.errors import EngineError, ShuttingDown, StoreFull, StoreLost

Result = TypeVar("Result")
Fault: TypeAlias = Literal["FULL", "LOST_BEFORE", "LOST_AFTER"]
"""How a group fails: nothing is stored; unknown and not stored; unknown and stored."""


class _Item(NamedTuple):
    write: Callable[[], object]
    future: "asyncio.Future[Any]"


class Commits:
    """Takes writes in order; all that wait at one turn of the loop are one group.

    `groups` counts the groups that were stored, `units` the writes in them.
    """

    def __init__(self, data: MemoryData) -> None:
        self._data = data
        self._epoch = 0
        self._waiting: list[_Item] = []
        self._faults: deque[Fault] = deque()
        self._is_held = False
        self._is_open = False
        self._is_planned = False
        self.failure: Exception | None = None
        self.groups = 0
        self.units = 0

    @property
    def waiting(self) -> int:
        """How many writes are held or wait for the next turn."""
        return len(self._waiting)

    def begin(self, epoch: int) -> None:
        """Takes writes from now on, while the epoch of the data is this one."""
        self._epoch = epoch
        self._is_open = True

    def fail_next(self, *faults: Fault) -> None:
        """Lets the next groups fail in these ways, one each."""
        self._faults.extend(faults)

    def hold(self) -> None:
        """Holds back all writes until `release`; they make one group then."""
        self._is_held = True

    def release(self) -> None:
        """Stores what was held, at the next turn of the loop."""
        self._is_held = False
        if self._waiting:
            self._plan()

    def submit(self, write: Callable[[], Result]) -> "asyncio.Future[Result]":
        """Queues a write; its future is done after its group is stored."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        if self.failure is not None:
            future.set_exception(StoreLost(str(self.failure)))
        elif not self._is_open:
            future.set_exception(ShuttingDown("the store is closed and takes no more units"))
        else:
            self._waiting.append(_Item(write, future))
            if not self._is_held:
                self._plan()
        return future

    def finish(self) -> None:
        """Stores what is queued and takes nothing more."""
        self._is_held = False
        self._flush()
        self._is_open = False

    def crash(self) -> None:
        """Loses what is queued, as the end of the process does: none of it is stored."""
        group, self._waiting = self._waiting, []
        self.failure = StoreLost("the store was abandoned")
        self._refuse(group, None)

    def _plan(self) -> None:
        if not self._is_planned:
            self._is_planned = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._is_planned = False
        if self._is_held or not self._waiting:
            return
        group, self._waiting = self._waiting, []
        fault = self._faults.popleft() if self._faults else None
        if self._data.epoch != self._epoch:
            self.failure = StoreLost("another process has taken the store over")
        if self.failure is not None or fault in ("FULL", "LOST_BEFORE"):
            self._refuse(group, fault)
            return
        answers = [(item.future, *_outcome(item)) for item in group]
        self.groups += 1
        self.units += len(group)
        if fault == "LOST_AFTER":
            self._refuse(group, fault)
            return
        for future, result, error in answers:
            if future.done():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

    def _refuse(self, group: list[_Item], fault: Fault | None) -> None:
        if fault != "FULL" and self.failure is None:
            self.failure = StoreLost("the store failed while committing; what was in flight may be stored")
        for item in group:
            if not item.future.done():
                is_full = self.failure is None
                item.future.set_exception(StoreFull("the disk is full") if is_full else StoreLost(str(self.failure)))


def _outcome(item: _Item) -> tuple[object, EngineError | None]:
    try:
        return item.write(), None
    except EngineError as error:
        return None, error
