"""Numbers of ids in the PostgreSQL store. An assigned number stays, so it is looked up once."""

from collections.abc import Collection, Mapping
from typing import Final

from looply.engine.coding.names import KnownNumbers
from looply.engine.postgres.database.connections import Connection, rows

_NUMBER: Final = "SELECT id, n FROM number_names(%s::text[])"
_STORED: Final = "SELECT id, n FROM name WHERE id = ANY (%s::text[])"


class Names:
    """The numbers of ids that this process has met."""

    def __init__(self) -> None:
        self._known = KnownNumbers()

    async def give(self, connection: Connection, names: Collection[str]) -> Mapping[str, int]:
        """Returns the numbers of ids; one that is met for the first time gets one, which stays whatever follows."""
        return await self._numbers_of(connection, _NUMBER, names)

    async def find(self, connection: Connection, *names: str) -> list[int | None]:
        """Returns the number of each id, None for one of which nothing is stored."""
        numbers = await self._numbers_of(connection, _STORED, names)
        return [numbers.get(name) for name in names]

    async def _numbers_of(self, connection: Connection, statement: str, names: Collection[str]) -> dict[str, int]:
        known = {name: number for name in names if (number := self._known.find(name)) is not None}
        missing = sorted({name for name in names if name not in known})
        found = dict(await rows(connection, statement, (missing,))) if missing else {}
        self._known.keep(found)
        return known | found
