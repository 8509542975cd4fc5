"""Sessions of people who have signed in.

A session is found by the SHA-256 of the token in its cookie. It ends 12 hours after its last use and 7 days after it
began, and when its person is deactivated, changes role or changes the password.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, RowMapping, delete, insert, or_, select, update

from looply.catalog.people.members import memberships_of
from looply.catalog.people.tokens import is_token, new_token, token_digest
from looply.catalog.people.users import get_user_row, update_user
from looply.catalog.storage.damage import AnyRow
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.read_cache import ReadCache
from looply.catalog.storage.tables import members, organizations, role_settings, sessions, users, workspaces
from looply.catalog.tenants.keys import CACHE_ENTRIES, CACHE_SECONDS
from looply.catalog.tenants.names import not_found_error, validate_id
from looply.catalog.tenants.organizations import require_workspace
from looply.catalog.tenants.principal import Person, Principal, Session
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Entropy, Ids
from looply.instants import from_ms, to_ms
from looply.permissions import BY_SETTING, permissions_of_role

IDLE: Final = timedelta(hours=12)
"""A session that was not used for this time has ended; a working day is shorter."""
LONGEST: Final = timedelta(days=7)
"""However much it is used, a session ends after this time, and its person signs in again."""
CONFIRMED: Final = timedelta(minutes=10)
"""After the password was entered, dangerous acts are open for this time."""
MAX_SESSIONS: Final = 50
"""Sessions of one person; a further one ends the one that was used longest ago."""

_MAX_AGENT: Final = 200


class SessionDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in that has succeeded. `sign_in` is `local`, or the id of the provider; `address` is the caller's."""

    user_id: str
    sign_in: str
    address: str
    user_agent: str


class OpenSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session in the list of its person."""

    session_id: str
    organization_id: str
    organization_name: str
    sign_in: str
    address: str
    user_agent: str
    created_on: datetime
    last_seen_on: datetime
    expires_on: datetime


class _Known(msgspec.Struct, frozen=True):
    principal: Principal
    ends_on: datetime


class Sessions:
    """The sessions of all people. Sessions that were found are cached as keys are."""

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._entropy = entropy
        self._known: ReadCache[_Known | None] = ReadCache(
            database, clock, lambda known: known is not None, seconds=CACHE_SECONDS, entries=CACHE_ENTRIES
        )

    async def start(self, draft: SessionDraft) -> str | None:
        """Returns the token of a new session, None for a person who is no active member of any organization.

        It begins in the organization that the person has chosen last. Sign-in counts as a confirmation.
        """
        at = self._clock.now()
        token = new_token(self._entropy)

        def store(connection: Connection) -> str | None:
            connection.execute(delete(sessions).where(_has_ended(at)))
            organization_id = _first_choice(connection, draft.user_id)
            if organization_id is None:
                return None
            _end_oldest(connection, draft.user_id)
            session_id = str(self._ids.next(at))
            connection.execute(
                insert(sessions).values(
                    session_id=session_id,
                    token_sha256=token_digest(token),
                    # The same for all tokens of the session, so that a page which is open in another tab works on.
                    csrf=new_token(self._entropy),
                    user_id=draft.user_id,
                    organization_id=organization_id,
                    workspace_id=_first_workspace(connection, organization_id),
                    sign_in=draft.sign_in,
                    address=draft.address,
                    user_agent=draft.user_agent[:_MAX_AGENT],
                    confirmed_until_ms=to_ms(at + CONFIRMED),
                    last_seen_ms=to_ms(at),
                    created_ms=to_ms(at),
                    expires_ms=to_ms(at + LONGEST),
                )
            )
            member = members.c.organization_id == organization_id, members.c.user_id == draft.user_id
            connection.execute(update(members).where(*member).values(last_seen_ms=to_ms(at)))
            details = {"sign_in": draft.sign_in, "address": draft.address}
            Change(organization_id, draft.user_id, at).record(connection, "session.start", session_id, **details)
            return token

        return await self._database.write(store)

    async def authenticate(self, token: str, now: datetime) -> Principal | None:
        """Returns the principal of a session; None for a token that is malformed, unknown, or of an ended session.

        Guarantees: as `ApiKeys.authenticate`. Raises: as a read.
        """
        if not is_token(token):
            return None
        digest = token_digest(token)
        known = await self._known.get(digest, lambda: self._look_up(digest))
        return None if known is None or known.ends_on <= now else known.principal

    async def find_caller(
        self, organization_id: str, user_id: str, sign_in: str, expires_on: datetime
    ) -> Principal | None:
        """Returns an active member who proves with each call who they are; None for a person who is none.

        The session is not stored: it has no id, and allows no dangerous act. Of permissions the caller has `own` alone.
        """
        query = _CALLERS.where(members.c.organization_id == organization_id, members.c.user_id == user_id)

        def read(connection: Connection) -> Principal | None:
            row = connection.execute(query).mappings().first()
            return None if row is None else _caller(row, _first_workspace(connection, organization_id))

        found = await self._database.read(read)
        session = Session(session_id="", csrf="", sign_in=sign_in, confirmed_until=None, expires_on=expires_on)
        return None if found is None else msgspec.structs.replace(found, session=session)

    async def list_open(self, user_id: str) -> tuple[OpenSession, ...]:
        """Returns the sessions of a person, the one that was used last first."""
        now = self._clock.now()
        query = (
            select(sessions, organizations.c.organization_name)
            .join(organizations, organizations.c.organization_id == sessions.c.organization_id)
            .where(sessions.c.user_id == user_id)
            .order_by(sessions.c.last_seen_ms.desc(), sessions.c.session_id.desc())
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(_open_session(row) for row in rows if _ends_on(row) > now)

    async def choose_organization(
        self, session_id: str, user_id: str, organization_id: str, workspace_id: str | None = None
    ) -> str:
        """Moves a session to another organization or workspace of its person, and returns its new token.

        Raises: BadRequest; NotFound (codes `ORGANIZATION_NOT_FOUND`, `WORKSPACE_NOT_FOUND`).
        """
        checked = validate_id(organization_id, "organization")
        workspace = None if workspace_id is None else validate_id(workspace_id, "workspace")

        def choose(connection: Connection) -> dict[str, Any]:
            if all(each.organization_id != checked for each in memberships_of(connection, user_id)):
                raise not_found_error("organization", checked)
            chosen = _first_workspace(connection, checked) if workspace is None else workspace
            require_workspace(connection, checked, chosen)
            update_user(connection, user_id, self._clock.now(), organization_id=checked)
            return {"organization_id": checked, "workspace_id": chosen}

        return await self._rotate(session_id, choose)

    async def confirm(self, session_id: str) -> str:
        """Lets the person of a session do dangerous acts for 10 minutes, and returns the session's new token.

        The caller has verified the password. Raises: NotFound (code `SESSION_NOT_FOUND`).
        """
        until = to_ms(self._clock.now() + CONFIRMED)
        return await self._rotate(session_id, lambda _: {"confirmed_until_ms": until})

    async def change_password(self, session_id: str, user_id: str, password_hash: str) -> str:
        """Changes the password of a session's person, ends all other sessions, and returns the session's new token.

        Raises: NotFound (code `SESSION_NOT_FOUND`).
        """

        def change(connection: Connection) -> dict[str, Any]:
            at = self._clock.now()
            update_user(connection, user_id, at, password_hash=password_hash, reset_requested_ms=None)
            others = sessions.c.user_id == user_id, sessions.c.session_id != session_id
            connection.execute(delete(sessions).where(*others))
            for each in memberships_of(connection, user_id):
                Change(each.organization_id, user_id, at).record(connection, "user.change_password", user_id)
            return {"confirmed_until_ms": to_ms(at + CONFIRMED)}

        return await self._rotate(session_id, change)

    async def end(self, user_id: str, session_id: str) -> None:
        """Ends a session of a person. Raises: BadRequest; NotFound (code `SESSION_NOT_FOUND`)."""
        at = self._clock.now()
        checked = validate_id(session_id, "session")

        def store(connection: Connection) -> None:
            row = _get_row(connection, checked)
            if row["user_id"] != user_id:
                raise not_found_error("session", checked)
            connection.execute(delete(sessions).where(sessions.c.session_id == checked))
            Change(row["organization_id"], user_id, at).record(connection, "session.end", checked)

        await self._database.write(store)

    async def _rotate(self, session_id: str, change: Any) -> str:
        """Stores the values that `change` returns and a new token in one transaction, and returns the token."""
        token = new_token(self._entropy)

        def store(connection: Connection) -> str:
            _get_row(connection, session_id)
            values = {**change(connection), "token_sha256": token_digest(token)}
            connection.execute(update(sessions).where(sessions.c.session_id == session_id).values(**values))
            return token

        return await self._database.write(store)

    async def _look_up(self, digest: bytes) -> _Known | None:
        query = _PRINCIPALS.where(sessions.c.token_sha256 == digest)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return None if row is None else _Known(_principal(row), _ends_on(row))


def _has_ended(at: datetime) -> Any:
    columns = sessions.c
    return or_(columns.expires_ms <= to_ms(at), columns.last_seen_ms <= to_ms(at - IDLE))


def _ends_on(row: AnyRow) -> datetime:
    return min(from_ms(row["expires_ms"]), from_ms(row["last_seen_ms"]) + IDLE)


def _get_row(connection: Connection, session_id: str) -> RowMapping:
    row = connection.execute(select(sessions).where(sessions.c.session_id == session_id)).mappings().first()
    if row is None:
        raise not_found_error("session", session_id)
    return row


def _first_choice(connection: Connection, user_id: str) -> str | None:
    """Returns the organization that the person has chosen last, else the first one, None without any."""
    found = [each.organization_id for each in memberships_of(connection, user_id)]
    chosen: str | None = get_user_row(connection, user_id)["organization_id"]
    return chosen if chosen in found else next(iter(found), None)


def _first_workspace(connection: Connection, organization_id: str) -> str:
    columns = workspaces.c
    query = select(columns.workspace_id).where(columns.organization_id == organization_id)
    first: str = connection.execute(query.order_by(columns.workspace_id).limit(1)).scalar_one()
    return first


def _end_oldest(connection: Connection, user_id: str) -> None:
    """Ends sessions of a person, so that one more does not exceed `MAX_SESSIONS`."""
    columns = sessions.c
    query = select(columns.session_id).where(columns.user_id == user_id)
    query = query.order_by(columns.last_seen_ms.desc(), columns.session_id.desc()).offset(MAX_SESSIONS - 1)
    oldest = connection.execute(query).scalars().all()
    connection.execute(delete(sessions).where(columns.session_id.in_(oldest)))


_PRINCIPALS: Final = (
    select(
        sessions,
        users.c.user_name,
        users.c.email,
        members.c.role,
        *(role_settings.c[setting] for setting in BY_SETTING),
    )
    .join(users, users.c.user_id == sessions.c.user_id)
    .join(
        members,
        (members.c.user_id == sessions.c.user_id) & (members.c.organization_id == sessions.c.organization_id),
    )
    .outerjoin(role_settings, role_settings.c.organization_id == sessions.c.organization_id)
    .where(members.c.status == "ACTIVE")
)


_CALLERS: Final = (
    select(members.c.organization_id, members.c.role, users.c.user_id, users.c.user_name, users.c.email)
    .join(users, users.c.user_id == members.c.user_id)
    .where(members.c.status == "ACTIVE")
)


def _caller(row: RowMapping, workspace_id: str) -> Principal:
    return Principal(
        organization_id=row["organization_id"],
        workspace_id=workspace_id,
        key_id=None,
        name=row["user_name"],
        permissions=permissions_of_role(row["role"], ()) & {"own"},
        person=Person(user_id=row["user_id"], name=row["user_name"], email=row["email"]),
        role=row["role"],
    )


def _principal(row: RowMapping) -> Principal:
    confirmed_ms = row["confirmed_until_ms"]
    return Principal(
        organization_id=row["organization_id"],
        workspace_id=row["workspace_id"],
        key_id=None,
        name=row["user_name"],
        permissions=permissions_of_role(row["role"], [setting for setting in BY_SETTING if row[setting]]),
        person=Person(user_id=row["user_id"], name=row["user_name"], email=row["email"]),
        role=row["role"],
        session=Session(
            session_id=row["session_id"],
            csrf=row["csrf"],
            sign_in=row["sign_in"],
            confirmed_until=None if confirmed_ms is None else from_ms(confirmed_ms),
            expires_on=from_ms(row["expires_ms"]),
        ),
    )


def _open_session(row: AnyRow) -> OpenSession:
    return OpenSession(
        session_id=row["session_id"],
        organization_id=row["organization_id"],
        organization_name=row["organization_name"],
        sign_in=row["sign_in"],
        address=row["address"],
        user_agent=row["user_agent"],
        created_on=from_ms(row["created_ms"]),
        last_seen_on=from_ms(row["last_seen_ms"]),
        expires_on=from_ms(row["expires_ms"]),
    )
