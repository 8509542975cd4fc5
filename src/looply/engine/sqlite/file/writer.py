"""The writer: one thread, one connection, and all waiting writes in one transaction.

Theory of operation. Each write runs in a savepoint of its own, so one that conflicts fails alone. The transaction is
flushed once for all of them, and their callers are answered together after it. What a failed transaction means:

- the disk is full, or another program holds the file locked: SQLite has rolled everything back, so nothing of the group
  is stored, and later writes are taken;
- anything else while writing: what is on the disk is unknown. Every caller gets an error that says so, and no more
  writes are taken; the process must end, and read the file at its next start.

A flush costs more than many writes. Callers that were answered together tend to come back together, within the time
that their next calls take to compute; a writer that took the first of them at once would flush once for every two or
three. So after a group of several it waits for as many again, two milliseconds at most and only while more keep
coming. A caller on its own never waits.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple, TypeVar

import apsw

from looply.engine.sqlite.file.checkpoints import Checkpointer
from looply.engine.sqlite.file.reserve import Reserve
from looply.errors import EngineError, ShuttingDown, StoreCorrupt, StoreFull, StoreLost, StoreUnreachable

Result = TypeVar("Result")
Write = Callable[[apsw.Connection], Any]

GROUP: Final = 512
"""Writes of one transaction at most."""

_GATHER_ROUNDS: Final = 4
_GATHER_SECONDS: Final = 0.0005
_EPOCH = "SELECT value FROM meta WHERE key = 'epoch'"
# What one write can do wrong without harm to the others of its group.
_OWN_FAULTS = (apsw.ConstraintError, apsw.TooBigError, LookupError, ValueError, TypeError, OverflowError)


class _Item(NamedTuple):
    write: Write
    future: "asyncio.Future[Any]"


class _Outcome(NamedTuple):
    future: "asyncio.Future[Any]"
    result: Any
    error: Exception | None


class _Queue:
    """The writes that wait for the writer, in order. `None` in it is the end."""

    def __init__(self) -> None:
        self._items: SimpleQueue[_Item | None] = SimpleQueue()
        self.put = self._items.put
        self.size = self._items.qsize

    def end(self) -> None:
        """Lets the writer end after the queued writes."""
        self._items.put(None)

    def next_group(self, usual: int) -> tuple[list[_Item], bool]:
        """Waits for a write; returns it with all that wait behind it, and whether the end was met.

        `usual` is the size of the group before: that number is worth a moment of waiting, while writes keep coming.
        """
        item = self._items.get()
        if item is None:
            return [], True
        group = [item]
        is_ended = self._drain(group)
        for _ in range(_GATHER_ROUNDS):
            if is_ended or len(group) >= min(usual, GROUP):
                break
            known = len(group)
            time.sleep(_GATHER_SECONDS)
            is_ended = self._drain(group)
            if len(group) == known:
                break
        return group, is_ended

    def _drain(self, group: list[_Item]) -> bool:
        """Adds what waits to the group, as far as it may grow; returns whether the end was met."""
        while len(group) < GROUP:
            try:
                item = self._items.get_nowait()
            except Empty:
                return False
            if item is None:
                return True
            group.append(item)
        return False

    def take_rest(self) -> list[_Item]:
        """Takes out the writes that will not be committed any more."""
        found = []
        while not self._items.empty():
            if (item := self._items.get()) is not None:
                found.append(item)
        return found


def ignore_group(_writes: int) -> None:
    """The listener of a store that is not measured."""


class Writer:
    """Takes writes from one event loop and commits them in the order in which they come."""

    def __init__(
        self,
        connection: apsw.Connection,
        epoch: int,
        checkpointer: Checkpointer,
        reserve: Reserve,
        on_rollback: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._on_rollback = on_rollback
        self._epoch = epoch
        self._checkpointer = checkpointer
        checkpointer.on_failure = partial(self._lose, work="its log was moved into its file")
        self._reserve = reserve
        self._loop = asyncio.get_running_loop()
        self._queue = _Queue()
        self._thread = threading.Thread(target=self._run, name="looply-writer", daemon=True)
        self._is_open = True
        self.failure: Exception | None = None
        """The error after which no more writes are taken."""
        self.groups = 0
        """Transactions so far."""
        self.on_group: Callable[[int], None] = ignore_group
        """Called in the writer's thread with the number of writes of each transaction."""

    @property
    def waiting(self) -> int:
        """About how many writes wait for the next transaction."""
        return self._queue.size()

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def submit(self, write: Callable[[apsw.Connection], Result]) -> "asyncio.Future[Result]":
        """Queues a write; its future is done after the transaction is on disk.

        The future raises what `write` raises as EngineError (only its own changes are undone), StoreFull,
        StoreUnreachable (nothing of the transaction was stored), StoreLost, ShuttingDown.
        """
        future: asyncio.Future[Result] = self._loop.create_future()
        if self.failure is not None:
            future.set_exception(StoreLost(str(self.failure)))
        elif not self._is_open:
            future.set_exception(ShuttingDown("the store is closed and takes no more units"))
        else:
            self._queue.put(_Item(write, future))
        return future

    def close(self, *, drains: bool = True) -> None:
        """Commits the queued writes if `drains`, and ends the thread. The connection stays open."""
        self._is_open = False
        if not drains:
            self._lose("the store was abandoned")
        self._queue.end()
        self._thread.join()

    def _run(self) -> None:
        is_ended = False
        group: list[_Item] = []
        usual = 1
        try:
            while not is_ended:
                group, is_ended = self._queue.next_group(usual)
                if group:
                    usual = len(group)
                    self._answer(self._commit(group))
                    group = []
        finally:
            # Reached with open work only by a defect: no caller may wait for ever.
            self._is_open = False
            if group or not is_ended:
                self._lose("the writer broke")
            self._answer(
                [_Outcome(item.future, None, self._lost_error()) for item in (*group, *self._queue.take_rest())]
            )

    def _commit(self, group: list[_Item]) -> list[_Outcome]:
        if self.failure is not None:
            return [_Outcome(item.future, None, self._lost_error()) for item in group]
        try:
            outcomes = self._transaction(group)
        except apsw.Error as error:
            self._roll_back()
            failure = self._settle_failure(error)
            return [_Outcome(item.future, None, failure) for item in group]
        if outcomes is None:
            return [_Outcome(item.future, None, self._lost_error()) for item in group]
        self._after_commit()
        return outcomes

    def _transaction(self, group: list[_Item]) -> list[_Outcome] | None:
        """Returns the outcome of each write, or None when another process owns the file by now."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        epoch = connection.execute(_EPOCH).get
        if epoch != self._epoch:
            connection.execute("ROLLBACK")
            self._lose(f"another process has taken the store over: its epoch is {epoch}, ours {self._epoch}")
            return None
        outcomes = [self._run_write(connection, item) for item in group]
        connection.execute("COMMIT")
        self.groups += 1
        self.on_group(len(group))
        return outcomes

    def _run_write(self, connection: apsw.Connection, item: _Item) -> _Outcome:
        connection.execute("SAVEPOINT one")
        try:
            result = item.write(connection)
        except EngineError as error:
            connection.execute("ROLLBACK TO one")
            connection.execute("RELEASE one")
            return _Outcome(item.future, None, error)
        except _OWN_FAULTS as error:
            if not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO one")
            connection.execute("RELEASE one")
            failure = EngineError(f"the unit cannot be stored, and was not: {error}")
            failure.__cause__ = error
            return _Outcome(item.future, None, failure)
        connection.execute("RELEASE one")
        return _Outcome(item.future, result, None)

    def _settle_failure(self, error: apsw.Error) -> EngineError:
        """Gives up the reserve or ends the writing, as the error of a transaction demands; returns that for callers."""
        if isinstance(error, apsw.FullError):
            self._reserve.give_up()
        refusal = _refusal_of(error)
        if refusal is not None:
            return refusal
        if isinstance(error, apsw.CorruptError | apsw.NotADBError):
            self.failure = StoreCorrupt(f"the store's file is damaged: {error}; restore it from a backup")
        else:
            self._lose(f"{error} ({type(error).__name__})")
        return self._lost_error()

    def _roll_back(self) -> None:
        self._on_rollback()
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except apsw.Error:
                # The error before it is the one that counts.
                return

    def _after_commit(self) -> None:
        self._checkpointer.notify_commit()
        if not self._reserve.is_held:
            self._reserve.restore()
        if self._checkpointer.wants_restart:
            self._checkpointer.wants_restart = False
            self._checkpointer.restart(self._connection)

    def _lose(self, reason: str, work: str = "committing") -> None:
        if self.failure is None:
            self.failure = StoreLost(f"the store failed while {work}: {reason}; what was in flight may be stored")

    def _lost_error(self) -> StoreLost:
        return StoreLost(str(self.failure))

    def _answer(self, outcomes: list[_Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(_resolve, outcomes)
        except RuntimeError:
            # The loop is closed: no caller waits any more.
            return


def _refusal_of(error: apsw.Error) -> StoreFull | StoreUnreachable | None:
    """Returns the error of a transaction of which nothing was stored and after which others may follow, or None."""
    if isinstance(error, apsw.FullError):
        return StoreFull("the disk is full; nothing was stored. Make space: work continues by itself")
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return StoreUnreachable(
            "another program holds the store's file locked; nothing was stored; stop the program that holds it;"
            " the call can be repeated"
        )
    return None


def _resolve(outcomes: list[_Outcome]) -> None:
    for future, result, error in outcomes:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
