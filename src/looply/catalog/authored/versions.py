"""The rules of versions, the same for workflows and cards.

An object has versions 1, 2, 3 ...; a number is never used twice. A version is a DRAFT, which can be saved again, or
ACTIVE, which is locked forever. Saving an ACTIVE version creates a DRAFT with the next number, even when another DRAFT
with a higher number exists: no author's work is overwritten, and the list shows both.

Creation instants strictly increase within an organization, so that they order its list, and each save changes
`modified_on`, so that it serves as the optimistic lock.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Table, false, func, insert, select, tuple_, update

from looply.catalog.storage.damage import require_readable
from looply.catalog.tenants.names import MAX_VERSION, not_found_error, validate_id, validate_version
from looply.catalog.trail.audit import Change
from looply.errors import BadRequest, Conflict, NotFound
from looply.instants import from_ms, to_ms
from looply.jsontext import Json

DRAFT = "DRAFT"
ACTIVE = "ACTIVE"

VersionKey = tuple[str, int]
"""Id of the object and number of the version, both not validated yet."""


class VersionChanged(Conflict):
    """A version was changed (code `STALE`) or activated (`ACTIVATED`) since the author read it; nothing was stored.

    `fields` are those of what is stored now, and the number that the next draft would have.
    """

    def __init__(self, noun: str, row: RowMapping, next_version: int) -> None:
        object_id, version = _key_of(row, noun)
        is_active = row["status"] == ACTIVE
        self.modified_by: str | None = row["modified_by"] or row["created_by"]
        self.fields: dict[str, Json] = {
            f"{noun}_version": version,
            "modified_on": row["modified_ms"],
            "modified_by": self.modified_by,
            "next_version": next_version,
        }
        what = "activated" if is_active else "changed"
        how = f"with that time it is saved as draft {next_version}" if is_active else "read it again before saving"
        super().__init__(
            f"{noun} {object_id} version {version} was {what} on {from_ms(row['modified_ms']).isoformat()}"
            f" by {self.modified_by or 'the operator'}; {how}",
            code="ACTIVATED" if is_active else "STALE",
        )


class VersionedTable(msgspec.Struct, frozen=True):
    """One table of versions and the noun that prefixes its columns.

    `carried` are the columns that a new draft copies from the version that it is based on; `emptied` are the values of
    a deleted version.
    """

    table: Table
    noun: str
    carried: tuple[str, ...]
    emptied: Mapping[str, Any]

    @property
    def object_id(self) -> Column[str]:
        """The column of the object's id."""
        return self.table.c[f"{self.noun}_id"]

    @property
    def version(self) -> Column[int]:
        """The column of the version number."""
        return self.table.c[f"{self.noun}_version"]

    def get(self, connection: Connection, organization_id: str, key: VersionKey) -> RowMapping:
        """Returns the version's row with `is_latest`.

        Raises: BadRequest for an id that is no UUID; NotFound.
        """
        object_id, version = _checked(key, self.noun)
        query = select(self.table, _is_latest(self)).where(*self._live(organization_id, object_id))
        row = connection.execute(query.where(self.version == version)).mappings().first()
        if row is None:
            raise not_found_error(self.noun, object_id, version=version)
        return row

    def latest_active(self, connection: Connection, organization_id: str, object_id: str) -> RowMapping:
        """Returns the row of the ACTIVE version with the highest number.

        Raises: BadRequest; NotFound when there is no such object; Conflict (code `NO_ACTIVE_VERSION`).
        """
        checked = validate_id(object_id, self.noun)
        query = select(self.table, _is_latest(self)).where(*self._live(organization_id, checked))
        query = query.where(self.table.c.status == ACTIVE).order_by(self.version.desc()).limit(1)
        row = connection.execute(query).mappings().first()
        if row is None:
            self.latest_version(connection, organization_id, checked)
            raise Conflict(
                f"{self.noun} {checked} has no ACTIVE version; activate one or name a version", code="NO_ACTIVE_VERSION"
            )
        return row

    def latest_version(self, connection: Connection, organization_id: str, object_id: str) -> int:
        """Returns the highest number of the versions that are not deleted.

        Raises: BadRequest; NotFound when there is none.
        """
        checked = validate_id(object_id, self.noun)
        live = self._live(organization_id, checked)
        newest: int | None = connection.execute(select(func.max(self.version)).where(*live)).scalar()
        if newest is None:
            raise not_found_error(self.noun, checked)
        return newest

    def name(self, connection: Connection, organization_id: str, key: VersionKey) -> str:
        """Returns the name of a version. Raises: BadRequest; NotFound."""
        object_id, version = _checked(key, self.noun)
        query = select(self.table.c[f"{self.noun}_name"]).where(*self._live(organization_id, object_id))
        name: str | None = connection.execute(query.where(self.version == version)).scalar()
        if name is None:
            raise not_found_error(self.noun, object_id, version=version)
        return name

    def names(self, connection: Connection, organization_id: str) -> list[tuple[str, str]]:
        """Returns the pairs of id and name of all versions of an organization, each pair once."""
        columns = self.table.c
        query = select(self.object_id, columns[f"{self.noun}_name"]).distinct()
        rows = connection.execute(query.where(columns.organization_id == organization_id, columns.deleted == false()))
        return [(object_id, name) for object_id, name in rows]

    def create(self, connection: Connection, change: Change, object_id: str, values: Mapping[str, Any]) -> VersionKey:
        """Stores version 1, a DRAFT, and returns its key."""
        return self._insert(connection, change, (object_id, 1), values)

    def save(
        self, connection: Connection, change: Change, row: RowMapping, lock: datetime | None, values: Mapping[str, Any]
    ) -> VersionKey:
        """Stores `values` in the DRAFT of `row`, or as the next DRAFT when it is ACTIVE; returns the key of the DRAFT.

        `lock` is the `modified_on` that the author has read; None overwrites.

        Raises: VersionChanged; RecordDamaged when the next DRAFT would copy a damaged value.
        """
        object_id, version = _key_of(row, self.noun)
        if lock is not None and to_ms(lock) != row["modified_ms"]:
            raise VersionChanged(self.noun, row, _next_version(self, connection, object_id))
        if row["status"] == ACTIVE:
            require_readable(row, self.table)
            carried = {name: row[name] for name in ("workspace_id", *self.carried)}
            key = (object_id, _next_version(self, connection, object_id))
            return self._insert(connection, change, key, {**carried, **values})
        self._update(connection, change, row, values)
        change.record(connection, f"{self.noun}.save", object_id, version=version)
        return object_id, version

    def activate(self, connection: Connection, change: Change, row: RowMapping, note: str = "") -> None:
        """Locks the DRAFT of `row` forever, and stores the note of that; does nothing to an ACTIVE version."""
        if row["status"] == ACTIVE:
            return
        object_id, version = _key_of(row, self.noun)
        self._update(connection, change, row, {"status": ACTIVE, "note": note or None})
        change.record(connection, f"{self.noun}.activate", object_id, version=version)

    def delete(self, connection: Connection, change: Change, key: tuple[str, int | None]) -> bool:
        """Deletes a version, or all when no number is given, and returns whether no version is left.

        Raises: BadRequest; NotFound when no version matches.
        """
        object_id, version = validate_id(key[0], self.noun), key[1]
        live = self._live(change.organization_id, object_id)
        deletion = update(self.table).where(*live)
        if version is not None:
            deletion = deletion.where(self.version == validate_version(version, self.noun, object_id))
        deleted = connection.execute(deletion.values(**self.emptied, deleted=True)).rowcount
        if not deleted:
            raise not_found_error(self.noun, object_id, version=version)
        change.record(connection, f"{self.noun}.delete", object_id, version=version)
        return connection.execute(select(self.version).where(*live).limit(1)).first() is None

    def page(
        self,
        connection: Connection,
        organization_id: str,
        limit: int,
        after: VersionKey | None,
        only: Collection[str] | None = None,
    ) -> Sequence[RowMapping]:
        """Returns up to `limit` + 1 rows of versions, newest created first, after the version `after` if it is given.

        `only` restricts them to these objects.

        Guarantees: a version that existed at the first page is returned exactly once; `after` may have been deleted.

        Raises: BadRequest (code `BAD_CURSOR`) when `after` was never a version of the organization.
        """
        columns = self.table.c
        order = (columns.created_ms, self.object_id, self.version)
        heavy = frozenset(self.emptied) - {f"{self.noun}_name"}
        shown = [column for column in columns if column.name not in heavy]
        query = select(*shown, _is_latest(self)).where(
            columns.organization_id == organization_id, columns.deleted == false()
        )
        if only is not None:
            query = query.where(self.object_id.in_(only))
        if after is not None:
            query = query.where(tuple_(*order) < tuple_(*_cursor_position(self, connection, organization_id, after)))
        query = query.order_by(*(column.desc() for column in order)).limit(limit + 1)
        return connection.execute(query).mappings().all()

    def _insert(self, connection: Connection, change: Change, key: VersionKey, values: Mapping[str, Any]) -> VersionKey:
        last = select(func.max(self.table.c.created_ms)).where(self.table.c.organization_id == change.organization_id)
        created_ms = max(to_ms(change.at), (connection.execute(last).scalar() or 0) + 1)
        ids = {f"{self.noun}_id": key[0], f"{self.noun}_version": key[1], "organization_id": change.organization_id}
        times = {"created_ms": created_ms, "modified_ms": created_ms}
        state = {"created_by": change.actor, "status": DRAFT, "deleted": False}
        connection.execute(insert(self.table).values(**values, **ids, **times, **state))
        change.record(connection, f"{self.noun}.create", key[0], version=key[1])
        return key

    def _update(self, connection: Connection, change: Change, row: RowMapping, values: Mapping[str, Any]) -> None:
        object_id, version = _key_of(row, self.noun)
        modified_ms = max(to_ms(change.at), row["modified_ms"] + 1)
        connection.execute(
            update(self.table)
            .where(*self._live(change.organization_id, object_id), self.version == version)
            .values(**values, modified_ms=modified_ms, modified_by=change.actor)
        )

    def _live(self, organization_id: str, object_id: str) -> tuple[ColumnElement[bool], ...]:
        columns = self.table.c
        return columns.organization_id == organization_id, self.object_id == object_id, columns.deleted == false()


def row_to_save(versions: VersionedTable, connection: Connection, organization_id: str, key: VersionKey) -> RowMapping:
    """Returns the row of a version that an author saves.

    Raises: as `VersionedTable.get`; NotFound (code `VERSION_DELETED`) for a version that was deleted.
    """
    try:
        return versions.get(connection, organization_id, key)
    except NotFound as error:
        object_id, version = _checked(key, versions.noun)
        of_it = (versions.table.c.organization_id == organization_id, versions.object_id == object_id)
        if connection.execute(select(versions.version).where(*of_it, versions.version == version)).first() is None:
            raise
        message = f"{versions.noun} {object_id} version {version} was deleted; save it as a new {versions.noun}"
        raise NotFound(message, code="VERSION_DELETED") from error


def _next_version(versions: VersionedTable, connection: Connection, object_id: str) -> int:
    # Deleted versions count, too: their numbers are never reused.
    query = select(func.max(versions.version)).where(versions.object_id == object_id)
    last: int = connection.execute(query).scalar_one()
    return last + 1


def _checked(key: VersionKey, noun: str) -> VersionKey:
    object_id = validate_id(key[0], noun)
    return object_id, validate_version(key[1], noun, object_id)


def _key_of(row: RowMapping, noun: str) -> VersionKey:
    return row[f"{noun}_id"], row[f"{noun}_version"]


def _is_latest(versions: VersionedTable) -> ColumnElement[bool]:
    other = versions.table.alias()
    newest = select(func.max(other.c[versions.version.name])).where(
        other.c[versions.object_id.name] == versions.object_id, other.c.deleted == false()
    )
    return (versions.version == newest.correlate(versions.table).scalar_subquery()).label("is_latest")


def _cursor_position(
    versions: VersionedTable, connection: Connection, organization_id: str, after: VersionKey
) -> tuple[int, str, int]:
    object_id, version = validate_id(after[0], versions.noun), min(max(after[1], 0), MAX_VERSION)
    columns = versions.table.c
    query = select(columns.created_ms).where(
        columns.organization_id == organization_id, versions.object_id == object_id, versions.version == version
    )
    created_ms = connection.execute(query).scalar()
    if created_ms is None:
        raise BadRequest(
            f"{versions.noun}_id and {versions.noun}_version are no cursor of this list; read the first page again",
            code="BAD_CURSOR",
        )
    return created_ms, object_id, version


def summary_columns(row: RowMapping, noun: str, *more: str) -> dict[str, Any]:
    """Returns the fields of a version that lists show, and the columns `more`."""
    own = (f"{noun}_id", f"{noun}_version", f"{noun}_name", "organization_id", "workspace_id", "status")
    return {
        **{name: row[name] for name in (*own, "created_by", "modified_by", *more)},
        "is_latest": bool(row["is_latest"]),
        "created_on": from_ms(row["created_ms"]),
        "modified_on": from_ms(row["modified_ms"]),
    }
