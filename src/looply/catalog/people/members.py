"""Members of organizations: people with a role, and people who are invited."""

from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, cast

import msgspec
from sqlalchemy import Connection, RowMapping, Select, delete, func, insert, or_, select, update

from looply.catalog.storage.damage import AnyRow, mark_damaged, require_readable
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.pages import Page, make_page, validate_limit
from looply.catalog.storage.tables import invitations, members, organizations, sessions, users
from looply.catalog.tenants.names import not_found_error, validate_id
from looply.catalog.trail.audit import Change
from looply.clock import Clock
from looply.errors import Conflict, OutOfScope, Refused
from looply.instants import from_ms, instant_or_none, to_ms
from looply.jsontext import Json
from looply.permissions import ROLES, Role

Status: TypeAlias = Literal["ACTIVE", "INVITED", "DEACTIVATED"]

MAX_FOUND: Final = 20
"""People that one search returns at most."""
MAX_ADMINISTRATORS: Final = 2
"""Administrators who are named to a member that lacks a permission."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member, or with the status `INVITED` an invitation: then `user_id` is None and `expires_on` is its end."""

    user_id: str | None
    invitation_id: str | None
    name: str
    email: str
    role: Role
    status: Status
    has_password: bool
    groups: tuple[str, ...]
    created_on: datetime
    last_seen_on: datetime | None
    reset_requested_on: datetime | None
    expires_on: datetime | None

    @property
    def member_id(self) -> str:
        """The id by which lists are ordered: that of the account or of the invitation."""
        return self.user_id or self.invitation_id or ""


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """An organization of which a person is an active member."""

    organization_id: str
    organization_name: str
    role: Role


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """The name and the address of a person, as others see them."""

    name: str
    email: str


class Members:
    """The members of all organizations."""

    def __init__(self, database: CatalogDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list_page(self, organization_id: str, limit: int, before: str | None = None) -> Page[Member]:
        """Returns members and open invitations, newest first, with ids below `before` if it is given.

        Raises: BadRequest for an id that is no UUID, and a limit that is not positive.
        """
        size = validate_limit(limit)
        cursor = None if before is None else validate_id(before, "member")
        joined, invited = _members_of(organization_id), _invitations_of(organization_id)
        if cursor is not None:
            joined = joined.where(members.c.user_id < cursor)
            invited = invited.where(invitations.c.invitation_id < cursor)
        joined = joined.order_by(members.c.user_id.desc()).limit(size + 1)
        invited = invited.order_by(invitations.c.invitation_id.desc()).limit(size + 1)

        def read(connection: Connection) -> Page[Member]:
            active = make_page(connection.execute(joined).mappings().all(), size + 1, _member)
            waiting = make_page(connection.execute(invited).mappings().all(), size + 1, _invited)
            found = sorted((*active.items, *waiting.items), key=lambda each: each.member_id, reverse=True)
            return Page(items=tuple(found[:size]), has_more=len(found) > size)

        return await self._database.read(read)

    async def get(self, organization_id: str, user_id: str) -> Member:
        """Returns a member. Raises: BadRequest; NotFound (code `MEMBER_NOT_FOUND`); RecordDamaged."""
        query = _members_of(organization_id).where(members.c.user_id == validate_id(user_id, "user"))
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            raise not_found_error("member", user_id)
        return _member(require_readable(row, members))

    async def memberships(self, user_id: str) -> tuple[Membership, ...]:
        """Returns the organizations of which a person is an active member, in the order of their names."""
        return await self._database.read(lambda connection: memberships_of(connection, user_id))

    async def find_people(self, organization_id: str, term: str) -> tuple[Person, ...]:
        """Returns active members whose name or address has `term` in it, in the order of their names."""
        pattern = f"%{_escape(term.casefold())}%"
        query = (
            _members_of(organization_id)
            .where(
                members.c.status == "ACTIVE",
                or_(
                    func.lower(users.c.user_name).like(pattern, escape="\\"),
                    users.c.email_key.like(pattern, escape="\\"),
                ),
            )
            .order_by(users.c.user_name, users.c.user_id)
            .limit(MAX_FOUND)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(Person(name=row["user_name"], email=row["email"]) for row in rows)

    async def list_administrators(self, organization_id: str) -> tuple[Person, ...]:
        """Returns two active administrators, or owners where there are fewer, the oldest accounts first."""
        administrators = members.c.role == "admin"
        query = (
            _members_of(organization_id)
            .where(members.c.status == "ACTIVE", or_(administrators, members.c.role == "owner"))
            .order_by(administrators.desc(), members.c.user_id)
            .limit(MAX_ADMINISTRATORS)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(Person(name=row["user_name"], email=row["email"]) for row in rows)

    async def change(
        self,
        organization_id: str,
        user_id: str,
        *,
        role: Role | None = None,
        is_active: bool | None = None,
        actor: str | None,
        may_make_owners: bool,
    ) -> Member:
        """Changes the role of a member, or deactivates or activates them. It ends their sessions in the organization.

        Groups that cannot be read are marked in the answer, as in lists.

        Raises: Forbidden (code `SCOPE`) for a change from or to the role of owners without `may_make_owners`; Conflict
        (code `LAST_OWNER`) for the last active owner; Refused, NotFound.
        """
        change = Change(organization_id, actor, self._clock.now())
        checked = validate_id(user_id, "user")

        def store(connection: Connection) -> Member:
            row = _get_row(connection, organization_id, checked)
            new_role = row["role"] if role is None else validate_role(role)
            status = row["status"] if is_active is None else ("ACTIVE" if is_active else "DEACTIVATED")
            if "owner" in (row["role"], new_role) and not may_make_owners:
                raise OutOfScope("organization")
            if (new_role, status) != (row["role"], row["status"]):
                if (new_role, status) != ("owner", "ACTIVE"):
                    _check_other_owner(connection, organization_id, checked)
                _update(connection, change, checked, role=new_role, status=status)
                end_sessions(connection, checked, organization_id)
                change.record(connection, "member.change", checked, role=new_role, status=status)
            return _member(mark_damaged(_get_row(connection, organization_id, checked)))

        return await self._database.write(store)

    async def set_groups(self, organization_id: str, user_id: str, groups: tuple[str, ...], role: Role | None) -> None:
        """Stores the groups that a provider named at a sign-in, and the role that they lead to, None for no change.

        The last active owner remains an owner.
        """
        change = Change(organization_id, user_id, self._clock.now())

        def store(connection: Connection) -> None:
            row = _get_row(connection, organization_id, user_id)
            _update(connection, change, user_id, groups=list(groups))
            if role is None or role == row["role"] or _is_last_owner(connection, organization_id, user_id):
                return
            _update(connection, change, user_id, role=role)
            end_sessions(connection, user_id, organization_id)
            change.record(connection, "member.change", user_id, role=role, status=row["status"], groups=list(groups))

        await self._database.write(store)


def memberships_of(connection: Connection, user_id: str) -> tuple[Membership, ...]:
    """Returns the organizations of which a person is an active member, in the order of their names."""
    query = (
        select(members.c.organization_id, members.c.role, organizations.c.organization_name)
        .join(organizations, organizations.c.organization_id == members.c.organization_id)
        .where(members.c.user_id == user_id, members.c.status == "ACTIVE")
        .order_by(organizations.c.organization_name, members.c.organization_id)
    )
    return tuple(Membership(**row) for row in connection.execute(query).mappings())


def insert_member(connection: Connection, change: Change, user_id: str, role: Role) -> None:
    """Makes a person an active member, within the transaction of `connection`."""
    stamps = {"created_by": change.actor, "modified_by": change.actor}
    times = {"created_ms": to_ms(change.at), "modified_ms": to_ms(change.at)}
    owner = {"organization_id": change.organization_id, "user_id": user_id}
    connection.execute(insert(members).values(**owner, role=role, status="ACTIVE", **stamps, **times))
    change.record(connection, "member.create", user_id, role=role)


def find_member_row(connection: Connection, organization_id: str, user_id: str) -> RowMapping | None:
    """Returns the row of a member, None for a person who is none."""
    query = _members_of(organization_id).where(members.c.user_id == user_id)
    return connection.execute(query).mappings().first()


def end_sessions(connection: Connection, user_id: str, organization_id: str | None = None) -> None:
    """Ends the sessions of a person, in one organization or in all."""
    query = delete(sessions).where(sessions.c.user_id == user_id)
    if organization_id is not None:
        query = query.where(sessions.c.organization_id == organization_id)
    connection.execute(query)


def validate_role(role: str, field: str = "role") -> Role:
    """Returns a role. Raises: Refused (code `UNKNOWN_ROLE`)."""
    if role not in ROLES:
        raise Refused.at(f"/{field}", f"is {role[:50]!r}, expected one of {', '.join(ROLES)}", code="UNKNOWN_ROLE")
    return cast("Role", role)


def _members_of(organization_id: str) -> Select[Any]:
    joined = members.join(users, users.c.user_id == members.c.user_id)
    columns = (users.c.user_name, users.c.email, users.c.reset_requested_ms)
    has_password = users.c.password_hash.is_not(None).label("has_password")
    query = select(members, *columns, has_password).select_from(joined)
    return query.where(members.c.organization_id == organization_id)


def _invitations_of(organization_id: str) -> Select[Any]:
    columns = invitations.c
    return select(invitations).where(columns.organization_id == organization_id, columns.ended_ms.is_(None))


def _get_row(connection: Connection, organization_id: str, user_id: str) -> RowMapping:
    row = find_member_row(connection, organization_id, user_id)
    if row is None:
        raise not_found_error("member", user_id)
    return row


def _update(connection: Connection, change: Change, user_id: str, **values: Json) -> None:
    row = members.c.organization_id == change.organization_id, members.c.user_id == user_id
    stamps = {"modified_by": change.actor, "modified_ms": to_ms(change.at)}
    connection.execute(update(members).where(*row).values(**values, **stamps))


def _check_other_owner(connection: Connection, organization_id: str, user_id: str) -> None:
    if _is_last_owner(connection, organization_id, user_id):
        raise Conflict(
            "the member is the last active owner of the organization; make another member an owner first",
            code="LAST_OWNER",
        )


def _is_last_owner(connection: Connection, organization_id: str, user_id: str) -> bool:
    columns = members.c
    query = select(columns.user_id).where(
        columns.organization_id == organization_id, columns.role == "owner", columns.status == "ACTIVE"
    )
    return connection.execute(query.limit(2)).scalars().all() == [user_id]


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _member(row: AnyRow) -> Member:
    return Member(
        user_id=row["user_id"],
        invitation_id=None,
        name=row["user_name"],
        email=row["email"],
        role=row["role"],
        status=row["status"],
        has_password=bool(row["has_password"]),
        groups=tuple(row["groups"] or ()),
        created_on=from_ms(row["created_ms"]),
        last_seen_on=instant_or_none(row["last_seen_ms"]),
        reset_requested_on=instant_or_none(row["reset_requested_ms"]),
        expires_on=None,
    )


def _invited(row: AnyRow) -> Member:
    return Member(
        user_id=None,
        invitation_id=row["invitation_id"],
        name="",
        email=row["email"],
        role=row["role"],
        status="INVITED",
        has_password=False,
        groups=(),
        created_on=from_ms(row["created_ms"]),
        last_seen_on=None,
        reset_requested_on=None,
        expires_on=from_ms(row["expires_ms"]),
    )
