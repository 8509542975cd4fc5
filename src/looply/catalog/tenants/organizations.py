"""Organizations (tenants) and their workspaces."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, func, insert, select

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import organizations, workspaces
from looply.catalog.tenants.data_keys import DataKeys
from looply.catalog.tenants.names import not_found_error, validate_name
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Ids
from looply.errors import Refused
from looply.instants import from_ms, to_ms

FIRST_WORKSPACE = "Default"
MAX_WORKSPACES = 100


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant with its first workspace."""

    organization_id: str
    organization_name: str
    workspace_id: str
    created_on: datetime


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace of an organization."""

    workspace_id: str
    workspace_name: str
    created_on: datetime


class Organizations:
    """All organizations of this installation."""

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids, keys: DataKeys | None) -> None:
        """Each organization gets a data key from `keys`; None: one key seals for all organizations."""
        self._database = database
        self._clock = clock
        self._ids = ids
        self._keys = keys

    async def create(
        self, name: str, *, actor: str | None = None, also: Callable[[Connection, Change], None] | None = None
    ) -> tuple[str, str]:
        """Creates an organization, and returns the ids of it and of its first workspace (UUIDs).

        `also` is called within the transaction. Raises: BadRequest or Refused (code `INVALID_NAME`).
        """
        checked = validate_name(name, "name")
        at = self._clock.now()
        organization_id, workspace_id = str(self._ids.next(at)), str(self._ids.next(at))

        def store(connection: Connection) -> None:
            owner = {"organization_id": organization_id, "created_ms": to_ms(at)}
            connection.execute(insert(organizations).values(**owner, organization_name=checked))
            connection.execute(
                insert(workspaces).values(**owner, workspace_id=workspace_id, workspace_name=FIRST_WORKSPACE)
            )
            if self._keys is not None:
                self._keys.add(connection, organization_id, at)
            change = Change(organization_id, actor, at)
            change.record(connection, "organization.create", organization_id, name=checked)
            if also is not None:
                also(connection, change)

        await self._database.write(store)
        return organization_id, workspace_id

    async def get(self, organization_id: str) -> Organization:
        """Returns the organization.

        Raises: NotFound (code `ORGANIZATION_NOT_FOUND`).
        """
        if (found := await self._find_first(organization_id)) is None:
            raise not_found_error("organization", organization_id)
        return found

    async def create_workspace(self, organization_id: str, name: str, *, actor: str | None) -> Workspace:
        """Creates a workspace. Raises: BadRequest or Refused (code `INVALID_NAME`); Refused (code `WORKSPACE_EXISTS`).

        An organization has `MAX_WORKSPACES` at most: Refused (code `TOO_MANY_WORKSPACES`).
        """
        change = Change(organization_id, actor, self._clock.now())
        checked = validate_name(name, "name")
        workspace_id = str(self._ids.next(change.at))

        def store(connection: Connection) -> Workspace:
            names = {row["workspace_name"] for row in _workspace_rows(connection, organization_id)}
            if checked in names:
                raise Refused.at("/name", "is the name of another workspace", code="WORKSPACE_EXISTS")
            if len(names) >= MAX_WORKSPACES:
                message = f"cannot be created: the organization has {MAX_WORKSPACES} workspaces, which is the limit"
                raise Refused.at("/name", message, code="TOO_MANY_WORKSPACES")
            row = {"workspace_id": workspace_id, "workspace_name": checked, "created_ms": to_ms(change.at)}
            connection.execute(insert(workspaces).values(organization_id=organization_id, **row))
            change.record(connection, "workspace.create", workspace_id, name=checked)
            return _workspace(row)

        return await self._database.write(store)

    async def list_workspaces(self, organization_id: str) -> tuple[Workspace, ...]:
        """Returns the workspaces of an organization, in the order of creation."""
        rows = await self._database.read(lambda connection: _workspace_rows(connection, organization_id))
        return tuple(_workspace(row) for row in rows)

    async def find_first(self) -> Organization | None:
        """Returns the oldest organization, None in an empty catalog."""
        return await self._find_first(None)

    async def list_ids(self) -> Sequence[str]:
        """Returns the ids of all organizations, in the order of creation."""
        query = select(organizations.c.organization_id).order_by(organizations.c.organization_id)
        return await self._database.read(lambda connection: connection.execute(query).scalars().all())

    async def list_all(self) -> Sequence[Organization]:
        """Returns all organizations, each with its first workspace, in the order of creation."""
        # Ids of organizations and workspaces are UUIDv7: their order is the order of creation.
        query = (
            select(organizations, func.min(workspaces.c.workspace_id).label("workspace_id"))
            .join(workspaces)
            .group_by(organizations.c.organization_id)
            .order_by(organizations.c.organization_id)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_organization(row) for row in rows]

    async def _find_first(self, organization_id: str | None) -> Organization | None:
        query = select(organizations, workspaces.c.workspace_id).join(workspaces)
        if organization_id is not None:
            query = query.where(organizations.c.organization_id == organization_id)
        # Ids of organizations and workspaces are UUIDv7: their order is the order of creation.
        query = query.order_by(organizations.c.organization_id, workspaces.c.workspace_id).limit(1)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return None if row is None else _organization(row)


def require_workspace(connection: Connection, organization_id: str, workspace_id: str) -> None:
    """Checks that the workspace belongs to the organization.

    Raises: NotFound (code `WORKSPACE_NOT_FOUND`).
    """
    query = select(workspaces.c.workspace_id).where(
        workspaces.c.organization_id == organization_id, workspaces.c.workspace_id == workspace_id
    )
    if connection.execute(query).first() is None:
        raise not_found_error("workspace", workspace_id)


def _workspace_rows(connection: Connection, organization_id: str) -> Sequence[RowMapping]:
    query = select(workspaces).where(workspaces.c.organization_id == organization_id)
    return connection.execute(query.order_by(workspaces.c.workspace_id)).mappings().all()


def _workspace(row: RowMapping | Mapping[str, Any]) -> Workspace:
    return Workspace(
        workspace_id=row["workspace_id"],
        workspace_name=row["workspace_name"],
        created_on=from_ms(row["created_ms"]),
    )


def _organization(row: RowMapping) -> Organization:
    return Organization(
        organization_id=row["organization_id"],
        organization_name=row["organization_name"],
        workspace_id=row["workspace_id"],
        created_on=from_ms(row["created_ms"]),
    )
