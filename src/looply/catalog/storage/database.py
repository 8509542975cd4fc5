"""The catalog's database: functions on a connection, each in a transaction of its own, on threads of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, StatementError

from looply.catalog.storage.pages import UNREADABLE, unreadable
from looply.catalog.storage.sharing import CoalescedReads
from looply.errors import BadRequest, LooplyError, Overloaded, ShuttingDown

Result = TypeVar("Result")
Function = Callable[[Connection], Result]

# Calls that may stand in the queues; at well under a millisecond each they are served within a second.
MAX_PENDING: Final = 1000


class Backend(Protocol):
    """One kind of database. Its methods block, and run on threads that `CatalogDatabase` gives them.

    What they raise as an error of the driver is told by `failure`.
    """

    readers: int
    """How many reads may be under way at once; 0 when reads and writes run one after the other on one thread."""
    is_shared: bool
    """Whether other processes change it too, so that `changes` must be asked."""
    errors: tuple[type[Exception], ...]
    """What the driver itself raises."""

    def open(self) -> None:
        """Proves what is stored and brings its tables to today's form, whole or not at all."""
        ...

    def read(self, function: Function[Result]) -> Result:
        """Returns what `function` reads in one transaction; all its statements see one state."""
        ...

    def write(self, function: Function[Result]) -> Result:
        """Returns what `function` returns, after its transaction is durable; writers of all processes take turns."""
        ...

    def changes(self) -> int:
        """Returns how many changes are stored: a write that was answered before is counted."""
        ...

    def hold(self) -> Callable[[], None]:
        """Waits until no other process holds this; returns what lets go of it, at once and without fail."""
        ...

    def failure(self, error: Exception, *, writes: bool, is_opening: bool) -> LooplyError:
        """Returns our error for the driver's, told by its code, never by its text."""
        ...

    def dispose(self) -> None:
        """Closes all connections."""
        ...


class CatalogDatabase:
    """Runs functions in transactions, without ever blocking the loop.

    Guarantees: writes run one after the other in the order of the calls, on SQLite reads too; when a call returns, what
    its function wrote is durable, and every read that is made then sees it; when it raises, nothing of it is stored,
    except for StoreLost, which leaves that open. A caller that is cancelled while its function runs does not stop it.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._errors: tuple[type[Exception], ...] = (DBAPIError, *backend.errors)
        self._writer = ThreadPoolExecutor(1, "looply-catalog")
        self._readers = ThreadPoolExecutor(backend.readers, "looply-catalog-read") if backend.readers else self._writer
        # A look is short and waits for no read that is long.
        self._looker = ThreadPoolExecutor(1, "looply-catalog-look") if backend.is_shared else self._writer
        self._looks: CoalescedReads[int] = CoalescedReads(self._look)
        self._turn = asyncio.Lock()
        self._pending = 0
        self._changes = 0
        self._is_closed = False

    async def changes(self) -> int:
        """Returns a number that is the same only as long as nothing has changed since this call began.

        It counts the changes of all processes where they share the database (PostgreSQL), which is one short query,
        shared by all who ask meanwhile. Of a file it counts those of this process, which costs nothing.
        Raises: as `read`, where there is something to ask.
        """
        return await self._looks.get() if self._backend.is_shared else self._changes

    async def read(self, function: Function[Result]) -> Result:
        """Returns what `function` reads; all its statements see one state. It may be called again.

        Raises: Overloaded, ShuttingDown, StoreCorrupt, StoreUnreachable, EngineError, and what the function raises.
        """
        return await self._call(self._readers, lambda: self._told(lambda: self._backend.read(function)))

    @property
    def is_shared(self) -> bool:
        """Whether other processes change it too."""
        return self._backend.is_shared

    def read_now(self, function: Function[Result]) -> Result:
        """Returns what `function` reads, as `read`, on the thread of the caller, which waits for it.

        For what is needed in the midst of a computation and is nearly always in memory. Raises: as `read`.
        """
        return self._told(lambda: self._backend.read(function))

    async def write(self, function: Function[Result]) -> Result:
        """Returns what `function` returns after its changes are durable; writers of all processes take turns.

        Raises: as `read`, and Conflict, StoreFull, StoreLost.
        """
        return await self._call(self._writer, lambda: self._told(lambda: self._backend.write(function), writes=True))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Lets blocks that change more than the catalog go one after the other, those of all processes that share it.

        A process that is killed, or whose connection breaks, has lost its turn.
        Raises: Overloaded when it does not come, StoreUnreachable, ShuttingDown.
        """
        async with self._turn:
            if not self._backend.is_shared:
                yield
                return
            if self._is_closed:
                raise ShuttingDown("the catalog is closed")
            release = await self._held()
            try:
                yield
            finally:
                release()

    async def open(self) -> None:
        """Proves what is stored and brings it to today's form.

        Raises: as `write`; SchemaMismatch; StoreCorrupt also for what only a damaged file answers.
        """
        await self._call(self._writer, lambda: self._told(self._backend.open, writes=True, is_opening=True))

    async def close(self) -> None:
        """Waits for the calls that were made before, then closes the connections. Closing twice is legal."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        for threads in (self._writer, self._readers, self._looker):
            threads.shutdown()
        self._backend.dispose()

    async def _held(self) -> Callable[[], None]:
        holding = asyncio.ensure_future(asyncio.to_thread(self._told, self._backend.hold))
        try:
            return await asyncio.shield(holding)
        except asyncio.CancelledError:
            # It may come all the same, and nobody is left to let go of it.
            holding.add_done_callback(_let_go)
            raise

    async def _look(self) -> int:
        return await self._call(self._looker, lambda: self._told(self._backend.changes))

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

    def _told(self, act: Callable[[], Result], *, writes: bool = False, is_opening: bool = False) -> Result:
        """Returns what `act` returns. Raises: our error for what the database says."""
        try:
            return act()
        except self._errors as error:
            raise self._backend.failure(error, writes=writes, is_opening=is_opening) from error
        except StatementError as error:
            raise BadRequest(f"a value cannot be stored: {error.orig}", code="UNSTORABLE") from error
        except UNREADABLE as error:
            if writes and not is_opening:
                raise
            raise unreadable(error) from error
        finally:
            # Counted on the thread, so that a caller that was cancelled does not leave its change uncounted.
            if writes:
                self._changes += 1


def _let_go(held: asyncio.Future[Callable[[], None]]) -> None:
    if not held.cancelled() and held.exception() is None:
        held.result()()
