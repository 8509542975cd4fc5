"""What a store with tables offers to its sides: sessions, in which statements of either dialect are sent."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Coroutine, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar

from looply.engine.coding.rows import Row
from looply.engine.sql.dialects import LeaseStatement, Statement

Result = TypeVar("Result")
Parameters: TypeAlias = Mapping[str, Any]
"""The parameters of a statement by name; those that it does not have are ignored. `own` is added to those of a write:
the epoch of the process, whose lease PostgreSQL's writes hold."""

NO_PARAMETERS: Final[Parameters] = {}


class Outcome(NamedTuple):
    """What a statement has done: the rows that it returns, and how many rows it has changed."""

    rows: Sequence[Row]
    changed: int


class Session(ABC):
    """A connection of the store for one read or one write."""

    @abstractmethod
    async def send(self, statement: Statement, parameters: Parameters) -> Outcome:
        """Sends a statement and returns its outcome."""

    @abstractmethod
    async def find_numbers(self, *names: str) -> Sequence[int | None]:
        """Returns the number of each id of an organization, a workspace or a workflow, None for an unknown one."""

    @abstractmethod
    async def assign_numbers(self, *names: str) -> Sequence[int]:
        """Returns the number of each id, in a write: an id that is met for the first time gets one."""

    async def rows(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> Sequence[Row]:
        """Returns all rows of a statement."""
        return (await self.send(statement, parameters)).rows

    async def rows_of_all(self, statements: Sequence[Statement], parameters: Parameters) -> Sequence[Sequence[Row]]:
        """Returns the rows of each statement, of one state of the store and in one round trip."""
        return [await self.rows(statement, parameters) for statement in statements]

    async def change(self, statement: Statement, parameters: Parameters) -> int:
        """Sends a statement; returns how many rows it has changed."""
        return (await self.send(statement, parameters)).changed

    def one_state(self) -> AbstractAsyncContextManager[object]:
        """Lets all statements within the block see one state of the store."""
        return nullcontext()

    async def numbers(self, organization_id: str, workflow_id: str = "") -> tuple[int | None, int | None]:
        """Returns the numbers of an organization and a workflow, as `find_numbers`, but 0 for the workflow ""."""
        org, *rest = await self.find_numbers(organization_id, *([workflow_id] if workflow_id else []))
        return org, rest[0] if rest else 0


Act: TypeAlias = Callable[[Session], Coroutine[Any, Any, Result]]
"""What is done in a session. It waits for nothing but the session, and may be called again."""


LookUp: TypeAlias = Act[tuple[Result] | None]
"""Looks up whether a write is stored: returns its result in a tuple, or None."""

Lanes: TypeAlias = Collection[Hashable]
"""Keys of a write: those with one in common are made in the order of their calls."""


class Sessions(ABC):
    """The sessions of a store."""

    is_shared = False
    """Whether other processes may store units too: then a due row is claimed, and read only where this is false."""

    @abstractmethod
    def key(self, execution_id: str) -> Any:
        """Returns an execution id as a parameter, None (which no row has) when the text is no id."""

    @abstractmethod
    def keys(self, execution_ids: Iterable[str]) -> Any:
        """Returns a list of execution ids as one parameter."""

    @abstractmethod
    async def read(self, act: Act[Result]) -> Result:
        """Returns what `act` returns. Raises: StoreCorrupt, StoreUnreachable, EngineError."""

    @abstractmethod
    async def write(self, act: Act[Result], lanes: Lanes = (), look_up: LookUp[Result] | None = None) -> Result:
        """Returns what `act` returns, after it is durable. `act` changes rows by one statement.

        Where the outcome of a write is unknown because its connection broke, `look_up` finds it out; without it, `act`
        may be repeated. Raises: StoreFull, StoreUnreachable, StoreLost.
        """

    async def select(
        self, convert: Callable[[Row], Result], statement: Statement, parameters: Parameters = NO_PARAMETERS
    ) -> list[Result]:
        """Returns the rows of one statement, each converted."""

        async def act(session: Session) -> list[Result]:
            return [convert(row) for row in await session.rows(statement, parameters)]

        return await self.read(act)

    async def claim(
        self, convert: Callable[[Row], Result], lease: LeaseStatement, parameters: Parameters
    ) -> list[Result]:
        """Returns due rows, each converted; in a shared store in any order, and to this process alone for a while."""
        if self.is_shared:
            return await self.claim_rows(convert, lease.claim, parameters)
        return await self.select(convert, lease.read, parameters)

    async def claim_rows(
        self, convert: Callable[[Row], Result], statement: str, parameters: Parameters
    ) -> list[Result]:
        """Returns the rows that one statement claims, each converted."""

        async def act(session: Session) -> list[Result]:
            return [convert(row) for row in await session.rows(statement, parameters)]

        # The rows of a claim whose connection broke are unknown: they are free again after a while.
        return await self.write(act)

    async def change(self, statement: Statement, parameters: Parameters, lanes: Lanes = ()) -> None:
        """Sends one statement that may be repeated; durable when it returns."""

        async def act(session: Session) -> None:
            await session.change(statement, parameters)

        await self.write(act, lanes)

    async def find(
        self, convert: Callable[[Row], Result], statement: Statement, parameters: Parameters = NO_PARAMETERS
    ) -> Result | None:
        """Returns the first row of one statement, converted, or None."""
        found = await self.select(convert, statement, parameters)
        return found[0] if found else None

    async def value(self, statement: Statement, parameters: Parameters = NO_PARAMETERS) -> Any:
        """Returns the one value of a statement that counts, or of a minimum."""
        ((found,),) = await self.select(tuple, statement, parameters)
        return found


class Writes(Protocol):
    """What writes to the file or the database."""

    @property
    def failure(self) -> Exception | None:
        """The error after which nothing more is written."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether there was no space left a moment ago."""
        ...

    @property
    def is_busy(self) -> bool:
        """Whether units wait, or the disk is behind: then pruning pauses."""
        ...
