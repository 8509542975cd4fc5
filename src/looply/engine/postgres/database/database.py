"""The database as the sides of the store see it: reads and writes that survive failures of connections.

Theory of operation. A write is one statement, and so one transaction. Its failures mean:

- the server refused: nothing is stored, and the error says why. A deadlock is retried;
- no connection can be opened: nothing was sent. The write is retried for a while, then the caller gets an error that
  says that nothing was stored;
- the connection broke while the statement was in flight: the outcome is unknown. The session is ended on the server
  first, so that it cannot store anything any more; then the rows say whether it did. Only a server that is stopped
  before that reports the outcome as unknown.

An unreachable database does not end the process: several processes share it, and their state is in it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

import psycopg
import structlog

from looply.clock import Clock
from looply.engine.coding.database_server import CONFLICTS, DISK_FULL, PASSING, SESSION_ENDED, one_line
from looply.engine.postgres.database.connections import READER_OPTIONS, WRITER_OPTIONS, Connection, Connections
from looply.engine.postgres.database.keyed_queue import KeyedQueue, Ticket
from looply.engine.postgres.database.ownership import SessionLock, terminate
from looply.engine.postgres.database.retry_budget import FIRST_PAUSE_SECONDS, RetryBudget, longer
from looply.errors import EngineError, ShuttingDown, StoreCorrupt, StoreFull, StoreLost, StoreUnreachable

Result = TypeVar("Result")
Act = Callable[[Connection], Awaitable[Result]]
LookUp = Callable[[Connection], Awaitable[tuple[Result] | None]]

_log = structlog.get_logger(__name__)

LEASE_IS_OVER: Final = "LP005"
_TRIES = 10
_FULL_SECONDS = 5.0
"""How long the store counts as short of space after a write was refused for it."""
_UNREADABLE = (ValueError, LookupError, TypeError, OverflowError)


class _Failed(NamedTuple):
    """The error of a write, and its session."""

    error: psycopg.Error
    name: str
    is_lost: bool


class Database:
    """Writes and reads of one process. Before `begin` and after `close` writes are refused."""

    def __init__(self, address: str, clock: Clock, *, writers: int, readers: int, lock: str) -> None:
        self._clock = clock
        self.writers = Connections(address, writers, WRITER_OPTIONS)
        self.readers = Connections(address, readers, READER_OPTIONS)
        self.ownership = SessionLock(self.writers, lock)
        self._queue = KeyedQueue()
        self.writing: set[asyncio.Task[Any]] = set()
        """The writes of this process that are in flight, or wait."""
        self.is_open = False
        """Whether writes and reads are accepted."""
        self._new_budget = partial(RetryBudget, clock, lambda: self.is_open)
        self._full_until = float("-inf")
        self.epoch = 0
        self.failure: Exception | None = None

    @property
    def is_full(self) -> bool:
        """Whether the disk of the database was full a moment ago."""
        return self._clock.monotonic() < self._full_until

    @property
    def is_busy(self) -> bool:
        """Whether units of this process are being written."""
        return bool(self.writing)

    def begin(self, epoch: int) -> None:
        """Accepts writes from now on, as the process of this epoch."""
        self.epoch = epoch
        self.is_open = True

    async def write(
        self, act: Act[Result], keys: Collection[Hashable] = (), look_up: LookUp[Result] | None = None
    ) -> Result:
        """Returns what `act` returns, after it is durable; calls with a key in common are made in their order.

        `act` sends one statement. `look_up` finds out, on a later connection, whether it was stored: it returns the
        result in a tuple, or None. Without it, `act` may be repeated. A caller that is cancelled does not stop it.
        Raises: what `act` raises as EngineError (nothing was stored), StoreFull, StoreUnreachable, StoreLost,
        ShuttingDown.
        """
        if self.failure is not None:
            raise StoreLost(str(self.failure))
        if not self.is_open:
            raise ShuttingDown("the store is closed and takes no more units")
        task = asyncio.get_running_loop().create_task(self._run_write(self._queue.enter(keys), act, look_up))
        self.writing.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    async def read(self, act: Act[Result]) -> Result:
        """Returns what `act` returns. It may be called again. Raises: StoreCorrupt, StoreUnreachable, EngineError."""
        budget = self._new_budget()
        while True:
            if not self.is_open:
                raise ShuttingDown("the store is closed, as this server stops; send the call again later")
            try:
                async with self.readers.one() as connection:
                    return await act(connection)
            except psycopg.OperationalError as error:
                await budget.wait(error)
            except psycopg.errors.InternalError as error:
                raise StoreCorrupt(f"the database is damaged: {one_line(error)}; restore it from a backup") from error
            except psycopg.Error as error:
                raise EngineError(f"the database cannot be read: {one_line(error)}") from error
            except _UNREADABLE as error:
                message = f"the database holds what no process has written: {error!r}; restore it from a backup"
                raise StoreCorrupt(message) from error

    async def finish(self) -> None:
        """Finishes the writes in flight and accepts no more; those that wait for an unreachable database fail."""
        self.is_open = False
        while self.writing:
            await asyncio.wait(tuple(self.writing))

    def drop(self) -> None:
        """Drops all connections, and with them the lock."""
        self.writers.close()
        self.readers.close()
        self.ownership.release()

    def abandon(self) -> None:
        """Ends as a crash does."""
        self.is_open = False
        if self.failure is None:
            self.failure = StoreLost("the store was abandoned")
        for task in self.writing:
            task.cancel()
        self.drop()

    def lose(self, reason: str) -> StoreLost:
        """Accepts no more units from now on; returns the error that says why."""
        if self.failure is None:
            self.failure = StoreLost(f"{reason}; nothing more is written")
        return StoreLost(str(self.failure))

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self.writing.discard(task)
        if not task.cancelled():
            # A cancelled caller does not read its exception; that is no defect.
            task.exception()

    async def _run_write(self, ticket: Ticket, act: Act[Result], look_up: LookUp[Result] | None) -> Result:
        async with ticket:
            budget = self._new_budget()
            for _ in range(_TRIES):
                answer = await self._attempt(act, budget)
                if not isinstance(answer, _Failed):
                    return answer[0]
                if answer.is_lost:
                    stored = await self._resolve_outcome(answer.name, look_up)
                    if stored is not None:
                        return stored[0]
                elif not self._should_retry_now(answer.error):
                    await budget.wait(answer.error)
            raise StoreUnreachable(
                "the connections of the executions' database broke again and again; nothing was stored; repeat the call"
            )

    async def _attempt(self, act: Act[Result], budget: RetryBudget) -> "tuple[Result] | _Failed":
        """Sends a write once a connection can be opened; returns its result in a tuple, or how it failed."""
        while True:
            if self.failure is not None:
                raise StoreLost(str(self.failure))
            try:
                if self.ownership.is_in_doubt:
                    await self.ownership.keep()
                async with self.writers.one() as connection:
                    name = connection.info.parameter_status("application_name") or ""
                    try:
                        return (await act(connection),)
                    except psycopg.Error as error:
                        is_lost = connection.closed or (error.sqlstate or "")[:3] == SESSION_ENDED
                        return _Failed(error, name, is_lost)
            except psycopg.Error as error:
                await budget.wait(error)
            except StoreLost as error:
                raise self.lose(error.message) from error

    def _should_retry_now(self, error: psycopg.Error) -> bool:
        """Returns whether to retry at once; False is later. Raises: the error that the caller gets."""
        code = error.sqlstate or ""
        if code in CONFLICTS:
            return True
        if code == LEASE_IS_OVER:
            raise self.lose(lease_lost_reason(self.epoch)) from error
        if code == DISK_FULL:
            self._full_until = self._clock.monotonic() + _FULL_SECONDS
            raise StoreFull(
                "the disk of the executions' database is full; nothing was stored; make space and repeat the call"
            ) from error
        if code[:2] in PASSING:
            return False
        raise EngineError(f"the unit cannot be stored, and was not: {one_line(error)}") from error

    async def _resolve_outcome(self, name: str, look_up: LookUp[Result] | None) -> tuple[Result] | None:
        """Returns the result of a write whose connection broke, None when it was not stored. Raises: StoreLost."""
        pause = FIRST_PAUSE_SECONDS
        while self.is_open:
            try:
                await self.ownership.keep()
                async with self.writers.one() as connection:
                    await terminate(connection, name)
                    return await look_up(connection) if look_up is not None else None
            except psycopg.Error as error:
                if pause == FIRST_PAUSE_SECONDS:
                    _log.warning("outcome_sought", epoch=self.epoch, transaction=name, error=one_line(error))
                await asyncio.sleep(pause)
                pause = longer(pause)
            except StoreLost as error:
                raise self.lose(error.message) from error
        raise StoreLost("the server stopped while the database was away; what was in flight may be stored")


def lease_lost_reason(epoch: int) -> str:
    """Returns why the process of this epoch accepts no more units, and what to do: others do its work by now."""
    reason = f"another process has ended the epoch {epoch} of this one, which did not renew its lease for a while"
    return f"{reason} (paused, or cut off from the database); start this process again"
