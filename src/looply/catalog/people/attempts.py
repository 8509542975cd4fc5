"""Failed sign-ins, counted by account and by address of the caller, for all processes that share the catalog.

An attempt is counted before the password is verified and taken back when it was right, so that concurrent attempts do
not all see the count before the first of them.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import sign_in_attempts
from looply.clock import Clock
from looply.definition.settings.mail import person_of
from looply.errors import TooManyTries
from looply.instants import from_ms, to_ms

WINDOW: Final = timedelta(minutes=15)
TRIES_OF_ACCOUNT: Final = 5
"""Failed attempts on one account in a window; further ones are refused without a check of the password."""

TRIES_OF_ADDRESS: Final = 20
"""Failed attempts from one address in a window: more than for an account, since an office may have one address."""


class SignInAttempts:
    """The counts of failed attempts. Rows whose window has ended are deleted with the next attempt."""

    def __init__(self, database: CatalogDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, account: str, address: str) -> None:
        """Counts an attempt on an account, named by any text such as a mail address, from an address.

        Raises: TooManyTries, which is not counted.
        """
        now = self._clock.now()
        limits = _subjects(account, address)

        def store(connection: Connection) -> None:
            begun = sign_in_attempts.c.begun_ms
            connection.execute(delete(sign_in_attempts).where(begun <= to_ms(now - WINDOW)))
            for subject, most in limits:
                _check(connection, subject, most, now)
            for subject, _ in limits:
                _count(connection, subject, now)

        await self._database.write(store)

    async def forgive(self, account: str, address: str) -> None:
        """Takes back an attempt that was right: all attempts on the account, and this one from the address."""
        (by_account, _), (by_address, _) = _subjects(account, address)
        columns = sign_in_attempts.c

        def store(connection: Connection) -> None:
            connection.execute(delete(sign_in_attempts).where(columns.subject == by_account))
            connection.execute(
                update(sign_in_attempts)
                .where(columns.subject == by_address, columns.count > 0)
                .values(count=columns.count - 1)
            )

        await self._database.write(store)


def _subjects(account: str, address: str) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
    return (
        (_hash("account", person_of(account)), TRIES_OF_ACCOUNT),
        (_hash("address", address), TRIES_OF_ADDRESS),
    )


def _hash(kind: str, text: str) -> bytes:
    return hashlib.sha256(f"{kind}|{text}".encode("utf-8", "surrogatepass")).digest()


def _check(connection: Connection, subject: bytes, most: int, now: datetime) -> None:
    query = select(sign_in_attempts).where(sign_in_attempts.c.subject == subject)
    row = connection.execute(query).mappings().first()
    if row is not None and row["count"] >= most:
        left = from_ms(row["begun_ms"]) + WINDOW - now
        raise TooManyTries("too many attempts have failed; wait, or ask an administrator for a link", retry_after=left)


def _count(connection: Connection, subject: bytes, now: datetime) -> None:
    columns = sign_in_attempts.c
    row = columns.subject == subject
    changed = connection.execute(update(sign_in_attempts).where(row).values(count=columns.count + 1))
    if not changed.rowcount:
        connection.execute(insert(sign_in_attempts).values(subject=subject, count=1, begun_ms=to_ms(now)))
