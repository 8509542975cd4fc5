"""Small numbers for the ids that are part of every row. An assigned number stays, so it is looked up once."""

from collections.abc import Collection, Mapping
from typing import Final

from looply.engine.postgres.database.connections import Connection, rows

_NUMBER: Final = "SELECT id, n FROM number_names(%s::text[])"
_FIND: Final = "SELECT id, n FROM name WHERE id = ANY (%s::text[])"
_KEPT = 100_000


class Names:
    """The numbers of ids that this process has met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    async def give(self, connection: Connection, names: Collection[str]) -> Mapping[str, int]:
        """Returns the numbers of ids; one that is met for the first time gets one, which stays whatever follows."""
        return await self._numbers_of(connection, _NUMBER, names)

    async def find(self, connection: Connection, *names: str) -> list[int | None]:
        """Returns the number of each id, None for one of which nothing is stored."""
        numbers = await self._numbers_of(connection, _FIND, names)
        return [numbers.get(name) for name in names]

    async def _numbers_of(self, connection: Connection, statement: str, names: Collection[str]) -> dict[str, int]:
        missing = sorted({name for name in names if name not in self._numbers})
        found = dict(await rows(connection, statement, (missing,))) if missing else {}
        if len(self._numbers) < _KEPT:
            self._numbers.update(found)
        return {name: self._numbers[name] for name in names if name in self._numbers} | found
