"""Accounts of people, which are the same in all organizations of an installation."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, func, insert, select, update

from looply.catalog.storage.damage import AnyRow, require_readable
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import EMAIL_CHARACTERS, users
from looply.catalog.tenants.names import not_found_error, validate_id, validate_name
from looply.clock import Clock, Ids
from looply.definition.settings.mail import person_of, read_address
from looply.errors import Refused
from looply.instants import from_ms, to_ms
from looply.jsontext import Json


class User(msgspec.Struct, frozen=True, kw_only=True):
    """An account. `email` is spelled as the person or their organization spells it."""

    user_id: str
    name: str
    email: str
    has_password: bool
    has_second_factor: bool
    organization_id: str | None
    """The organization that the person has chosen last."""
    created_on: datetime


class Users:
    """The accounts of people. The hash of a password is the caller's work: it takes long."""

    def __init__(self, database: CatalogDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find_by_email(self, email: str) -> User | None:
        """Returns the account with this address, however spelled; None when there is none."""
        row = await self._database.read(lambda connection: find_user_row(connection, email))
        return None if row is None else _user(row)

    async def find_credentials(self, email: str) -> tuple[User, str | None] | None:
        """Returns the account with this address and the hash of its password, None for a person without a password.

        The result is None when there is no such account. Either costs the same one read.
        """
        row = await self._database.read(lambda connection: find_user_row(connection, email))
        return None if row is None else (_user(row), row["password_hash"])

    async def get(self, user_id: str) -> User:
        """Returns an account. Raises: NotFound (code `USER_NOT_FOUND`)."""
        return _user(await self._database.read(lambda connection: get_user_row(connection, user_id)))

    async def exist(self) -> bool:
        """Returns whether the installation has any account."""
        query = select(func.count()).select_from(select(users.c.user_id).limit(1).subquery())
        return bool(await self._database.read(lambda connection: connection.execute(query).scalar()))

    async def password_hash(self, user_id: str) -> str | None:
        """Returns the hash of the password, None for a person without one. Raises: NotFound."""
        row = await self._database.read(lambda connection: get_user_row(connection, user_id))
        found: str | None = row["password_hash"]
        return found

    async def preferences(self, user_id: str) -> Json:
        """Returns the preferences that the person has stored, None for none. Raises: NotFound, RecordDamaged."""
        row = await self._database.read(lambda connection: get_user_row(connection, user_id))
        return require_readable(row, users)["preferences"]

    async def put_preferences(self, user_id: str, preferences: Json) -> None:
        """Replaces the preferences."""
        await self._update(user_id, preferences=preferences)

    async def request_reset(self, user_id: str) -> None:
        """Notes that the person has asked for a link with which to choose a new password."""
        await self._update(user_id, reset_requested_ms=to_ms(self._clock.now()))

    async def _update(self, user_id: str, **values: Any) -> None:
        checked = validate_id(user_id, "user")
        await self._database.write(lambda connection: update_user(connection, checked, self._clock.now(), **values))


def find_user_row(connection: Connection, email: str) -> RowMapping | None:
    """Returns the row of the account with this address, however spelled."""
    query = select(users).where(users.c.email_key == person_of(email)[:EMAIL_CHARACTERS])
    return connection.execute(query).mappings().first()


def get_user_row(connection: Connection, user_id: str) -> RowMapping:
    """Returns the row of an account. Raises: BadRequest; NotFound (code `USER_NOT_FOUND`)."""
    query = select(users).where(users.c.user_id == validate_id(user_id, "user"))
    row = connection.execute(query).mappings().first()
    if row is None:
        raise not_found_error("user", user_id)
    return row


def insert_user(connection: Connection, ids: Ids, at: datetime, *, name: str, email: str, **values: Any) -> str:
    """Inserts an account and returns its id. Raises: Refused (codes `INVALID_NAME`, `INVALID_EMAIL`)."""
    user_id = str(ids.next(at))
    checked = validate_email(email)
    row = {"user_id": user_id, "user_name": validate_name(name, "name"), "email": checked, **values}
    stamps = {"created_ms": to_ms(at), "modified_ms": to_ms(at)}
    connection.execute(insert(users).values(email_key=person_of(checked), **row, **stamps))
    return user_id


def update_user(connection: Connection, user_id: str, at: datetime, **values: Any) -> None:
    """Changes columns of an account."""
    connection.execute(update(users).where(users.c.user_id == user_id).values(modified_ms=to_ms(at), **values))


def validate_email(email: str, field: str = "email") -> str:
    """Returns a mail address without a name before it. Raises: Refused (code `INVALID_EMAIL`)."""
    read = read_address(email)
    if read is None or read[0] or len(read[1]) > EMAIL_CHARACTERS or len(person_of(read[1])) > EMAIL_CHARACTERS:
        raise Refused.at(f"/{field}", f"is {email[:100]!r}, expected a mail address", code="INVALID_EMAIL")
    return read[1]


def _user(row: AnyRow) -> User:
    return User(
        user_id=row["user_id"],
        name=row["user_name"],
        email=row["email"],
        has_password=row["password_hash"] is not None,
        has_second_factor=row["totp_sealed"] is not None,
        organization_id=row["organization_id"],
        created_on=from_ms(row["created_ms"]),
    )
