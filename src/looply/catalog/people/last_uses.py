"""When keys and sessions were used last: noted in memory by each call, stored once a minute by one write.

A write for each use would cost every call a commit, and would empty the caches of all processes.
"""

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, or_, update

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import api_keys, members, sessions
from looply.catalog.tenants.principal import Principal
from looply.clock import Clock
from looply.instants import to_ms

MAX_NOTED: Final = 10_000
"""Keys and sessions that are noted between two writes; further ones are noted after the next one."""


class _Use(msgspec.Struct, frozen=True):
    principal: Principal
    address: str
    at: datetime


class LastUses:
    """The uses of keys and sessions since the last write of this process."""

    def __init__(self, database: CatalogDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._noted: dict[str, _Use] = {}

    def is_noted(self, principal: Principal) -> bool:
        """Returns whether a use of this key or session was noted since the last write."""
        return _name_of(principal) in self._noted

    def note(self, principal: Principal, address: str) -> None:
        """Notes that a key or a session is used from an address."""
        name = _name_of(principal)
        if name and len(self._noted) < MAX_NOTED:
            self._noted[name] = _Use(principal, address, self._clock.now())

    async def store(self) -> None:
        """Stores what was noted. Raises: as a write; then it is stored by the next call."""
        noted = dict(self._noted)
        if noted:
            await self._database.write(lambda connection: _store(connection, list(noted.values())))
        self._noted = {name: use for name, use in self._noted.items() if name not in noted}


def _name_of(principal: Principal) -> str:
    return principal.key_id or (principal.session.session_id if principal.session is not None else "")


def _store(connection: Connection, uses: list[_Use]) -> None:
    for use in uses:
        at_ms = to_ms(use.at)
        if use.principal.key_id:
            columns = api_keys.c
            is_newer = or_(columns.last_used_ms.is_(None), columns.last_used_ms < at_ms)
            query = update(api_keys).where(columns.key_id == use.principal.key_id, is_newer)
            connection.execute(query.values(last_used_ms=at_ms, last_used_from=use.address))
        elif use.principal.session is not None and use.principal.person is not None:
            _store_session(connection, use.principal, use.principal.session.session_id, at_ms)


def _store_session(connection: Connection, principal: Principal, session_id: str, at_ms: int) -> None:
    is_older = sessions.c.last_seen_ms < at_ms
    connection.execute(update(sessions).where(sessions.c.session_id == session_id, is_older).values(last_seen_ms=at_ms))
    assert principal.person is not None
    member = members.c
    connection.execute(
        update(members)
        .where(
            member.organization_id == principal.organization_id,
            member.user_id == principal.person.user_id,
            or_(member.last_seen_ms.is_(None), member.last_seen_ms < at_ms),
        )
        .values(last_seen_ms=at_ms)
    )
