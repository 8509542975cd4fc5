"""The catalog's database: runs functions in transactions, on separate threads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, StatementError

from looply.catalog.storage.coalescing import CoalescedReads
from looply.catalog.storage.pages import READ_ERRORS, unreadable_error
from looply.errors import BadRequest, LooplyError, Overloaded, ShuttingDown

Result = TypeVar("Result")
Function = Callable[[Connection], Result]

# Calls that may be queued; at well under a millisecond each they are served within a second.
MAX_PENDING: Final = 1000


class Backend(Protocol):
    """One kind of database. Its methods block, and `CatalogDatabase` runs them on its threads.

    They may raise errors of the driver, which `translate_error` translates.
    """

    readers: int
    """How many reads may run concurrently; 0 when reads and writes are serialized on one thread."""
    is_shared: bool
    """Whether other processes change it too, so that `changes` must be queried."""
    errors: tuple[type[Exception], ...]
    """The exceptions of the driver."""

    def open(self) -> None:
        """Verifies the stored data and upgrades its tables to the current schema, atomically."""
        ...

    def read(self, function: Function[Result]) -> Result:
        """Returns the result of `function` in a read transaction; all its statements see one snapshot."""
        ...

    def write(self, function: Function[Result]) -> Result:
        """Returns the result of `function` once its transaction is durable; writers of all processes are serialized."""
        ...

    def changes(self) -> int:
        """Returns the number of stored changes, which includes every acknowledged write."""
        ...

    def acquire_lock(self) -> Callable[[], None]:
        """Waits until no other process holds the lock, and returns the function that releases it, which never fails."""
        ...

    def translate_error(self, error: Exception, *, writes: bool, is_opening: bool) -> LooplyError:
        """Returns the `LooplyError` for an error of the driver, chosen by its code, never by its text."""
        ...

    def dispose(self) -> None:
        """Closes all connections."""
        ...


class CatalogDatabase:
    """Runs functions in transactions, without ever blocking the event loop.

    Guarantees: writes are serialized in the order of the calls, on SQLite reads too; when a call returns, its changes
    are durable and visible to every later read; when it raises, nothing of it is stored, except for StoreLost, where
    the outcome is unknown. Cancelling a caller while its function runs does not stop the function.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._errors: tuple[type[Exception], ...] = (DBAPIError, *backend.errors)
        self._writer = ThreadPoolExecutor(1, "looply-catalog")
        self._readers = ThreadPoolExecutor(backend.readers, "looply-catalog-read") if backend.readers else self._writer
        # Reading the change count is short and must not wait for a long read.
        self._change_reader = ThreadPoolExecutor(1, "looply-catalog-changes") if backend.is_shared else self._writer
        self._change_reads: CoalescedReads[int] = CoalescedReads(self._read_changes)
        self._exclusive = asyncio.Lock()
        self._pending = 0
        self._changes = 0
        self._is_closed = False

    async def changes(self) -> int:
        """Returns a number that stays the same only as long as nothing has changed since this call began.

        On a shared database (PostgreSQL) it counts the changes of all processes by one short query, which concurrent
        callers share. On a file it counts those of this process, at no cost.
        Raises: as `read`, on a shared database.
        """
        return await self._change_reads.get() if self._backend.is_shared else self._changes

    async def read(self, function: Function[Result]) -> Result:
        """Returns the result of `function`; all its statements see one snapshot. It may be called a second time.

        Raises: Overloaded, ShuttingDown, StoreCorrupt, StoreUnreachable, EngineError, and what the function raises.
        """
        return await self._call(self._readers, lambda: self._translate_errors(lambda: self._backend.read(function)))

    @property
    def is_shared(self) -> bool:
        """Whether other processes change the database too."""
        return self._backend.is_shared

    def read_now(self, function: Function[Result]) -> Result:
        """Returns the result of `function`, as `read`, but blocks the caller's thread.

        For rare reads within a synchronous computation whose data is nearly always in memory. Raises: as `read`.
        """
        return self._translate_errors(lambda: self._backend.read(function))

    async def write(self, function: Function[Result]) -> Result:
        """Returns the result of `function` after its changes are durable; writers of all processes are serialized.

        Raises: as `read`, and Conflict, StoreFull, StoreLost.
        """
        return await self._call(
            self._writer, lambda: self._translate_errors(lambda: self._backend.write(function), writes=True)
        )

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        """A critical section, across all processes that share the catalog, for changes of more than the catalog.

        A process that is killed, or whose connection breaks, loses the lock.
        Raises: Overloaded when the lock cannot be acquired in time, StoreUnreachable, ShuttingDown.
        """
        async with self._exclusive:
            if not self._backend.is_shared:
                yield
                return
            if self._is_closed:
                raise ShuttingDown("the catalog is closed")
            release = await self._acquire_lock()
            try:
                yield
            finally:
                release()

    async def open(self) -> None:
        """Verifies the stored data and upgrades it to the current schema.

        Raises: as `write`; SchemaMismatch; StoreCorrupt also for errors that only a damaged file causes.
        """
        await self._call(self._writer, lambda: self._translate_errors(self._backend.open, writes=True, is_opening=True))

    async def close(self) -> None:
        """Waits for pending calls, then closes the connections. Closing twice is allowed."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        for threads in (self._writer, self._readers, self._change_reader):
            threads.shutdown()
        self._backend.dispose()

    async def _acquire_lock(self) -> Callable[[], None]:
        holding = asyncio.ensure_future(asyncio.to_thread(self._translate_errors, self._backend.acquire_lock))
        try:
            return await asyncio.shield(holding)
        except asyncio.CancelledError:
            # The lock may still be acquired, and no caller is left to release it.
            holding.add_done_callback(_release_lock)
            raise

    async def _read_changes(self) -> int:
        return await self._call(self._change_reader, lambda: self._translate_errors(self._backend.changes))

    async def _call(self, threads: ThreadPoolExecutor, act: Callable[[], Result]) -> Result:
        if self._is_closed:
            raise ShuttingDown("the catalog is closed")
        if self._pending >= MAX_PENDING:
            raise Overloaded(f"{MAX_PENDING} calls wait for the catalog; repeat in a second")
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, act)
        finally:
            self._pending -= 1

    def _translate_errors(self, act: Callable[[], Result], *, writes: bool = False, is_opening: bool = False) -> Result:
        """Returns the result of `act`. Raises: a `LooplyError` for each error of the database."""
        try:
            return act()
        except self._errors as error:
            raise self._backend.translate_error(error, writes=writes, is_opening=is_opening) from error
        except StatementError as error:
            message = f"a value cannot be stored: {error.orig}; correct it, and repeat the call"
            raise BadRequest(message, code="UNSTORABLE") from error
        except READ_ERRORS as error:
            if writes and not is_opening:
                raise
            raise unreadable_error(error) from error
        finally:
            # Counted on the thread, so that the change of a cancelled caller is counted, too.
            if writes:
                self._changes += 1


def _release_lock(lock: asyncio.Future[Callable[[], None]]) -> None:
    if not lock.cancelled() and lock.exception() is None:
        lock.result()()
