"""What a store with tables offers to its sides: sessions, in which statements of either dialect are sent."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Coroutine, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, TypeAlias, TypeVar

from looply.engine.coding.rows import Row
from looply.engine.sql.dialects import Statement

Result = TypeVar("Result")
Facts: TypeAlias = Mapping[str, Any]
"""The parameters of a statement by name; those that it does not have are ignored."""

NO_FACTS: Final[Facts] = {}


class Session(ABC):
    """A connection of the store for one read or one write."""

    @abstractmethod
    async def rows(self, statement: Statement, facts: Facts = NO_FACTS) -> Sequence[Row]:
        """Returns all rows of a statement."""

    @abstractmethod
    async def rows_of_all(self, statements: Sequence[Statement], facts: Facts) -> Sequence[Sequence[Row]]:
        """Returns the rows of each statement, of one state of the store and in one round trip."""

    @abstractmethod
    def one_state(self) -> AbstractAsyncContextManager[object]:
        """Lets all statements within the block see one state of the store."""

    @abstractmethod
    async def change(self, statement: Statement, facts: Facts) -> int:
        """Sends a statement without rows; returns how many rows it has changed."""

    @abstractmethod
    async def find_numbers(self, *names: str) -> Sequence[int | None]:
        """Returns the number of each id of an organization or a workflow, None for an unknown one."""

    async def numbers(self, organization_id: str, workflow_id: str = "") -> tuple[int | None, int | None]:
        """Returns the numbers of an organization and a workflow, as `find_numbers`, but 0 for the workflow ""."""
        org, *rest = await self.find_numbers(organization_id, *([workflow_id] if workflow_id else []))
        return org, rest[0] if rest else 0


Act: TypeAlias = Callable[[Session], Coroutine[Any, Any, Result]]
"""What is done in a session. It waits for nothing but the session, and may be called again."""


class Sessions(ABC):
    """The sessions of a store."""

    @property
    @abstractmethod
    def epoch(self) -> int:
        """The epoch of this process, whose lease PostgreSQL's writes hold; 0 where no other process can write."""

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
    async def write(self, act: Act[Result], lanes: Collection[Hashable] = ()) -> Result:
        """Returns what `act` returns, after it is durable. `act` sends one statement.

        Calls with a lane in common are made in their order. Raises: StoreFull, StoreUnreachable, StoreLost.
        """

    async def select(
        self, convert: Callable[[Row], Result], statement: Statement, facts: Facts = NO_FACTS
    ) -> list[Result]:
        """Returns the rows of one statement, each converted."""

        async def act(session: Session) -> list[Result]:
            return [convert(row) for row in await session.rows(statement, facts)]

        return await self.read(act)

    async def find(
        self, convert: Callable[[Row], Result], statement: Statement, facts: Facts = NO_FACTS
    ) -> Result | None:
        """Returns the first row of one statement, converted, or None."""
        found = await self.select(convert, statement, facts)
        return found[0] if found else None

    async def value(self, statement: Statement, facts: Facts = NO_FACTS) -> Any:
        """Returns the one value of a statement that counts, or of a minimum."""
        ((found,),) = await self.select(tuple, statement, facts)
        return found
