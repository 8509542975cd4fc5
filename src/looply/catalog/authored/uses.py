"""Which versions of workflows name which objects: an index beside the definitions, stored in the same transaction."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, false, func, insert, select, tuple_

from looply.catalog.authored.listing import newest_active
from looply.catalog.authored.versions import VersionedTable, VersionKey
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.pages import Page, validate_limit
from looply.catalog.storage.tables import workflow_uses, workflow_versions
from looply.definition.calls.uses import Use, UseKind

PLACES: Final = 100
"""Places of one name in one version that are listed. Of a connection the index keeps the other steps too, without
their paths, since calls are counted by them."""

_WORKFLOWS: Final = VersionedTable(workflow_versions, "workflow", carried=(), emptied={})


class UseKey(NamedTuple):
    """The cursor of a list of uses."""

    workflow_id: str
    workflow_version: int


class UsingVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a workflow that names an object, and the places where it does."""

    workflow_id: str
    workflow_version: int
    workflow_name: str
    status: Literal["DRAFT", "ACTIVE"]
    places: tuple[Use, ...]

    @property
    def key(self) -> UseKey:
        """The cursor of the page that begins after it."""
        return UseKey(self.workflow_id, self.workflow_version)


class Uses:
    """The uses of the objects of an organization: in newest ACTIVE versions, and in drafts that are newer."""

    def __init__(self, database: CatalogDatabase) -> None:
        self._database = database

    async def list_page(
        self, organization_id: str, kind: UseKind, name: str, limit: int, after: UseKey | None = None
    ) -> Page[UsingVersion]:
        """Returns the versions that name an object, by workflow id and number. Raises: BadRequest for the limit."""
        size = validate_limit(limit)
        uses, versions = workflow_uses.c, workflow_versions.c
        query = (
            select(
                uses.workflow_id,
                uses.workflow_version,
                versions.workflow_name,
                versions.status,
                uses.kind,
                uses.name,
                uses.places,
            )
            .join(workflow_versions, _is_of_version())
            .where(uses.organization_id == organization_id, uses.kind == kind, uses.name == name, *_counts())
        )
        if after is not None:
            query = query.where(tuple_(uses.workflow_id, uses.workflow_version) > tuple_(*after))
        query = query.order_by(uses.workflow_id, uses.workflow_version).limit(size + 1)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return Page(items=tuple(_using(row) for row in rows[:size]), has_more=len(rows) > size)

    async def count_workflows(self, organization_id: str, kind: UseKind, names: Collection[str]) -> Mapping[str, int]:
        """Returns how many workflows name each of these objects; one that none names has no entry."""
        if not names:
            return {}
        uses = workflow_uses.c
        query = (
            select(uses.name, func.count(uses.workflow_id.distinct()))
            .join(workflow_versions, _is_of_version())
            .where(uses.organization_id == organization_id, uses.kind == kind, uses.name.in_(sorted(names)), *_counts())
            .group_by(uses.name)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {name: count for name, count in rows}  # noqa: C416 - rows are not pairs to the type checker

    async def connections_by_step(
        self, organization_id: str, workflow_ids: Collection[str] = ()
    ) -> Mapping[tuple[str, str], str]:
        """Returns the connections that steps name, by workflow id and step: those of newest ACTIVE versions.

        Of these workflows, or of all.
        """
        uses, versions = workflow_uses.c, workflow_versions.c
        query = (
            select(uses.workflow_id, uses.name, uses.places)
            .join(workflow_versions, _is_of_version())
            .where(
                uses.organization_id == organization_id,
                uses.kind == "connection",
                versions.deleted == false(),
                versions.workflow_version == newest_active(_WORKFLOWS, versions.workflow_id),
            )
        )
        if workflow_ids:
            query = query.where(uses.workflow_id.in_(sorted(workflow_ids)))
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {(workflow_id, step): name for workflow_id, name, places in rows for _, step, _ in places}


def store_uses(connection: Connection, organization_id: str, key: VersionKey, uses: Sequence[Use]) -> None:
    """Stores the uses of one version in place of its former ones; writes nothing when they are the same."""
    rows_by_name: dict[tuple[str, str], list[list[str]]] = {}
    for use in uses:
        places = rows_by_name.setdefault((use.kind, use.name), [])
        if len(places) < PLACES:
            places.append([use.path, use.step, use.label])
        elif use.kind == "connection":
            places.append(["", use.step, ""])
    columns = workflow_uses.c
    of_version = (columns.workflow_id == key[0], columns.workflow_version == key[1])
    stored = {
        (row.kind, row.name): row.places
        for row in connection.execute(select(columns.kind, columns.name, columns.places).where(*of_version))
    }
    if stored == rows_by_name:
        return
    connection.execute(delete(workflow_uses).where(*of_version))
    rows = [
        {
            "organization_id": organization_id,
            "workflow_id": key[0],
            "workflow_version": key[1],
            "kind": kind,
            "name": name,
            "places": places,
        }
        for (kind, name), places in rows_by_name.items()
    ]
    if rows:
        connection.execute(insert(workflow_uses), rows)


def drop_uses(connection: Connection, workflow_id: str, version: int | None) -> None:
    """Removes the uses of one version, or of all versions of a workflow."""
    columns = workflow_uses.c
    removal = delete(workflow_uses).where(columns.workflow_id == workflow_id)
    connection.execute(removal if version is None else removal.where(columns.workflow_version == version))


def _is_of_version() -> ColumnElement[bool]:
    uses, versions = workflow_uses.c, workflow_versions.c
    is_of_it = (versions.workflow_id == uses.workflow_id) & (versions.workflow_version == uses.workflow_version)
    # With the organization one index has all that a page needs of versions.
    return is_of_it & (versions.organization_id == uses.organization_id)


def _counts() -> tuple[ColumnElement[bool], ...]:
    """Returns what a version must be to count: the newest ACTIVE one of its workflow, or a newer draft."""
    versions = workflow_versions.c
    return (
        versions.deleted == false(),
        versions.workflow_version >= newest_active(_WORKFLOWS, versions.workflow_id),
    )


def _using(row: Mapping[Any, Any]) -> UsingVersion:
    places = row["places"][:PLACES]
    return UsingVersion(
        workflow_id=row["workflow_id"],
        workflow_version=row["workflow_version"],
        workflow_name=row["workflow_name"],
        status=row["status"],
        places=tuple(
            Use(kind=row["kind"], name=row["name"], path=path, step=step, label=label) for path, step, label in places
        ),
    )
