"""The names of people at providers of OpenID Connect: an issuer, and a subject that is unique within it."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import identities
from looply.clock import Clock
from looply.instants import to_ms


class Identities:
    """The identities of all people."""

    def __init__(self, database: CatalogDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, issuer: str, subject: str) -> str | None:
        """Returns the id of the account that an identity belongs to, None when it belongs to none."""
        return await self._database.read(lambda connection: find_identity(connection, issuer, subject))

    async def link(self, issuer: str, subject: str, user_id: str) -> None:
        """Gives an identity to an account. Raises: Conflict (code `STALE`) when it belongs to another one."""

        at = self._clock.now()
        await self._database.write(lambda connection: link_identity(connection, issuer, subject, user_id, at))


def find_identity(connection: Connection, issuer: str, subject: str) -> str | None:
    """Returns the id of the account that an identity belongs to, None when it belongs to none."""
    columns = identities.c
    query = select(columns.user_id).where(columns.issuer == issuer, columns.subject == subject)
    found: str | None = connection.execute(query).scalar()
    return found


def link_identity(connection: Connection, issuer: str, subject: str, user_id: str, at: datetime) -> None:
    """Gives an identity to an account, within the transaction of `connection`; it may have it already."""
    if find_identity(connection, issuer, subject) != user_id:
        row = {"issuer": issuer, "subject": subject, "user_id": user_id, "created_ms": to_ms(at)}
        connection.execute(insert(identities).values(row))
