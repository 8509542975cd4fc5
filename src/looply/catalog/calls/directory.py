"""The directory: what channels know of people, by organization and channel.

A channel names a person by an id of its own, and keeps what it knows as its own JSON, which nothing else reads. People
are found by their addresses too; an address belongs to the person for whom it was noted last.
"""

from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from looply.catalog.storage.damage import require_readable
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.pages import Page, make_page, validate_limit
from looply.catalog.storage.tables import EMAIL_CHARACTERS, channel_addresses, channel_people
from looply.jsontext import Json


class Entry(NamedTuple):
    """A person of a channel, and what is known of them."""

    person_id: str
    known: Json


Change: TypeAlias = Callable[[Json], Json]
"""Returns what is known from now on of what was known, None for a new person; the same value changes nothing."""

_MAX_ADDRESSES: Final = 50
"""An address beyond them is not noted: no person has as many."""


class Directory:
    """The people of all channels. Methods raise RecordDamaged, and as `CatalogDatabase.write`."""

    def __init__(self, database: CatalogDatabase) -> None:
        self._database = database

    async def find(self, organization_id: str, channel: str, address: str) -> Json:
        """Returns what is known of the person of an address, as it was noted; None for an unknown one."""
        mine = _of(channel_addresses.c, organization_id, channel)

        def read(connection: Connection) -> Json:
            query = select(channel_addresses.c.person_id).where(mine, channel_addresses.c.address == address)
            person_id = connection.execute(query).scalar()
            return None if person_id is None else _known(connection, organization_id, channel, person_id)

        return await self._database.read(read)

    async def find_person(self, organization_id: str, channel: str, person_id: str) -> Json:
        """Returns what is known of a person by the channel's id; None for an unknown one."""
        return await self._database.read(lambda connection: _known(connection, organization_id, channel, person_id))

    async def list_page(self, organization_id: str, channel: str, limit: int, after: str = "") -> Page[Entry]:
        """Returns people of a channel in the order of their ids, with ids above `after`.

        Of a damaged row `known` says why it cannot be read. Raises: BadRequest for a limit that is not positive.
        """
        size = validate_limit(limit)
        query = (
            select(channel_people)
            .where(_of(channel_people.c, organization_id, channel), channel_people.c.person_id > after)
            .order_by(channel_people.c.person_id)
            .limit(size + 1)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return make_page(rows, size, lambda row: Entry(row["person_id"], row["known"]))

    async def addresses(self, organization_id: str, channel: str, person_id: str) -> tuple[str, ...]:
        """Returns the addresses by which a person is found, sorted."""
        query = select(channel_addresses.c.address).where(
            _of(channel_addresses.c, organization_id, channel), channel_addresses.c.person_id == person_id
        )
        rows = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return tuple(sorted(rows))

    async def keep(
        self, organization_id: str, channel: str, person_id: str, change: Change, addresses: Collection[str] = ()
    ) -> Json:
        """Changes what is known of a person, notes addresses of theirs, and returns what is known then.

        Nothing is written when nothing changes. Durable when it returns.
        """
        fitting = {address for address in addresses if 0 < len(address) <= EMAIL_CHARACTERS}

        def read(connection: Connection) -> tuple[Json, set[str]]:
            known = _known(connection, organization_id, channel, person_id)
            return known, fitting - _addresses_of(connection, organization_id, channel, person_id)

        before, missing = await self._database.read(read)
        if before is not None and not missing and change(before) == before:
            return before

        def store(connection: Connection) -> Json:
            known, new = read(connection)
            after = change(known)
            _put(connection, organization_id, channel, person_id, known, after)
            noted = _addresses_of(connection, organization_id, channel, person_id)
            for address in sorted(new)[: max(_MAX_ADDRESSES - len(noted), 0)]:
                _note(connection, organization_id, channel, person_id, address)
            return after

        return await self._database.write(store)


def _of(columns: Any, organization_id: str, channel: str) -> ColumnElement[bool]:
    return and_(columns.organization_id == organization_id, columns.channel == channel)


def _known(connection: Connection, organization_id: str, channel: str, person_id: str) -> Json:
    query = select(channel_people).where(
        _of(channel_people.c, organization_id, channel), channel_people.c.person_id == person_id
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else require_readable(row, channel_people)["known"]


def _addresses_of(connection: Connection, organization_id: str, channel: str, person_id: str) -> set[str]:
    query = select(channel_addresses.c.address).where(
        _of(channel_addresses.c, organization_id, channel), channel_addresses.c.person_id == person_id
    )
    return set(connection.execute(query).scalars())


def _put(connection: Connection, organization_id: str, channel: str, person_id: str, before: Json, after: Json) -> None:
    key = {"organization_id": organization_id, "channel": channel, "person_id": person_id}
    if before is None:
        connection.execute(insert(channel_people).values(**key, known=after))
    elif after != before:
        mine = _of(channel_people.c, organization_id, channel)
        connection.execute(
            update(channel_people).where(mine, channel_people.c.person_id == person_id).values(known=after)
        )


def _note(connection: Connection, organization_id: str, channel: str, person_id: str, address: str) -> None:
    """Notes an address of a person; the one who had it before has it no more."""
    mine = _of(channel_addresses.c, organization_id, channel)
    connection.execute(delete(channel_addresses).where(mine, channel_addresses.c.address == address))
    key = {"organization_id": organization_id, "channel": channel}
    connection.execute(insert(channel_addresses).values(**key, address=address, person_id=person_id))
