"""The sessions of PostgreSQL: connections of its pools, in which functions of a side wait for their rows."""

from collections.abc import Collection, Hashable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager

from looply.engine.coding.rows import Row, find_id
from looply.engine.postgres.database.connections import Connection, rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.names import Names
from looply.engine.sql.dialects import Statement, postgres_text
from looply.engine.sql.sessions import NO_FACTS, Act, Facts, Result, Session, Sessions


class _Session(Session):
    def __init__(self, connection: Connection, names: Names) -> None:
        self._connection = connection
        self._names = names

    async def rows(self, statement: Statement, facts: Facts = NO_FACTS) -> Sequence[Row]:
        return await rows(self._connection, postgres_text(statement), facts)

    async def rows_of_all(self, statements: Sequence[Statement], facts: Facts) -> Sequence[Sequence[Row]]:
        async with self._connection.pipeline():
            cursors = [
                await self._connection.execute(postgres_text(statement), facts, binary=True) for statement in statements
            ]
        return [await cursor.fetchall() for cursor in cursors]

    def one_state(self) -> AbstractAsyncContextManager[object]:
        return self._connection.transaction()

    async def change(self, statement: Statement, facts: Facts) -> int:
        return (await self._connection.execute(postgres_text(statement), facts)).rowcount

    async def find_numbers(self, *names: str) -> Sequence[int | None]:
        return await self._names.find(self._connection, *names)


class PostgresSessions(Sessions):
    """See `looply.engine.sql.sessions.Sessions`."""

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names

    @property
    def epoch(self) -> int:
        """The epoch of this process."""
        return self._database.epoch

    def key(self, execution_id: str) -> str | None:
        """Returns the text of an id, which a statement casts to a uuid."""
        return execution_id if find_id(execution_id) is not None else None

    def keys(self, execution_ids: Iterable[str]) -> list[str]:
        """Returns the ids, which a statement casts to an array of uuids."""
        return list(execution_ids)

    async def read(self, act: Act[Result]) -> Result:
        """Lends `act` a connection that only reads."""
        return await self._database.read(lambda connection: act(_Session(connection, self._names)))

    async def write(self, act: Act[Result], lanes: Collection[Hashable] = ()) -> Result:
        """Lends `act` a connection that writes; an outcome that broke off is sought by sending `act` again."""
        return await self._database.write(lambda connection: act(_Session(connection, self._names)), lanes)
