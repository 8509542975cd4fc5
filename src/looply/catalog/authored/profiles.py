"""Environment profiles: named JSON objects of a workflow, one of which is the default. They never hold credentials."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, select, true, update

from looply.catalog.authored.versions import VersionedTable
from looply.catalog.storage.damage import AnyRow, mark_damaged, require_readable
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.read_cache import ReadCache
from looply.catalog.storage.tables import profiles, workflow_versions
from looply.catalog.tenants.names import lookup_name, not_found_error, validate_id, validate_name, validate_object
from looply.catalog.trail.audit import Change
from looply.clock import Clock
from looply.errors import Conflict
from looply.instants import from_ms, to_ms
from looply.jsontext import encode_json

# A workflow has a handful (dev, qa, prod); the bound keeps `list_all` a list without pages.
MAX_PROFILES = 100
# Larger profiles are not cached, which bounds the memory of the cache.
CACHEABLE_BYTES = 64 * 1024

_WORKFLOWS = VersionedTable(workflow_versions, "workflow", carried=(), emptied={})


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A profile of a workflow. `values` become `environment` of the data document."""

    workflow_id: str
    name: str
    values: dict[str, Any]
    is_default: bool
    created_by: str | None
    modified_by: str | None
    created_on: datetime
    modified_on: datetime


class Profiles:
    """The profiles of an organization's workflows; those of another organization are not found.

    Methods raise BadRequest for a workflow id that is no UUID, NotFound (codes `WORKFLOW_NOT_FOUND`,
    `PROFILE_NOT_FOUND`), Conflict (code `PROFILE_EXISTS`) for a name in use, BadRequest or Refused for an invalid name,
    and RecordDamaged for a damaged profile.
    """

    def __init__(self, database: CatalogDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._recent: ReadCache[Profile | None] = ReadCache(database, clock, _is_small)

    async def create(
        self, organization_id: str, workflow_id: str, name: str, values: dict[str, Any], *, actor: str | None = None
    ) -> Profile:
        """Creates a profile and returns it; the first one of a workflow is its default."""
        change = Change(organization_id, actor, self._clock.now())
        checked, environment = validate_name(name, "name"), validate_object(values, "values")

        def store(connection: Connection) -> Profile:
            owner = _owner(connection, organization_id, workflow_id)
            return _insert(connection, change, owner, checked, environment)

        return await self._database.write(store)

    async def update(
        self,
        organization_id: str,
        workflow_id: str,
        name: str,
        values: dict[str, Any] | None = None,
        *,
        new_name: str | None = None,
        actor: str | None = None,
    ) -> Profile:
        """Replaces the values, the name or both of a profile in one transaction, and returns it."""
        change = Change(organization_id, actor, self._clock.now())
        checked = validate_name(new_name, "new_name") if new_name is not None else None
        environment = validate_object(values, "values") if values is not None else None

        def store(connection: Connection) -> Profile:
            row = _get(connection, organization_id, workflow_id, name)
            if checked is not None:
                if checked != row["profile_name"]:
                    _check_free(connection, organization_id, row["workflow_id"], checked)
                _update(connection, change, row, "rename", {"profile_name": checked})
                row = _get(connection, organization_id, workflow_id, checked)
            if environment is not None:
                return _update(connection, change, row, "update", {"environment": environment})
            return _profile(mark_damaged(row))

        return await self._database.write(store)

    async def set_default(
        self, organization_id: str, workflow_id: str, name: str, *, actor: str | None = None
    ) -> Profile:
        """Makes a profile the default in place of the former one, and returns it."""
        change = Change(organization_id, actor, self._clock.now())

        def store(connection: Connection) -> Profile:
            row = _get(connection, organization_id, workflow_id, name)
            mine = _of_workflow(organization_id, row["workflow_id"])
            connection.execute(update(profiles).where(*mine).values(is_default=False))
            return _update(connection, change, row, "set_default", {"is_default": True})

        return await self._database.write(store)

    async def delete(self, organization_id: str, workflow_id: str, name: str, *, actor: str | None = None) -> None:
        """Deletes a profile.

        Raises: Conflict (code `PROFILE_IS_DEFAULT`) for the default as long as there are others.
        """
        change = Change(organization_id, actor, self._clock.now())

        def store(connection: Connection) -> None:
            row = _get(connection, organization_id, workflow_id, name)
            mine = _of_workflow(organization_id, row["workflow_id"])
            if row["is_default"] and _count(connection, mine) > 1:
                raise Conflict(
                    f"profile {row['profile_name']} is the default; make another one the default first",
                    code="PROFILE_IS_DEFAULT",
                )
            connection.execute(delete(profiles).where(*mine, profiles.c.profile_name == row["profile_name"]))
            change.record(connection, "profile.delete", _label(row["workflow_id"], row["profile_name"]))

        await self._database.write(store)

    async def list_all(self, organization_id: str, workflow_id: str) -> tuple[Profile, ...]:
        """Returns the workflow's profiles, sorted by name; at most 100. A damaged one has `damaged` as its value."""

        def load(connection: Connection) -> tuple[Profile, ...]:
            mine = _of_workflow(organization_id, _owner(connection, organization_id, workflow_id))
            rows = connection.execute(select(profiles).where(*mine).order_by(profiles.c.profile_name)).mappings()
            return tuple(_profile(mark_damaged(row)) for row in rows)

        return await self._database.read(load)

    async def get(self, organization_id: str, workflow_id: str, name: str) -> Profile:
        """Returns the profile of that name. The result is shared with other callers and must not be modified."""

        def load(connection: Connection) -> Profile:
            return _profile(require_readable(_get(connection, organization_id, workflow_id, name), profiles))

        found = await self._recent.get((organization_id, workflow_id, name), lambda: self._database.read(load))
        assert found is not None
        return found

    async def find_default(self, organization_id: str, workflow_id: str) -> Profile | None:
        """Returns the workflow's default profile, None when it has no profiles. It must not be modified."""

        def load(connection: Connection) -> Profile | None:
            mine = _of_workflow(organization_id, validate_id(workflow_id, "workflow"))
            query = select(profiles).where(*mine, profiles.c.is_default == true())
            row = connection.execute(query).mappings().first()
            return None if row is None else _profile(require_readable(row, profiles))

        return await self._recent.get((organization_id, workflow_id), lambda: self._database.read(load))


def _is_small(profile: Profile | None) -> bool:
    return profile is None or len(encode_json(profile.values)) <= CACHEABLE_BYTES


def _owner(connection: Connection, organization_id: str, workflow_id: str) -> str:
    """Returns the workflow's id in its stored form. Raises: NotFound when the workflow does not exist."""
    _WORKFLOWS.latest_version(connection, organization_id, workflow_id)
    return validate_id(workflow_id, "workflow")


def _of_workflow(organization_id: str, workflow_id: str) -> tuple[ColumnElement[bool], ...]:
    return profiles.c.organization_id == organization_id, profiles.c.workflow_id == workflow_id


def _get(connection: Connection, organization_id: str, workflow_id: str, name: str) -> RowMapping:
    mine = _of_workflow(organization_id, validate_id(workflow_id, "workflow"))
    query = select(profiles).where(*mine, profiles.c.profile_name == lookup_name(name, "profile"))
    row = connection.execute(query).mappings().first()
    if row is None:
        raise not_found_error("profile", name, by="name")
    return row


def _count(connection: Connection, mine: tuple[ColumnElement[bool], ...]) -> int:
    count: int = connection.execute(select(func.count()).select_from(profiles).where(*mine)).scalar_one()
    return count


def _check_free(connection: Connection, organization_id: str, workflow_id: str, name: str) -> None:
    mine = _of_workflow(organization_id, workflow_id)
    if connection.execute(select(profiles.c.profile_name).where(*mine, profiles.c.profile_name == name)).first():
        raise Conflict(f"the workflow has a profile {name} already; choose another name", code="PROFILE_EXISTS")


def _insert(
    connection: Connection, change: Change, workflow_id: str, name: str, environment: dict[str, Any]
) -> Profile:
    _check_free(connection, change.organization_id, workflow_id, name)
    count = _count(connection, _of_workflow(change.organization_id, workflow_id))
    if count >= MAX_PROFILES:
        raise Conflict(f"the workflow has {count} profiles, the most allowed; delete one", code="TOO_MANY_PROFILES")
    connection.execute(
        insert(profiles).values(
            organization_id=change.organization_id,
            workflow_id=workflow_id,
            profile_name=name,
            environment=environment,
            is_default=count == 0,
            created_by=change.actor,
            created_ms=to_ms(change.at),
            modified_ms=to_ms(change.at),
        )
    )
    change.record(connection, "profile.create", _label(workflow_id, name))
    return _profile(_get(connection, change.organization_id, workflow_id, name))


def _update(connection: Connection, change: Change, row: RowMapping, verb: str, values: dict[str, Any]) -> Profile:
    mine = _of_workflow(change.organization_id, row["workflow_id"])
    stamp = {"modified_ms": max(to_ms(change.at), row["modified_ms"] + 1), "modified_by": change.actor}
    connection.execute(
        update(profiles).where(*mine, profiles.c.profile_name == row["profile_name"]).values(**values, **stamp)
    )
    name = values.get("profile_name", row["profile_name"])
    change.record(connection, f"profile.{verb}", _label(row["workflow_id"], row["profile_name"]), name=name)
    return _profile(mark_damaged(_get(connection, change.organization_id, row["workflow_id"], name)))


def _label(workflow_id: str, name: str) -> str:
    return f"{workflow_id}/{name}"


def _profile(row: AnyRow) -> Profile:
    return Profile(
        workflow_id=row["workflow_id"],
        name=row["profile_name"],
        values=row["environment"],
        is_default=bool(row["is_default"]),
        created_by=row["created_by"],
        modified_by=row["modified_by"],
        created_on=from_ms(row["created_ms"]),
        modified_on=from_ms(row["modified_ms"]),
    )
