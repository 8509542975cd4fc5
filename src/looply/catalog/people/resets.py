"""One-time links with which people choose a new password; an administrator gives them."""

from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection, RowMapping, delete, insert, select

from looply.catalog.people.members import end_sessions, find_member_row, memberships_of
from looply.catalog.people.tokens import new_token, token_digest
from looply.catalog.people.users import get_user_row, update_user
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import password_resets
from looply.catalog.tenants.names import not_found_error, validate_id
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Entropy
from looply.errors import Conflict, NotFound, OutOfScope
from looply.instants import to_ms
from looply.jsontext import Json

VALID: Final = timedelta(hours=24)
"""How long the link for a new password can be used: until the next day, since links stay in mailboxes."""


class NewReset(msgspec.Struct, frozen=True, kw_only=True):
    """A link's token, which is shown only once and is not stored, and when it expires."""

    token: str
    expires_on: datetime

    def __repr__(self) -> str:
        return f"NewReset(token='***', expires_on={self.expires_on!r})"


class ResetOwner(msgspec.Struct, frozen=True, kw_only=True):
    """The person whose password a link changes."""

    user_id: str
    name: str
    email: str


class PasswordResets:
    """The open links of all people; each person has one at most."""

    def __init__(self, database: CatalogDatabase, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy

    async def create(
        self,
        organization_id: str,
        user_id: str,
        *,
        removes_second_factor: bool,
        actor: str | None,
        may_make_owners: bool,
    ) -> NewReset:
        """Returns a new link for a member, whose former link has no effect any more.

        The person who makes a link could use it. So the link of an owner needs `may_make_owners`, and that of a member
        of other organizations too can be made by the operator of the store only, who is no `actor`.
        Raises: BadRequest; NotFound; Forbidden (code `SCOPE`); Conflict (code `MEMBER_ELSEWHERE`).
        """
        change = Change(organization_id, actor, self._clock.now())
        checked = validate_id(user_id, "user")
        token, expires = new_token(self._entropy), change.at + VALID

        def store(connection: Connection) -> NewReset:
            member = find_member_row(connection, organization_id, checked)
            if member is None:
                raise not_found_error("member", checked)
            if member["role"] == "owner" and not may_make_owners:
                raise OutOfScope("organization")
            if actor is not None and len(memberships_of(connection, checked)) > 1:
                raise Conflict(
                    "the person is a member of other organizations too; the operator of the store gives the link: "
                    "looply user reset-link",
                    code="MEMBER_ELSEWHERE",
                )
            stored = NewReset(token=token, expires_on=expires)
            _replace(connection, checked, stored, change, removes_second_factor=removes_second_factor)
            details: dict[str, Json] = {"removes_second_factor": removes_second_factor}
            change.record(connection, "user.reset_link", checked, **details)
            return stored

        return await self._database.write(store)

    async def create_own(self, user_id: str) -> NewReset | None:
        """Returns a new link for a person who has asked for it, None for one who is no active member.

        It replaces the former one, and leaves the second factor. Raises: BadRequest.
        """
        checked, at = validate_id(user_id, "user"), self._clock.now()
        token, expires = new_token(self._entropy), at + VALID

        def store(connection: Connection) -> NewReset | None:
            memberships = memberships_of(connection, checked)
            if not memberships:
                return None
            stored = NewReset(token=token, expires_on=expires)
            changes = [Change(each.organization_id, checked, at) for each in memberships]
            _replace(connection, checked, stored, changes[0], removes_second_factor=False)
            for change in changes:
                change.record(connection, "user.reset_mail", checked)
            return stored

        return await self._database.write(store)

    async def find(self, token: str) -> ResetOwner:
        """Returns the person of a link. Raises: NotFound (code `RESET_NOT_FOUND`), the same for every reason."""
        now = self._clock.now()

        def read(connection: Connection) -> ResetOwner:
            user = get_user_row(connection, _find(connection, token, now)["user_id"])
            return ResetOwner(user_id=user["user_id"], name=user["user_name"], email=user["email"])

        return await self._database.read(read)

    async def use(self, token: str, password_hash: str) -> str:
        """Changes the password of a link's person, ends the link and all sessions, and returns the person's id.

        Raises: NotFound (code `RESET_NOT_FOUND`).
        """
        at = self._clock.now()

        def store(connection: Connection) -> str:
            row = _find(connection, token, at)
            user_id: str = row["user_id"]
            removed = {"totp_sealed": None, "totp_step": None} if row["removes_second_factor"] else {}
            update_user(connection, user_id, at, password_hash=password_hash, reset_requested_ms=None, **removed)
            connection.execute(delete(password_resets).where(password_resets.c.user_id == user_id))
            end_sessions(connection, user_id)
            for each in memberships_of(connection, user_id):
                Change(each.organization_id, user_id, at).record(connection, "user.reset_password", user_id)
            return user_id

        return await self._database.write(store)


def _replace(
    connection: Connection, user_id: str, stored: NewReset, change: Change, *, removes_second_factor: bool
) -> None:
    """Stores a link in the place of the former one of a person."""
    connection.execute(delete(password_resets).where(password_resets.c.user_id == user_id))
    connection.execute(
        insert(password_resets).values(
            token_sha256=token_digest(stored.token),
            user_id=user_id,
            removes_second_factor=removes_second_factor,
            created_by=change.actor,
            created_ms=to_ms(change.at),
            expires_ms=to_ms(stored.expires_on),
        )
    )


def _find(connection: Connection, token: str, now: datetime) -> RowMapping:
    columns = password_resets.c
    query = select(password_resets).where(columns.token_sha256 == token_digest(token), columns.expires_ms > to_ms(now))
    row = connection.execute(query).mappings().first()
    if row is None:
        message = "the link is unknown, was used, or has expired; ask an administrator for a new one"
        raise NotFound(message, code="RESET_NOT_FOUND")
    return row
