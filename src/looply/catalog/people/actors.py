"""The names of actors: of the keys and people whose ids records of changes hold."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import Connection, select

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.read_cache import ReadCache
from looply.catalog.storage.tables import api_keys, members, users
from looply.clock import Clock

_CACHE_SECONDS: Final = 5.0
"""How old the name of a person may be in a list."""
_ID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Actors:
    """The keys and members of all organizations, by id."""

    def __init__(self, database: CatalogDatabase, clock: Clock) -> None:
        self._database = database
        self._names: ReadCache[Mapping[str, str]] = ReadCache(database, clock, lambda _: True, seconds=_CACHE_SECONDS)

    async def names(self, organization_id: str, ids: Collection[str]) -> Mapping[str, str]:
        """Returns the names of the keys and members with these ids; an id of anything else has none."""
        # A history also names schedules, and people by their addresses.
        requested = tuple(sorted({each for each in ids if _ID.fullmatch(each)}))
        if not requested:
            return {}
        return await self._names.get(
            (organization_id, requested),
            lambda: self._database.read(lambda connection: _names(connection, organization_id, requested)),
        )


def _names(connection: Connection, organization_id: str, ids: Collection[str]) -> Mapping[str, str]:
    key, member, user = api_keys.c, members.c, users.c
    of_keys = select(key.key_id, key.key_name).where(key.organization_id == organization_id, key.key_id.in_(ids))
    of_people = (
        select(user.user_id, user.user_name)
        .join(members, member.user_id == user.user_id)
        .where(member.organization_id == organization_id, user.user_id.in_(ids))
    )
    return {id_: name for query in (of_keys, of_people) for id_, name in connection.execute(query)}
