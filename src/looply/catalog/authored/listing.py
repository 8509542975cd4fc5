"""Lists of objects that have versions, one row for each object; and the versions of one.

A list is ordered by the ids of its objects, newest created first, so that a page costs the same wherever it begins and
shows each object once, whatever is saved in the meantime. What decides whether an object is listed is in one index.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, Text, false, func, select, tuple_, type_coerce

from looply.catalog.authored.versions import ACTIVE, DRAFT, VersionedTable, VersionKey
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.pages import validate_limit
from looply.catalog.storage.tables import card_versions, workflow_versions
from looply.instants import from_ms

SCANNED: Final = 20_000
"""Objects that one page of a filtered list examines at most."""

_BATCH: Final = 500
_AFTER_ALL: Final = "g"
"""Greater than every id."""


class Candidate(msgspec.Struct, frozen=True):
    """What decides whether an object is listed: its newest version."""

    object_id: str
    newest: int
    name: str
    is_draft: bool


Matches = Callable[[Candidate], bool]


class HeadQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which objects a page lists: up to `limit` with ids below `after`, if it is given, greatest first.

    `only` restricts them to these ids. `matches` decides by the newest version, on the thread of the database; then a
    page examines at most `scanned` objects.
    """

    limit: int
    after: str = ""
    only: Collection[str] | None = None
    matches: Matches | None = None
    scanned: int = SCANNED


class ObjectHead(msgspec.Struct, frozen=True, kw_only=True):
    """One object of a list. `active` is its newest ACTIVE version; everything else is of its newest version.

    `by` is who changed it last, None for the operator; `created_on` is when the object was created.
    """

    object_id: str
    name: str
    newest: int
    active: int | None
    is_draft: bool
    by: str | None
    created_on: datetime
    modified_on: datetime

    @property
    def shown_version(self) -> int:
        """The version that runs, else the newest one."""
        return self.newest if self.active is None else self.active


class HeadPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `after` is the id from which the next page continues, empty on the last page.

    `is_truncated`: the page is short because it has examined `SCANNED` objects.
    """

    items: tuple[ObjectHead, ...]
    after: str = ""
    is_truncated: bool = False


class VersionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an object. `content` is the stored text of what its author wrote; `note` is of its activation."""

    version: int
    name: str
    status: Literal["DRAFT", "ACTIVE"]
    by: str | None
    created_on: datetime
    modified_on: datetime
    note: str
    content: str


class ObjectLists:
    """The lists of one kind of object of an organization; those of another organization are not listed."""

    def __init__(self, database: CatalogDatabase, versions: VersionedTable, content: str) -> None:
        """`content` names the column of what the author of a version wrote."""
        self._database = database
        self._versions = versions
        self._content = content

    async def list_heads(self, organization_id: str, query: HeadQuery) -> HeadPage:
        """Returns one page of objects, newest created first.

        Guarantees: paging returns every object that existed at the first page exactly once; the cost of a page does not
        depend on the number of objects, or with `matches` on `query.scanned` of them at most.

        Raises: BadRequest for a limit that is not positive.
        """
        limit = validate_limit(query.limit)
        return await self._database.read(
            lambda connection: _head_page(connection, self._versions, organization_id, limit, query)
        )

    async def list_versions(
        self, organization_id: str, object_id: str, limit: int, before: int | None = None
    ) -> Sequence[VersionLine]:
        """Returns up to `limit` versions of an object below number `before`, newest first.

        Raises: BadRequest; NotFound when it has no version.
        """
        versions, size = self._versions, validate_limit(limit)
        columns = versions.table.c
        query = select(
            versions.version.label("version"),
            columns[f"{versions.noun}_name"].label("name"),
            columns.status,
            func.coalesce(columns.modified_by, columns.created_by).label("by"),
            columns.created_ms,
            columns.modified_ms,
            columns.note,
            type_coerce(columns[self._content], Text).label("content"),
        ).where(versions.object_id == object_id.lower(), *self._live(organization_id))
        if before is not None:
            query = query.where(versions.version < before)
        query = query.order_by(versions.version.desc()).limit(size)

        def read(connection: Connection) -> list[VersionLine]:
            versions.latest_version(connection, organization_id, object_id)
            return [_line(row) for row in connection.execute(query).all()]

        return await self._database.read(read)

    async def contents(self, organization_id: str, keys: Collection[VersionKey]) -> Mapping[VersionKey, str]:
        """Returns the stored texts of what was written into versions; one that does not exist is left out."""
        if not keys:
            return {}
        versions = self._versions
        content = type_coerce(versions.table.c[self._content], Text)
        query = select(versions.object_id, versions.version, content).where(
            *self._live(organization_id), tuple_(versions.object_id, versions.version).in_(sorted(keys))
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {(object_id, version): text for object_id, version, text in rows}

    def _live(self, organization_id: str) -> tuple[ColumnElement[bool], ...]:
        columns = self._versions.table.c
        return columns.organization_id == organization_id, columns.deleted == false()


def workflow_lists(database: CatalogDatabase) -> ObjectLists:
    """Returns the lists of workflows; the content of a version is its definition."""
    return ObjectLists(database, VersionedTable(workflow_versions, "workflow", carried=(), emptied={}), "definition")


def card_lists(database: CatalogDatabase) -> ObjectLists:
    """Returns the lists of cards; the content of a version is its template."""
    return ObjectLists(database, VersionedTable(card_versions, "card", carried=(), emptied={}), "card_payload")


def _head_page(
    connection: Connection, versions: VersionedTable, organization_id: str, limit: int, query: HeadQuery
) -> HeadPage:
    matches = query.matches
    batch = limit + 1 if matches is None else min(_BATCH, query.scanned)
    candidates = _candidates(versions, organization_id, query.only)
    found: list[Candidate] = []
    examined, place = 0, query.after or _AFTER_ALL
    while True:
        rows = connection.execute(candidates.where(versions.object_id < place).limit(batch)).all()
        seen = [Candidate(object_id, version, name, status == DRAFT) for object_id, version, name, status in rows]
        found += [each for each in seen if matches is None or matches(each)]
        if len(found) > limit:
            shown = found[:limit]
            return HeadPage(items=_heads(connection, versions, organization_id, shown), after=shown[-1].object_id)
        examined += len(seen)
        is_over = len(seen) < batch
        if is_over or examined >= query.scanned:
            heads = _heads(connection, versions, organization_id, found)
            return HeadPage(items=heads, after="" if is_over else seen[-1].object_id, is_truncated=not is_over)
        place = seen[-1].object_id


def newest_active(versions: VersionedTable, object_id: ColumnElement[str]) -> ColumnElement[int]:
    """Returns the highest number of the ACTIVE versions of an object, 0 when there is none, for a query of versions."""
    other = versions.table.alias()
    query = select(func.coalesce(func.max(other.c[versions.version.name]), 0)).where(
        other.c.organization_id == versions.table.c.organization_id,
        other.c[versions.object_id.name] == object_id,
        other.c.deleted == false(),
        other.c.status == ACTIVE,
    )
    return query.correlate(versions.table).scalar_subquery()


def _candidates(versions: VersionedTable, organization_id: str, only: Collection[str] | None) -> Select[Any]:
    """Returns the query of the newest versions of objects, greatest ids first; it reads one index only."""
    columns, other = versions.table.c, versions.table.alias()
    newest = (
        select(func.max(other.c[versions.version.name]))
        .where(
            other.c.organization_id == organization_id,
            other.c.deleted == false(),
            other.c[versions.object_id.name] == versions.object_id,
        )
        .correlate(versions.table)
        .scalar_subquery()
    )
    query: Select[Any] = select(
        versions.object_id, versions.version, columns[f"{versions.noun}_name"], columns.status
    ).where(columns.organization_id == organization_id, columns.deleted == false(), versions.version == newest)
    if only is not None:
        query = query.where(versions.object_id.in_(sorted(only)))
    return query.order_by(versions.object_id.desc())


def _heads(
    connection: Connection, versions: VersionedTable, organization_id: str, candidates: Sequence[Candidate]
) -> tuple[ObjectHead, ...]:
    if not candidates:
        return ()
    ids = [each.object_id for each in candidates]
    columns = versions.table.c
    live = (
        select(
            versions.object_id,
            func.min(columns.created_ms),
            func.max(versions.version).filter(columns.status == ACTIVE),
        )
        .where(columns.organization_id == organization_id, columns.deleted == false(), versions.object_id.in_(ids))
        .group_by(versions.object_id)
    )
    spans = {object_id: (created, active) for object_id, created, active in connection.execute(live)}
    keys: list[VersionKey] = [(each.object_id, each.newest) for each in candidates]
    changed = select(
        versions.object_id, func.coalesce(columns.modified_by, columns.created_by), columns.modified_ms
    ).where(tuple_(versions.object_id, versions.version).in_(keys))
    changes = {object_id: (by, modified) for object_id, by, modified in connection.execute(changed)}
    return tuple(
        ObjectHead(
            object_id=each.object_id,
            name=each.name,
            newest=each.newest,
            active=spans[each.object_id][1],
            is_draft=each.is_draft,
            by=changes[each.object_id][0],
            created_on=from_ms(spans[each.object_id][0]),
            modified_on=from_ms(changes[each.object_id][1]),
        )
        for each in candidates
    )


def _line(row: Row[Any]) -> VersionLine:
    return VersionLine(
        version=row.version,
        name=row.name,
        status=row.status,
        by=row.by,
        created_on=from_ms(row.created_ms),
        modified_on=from_ms(row.modified_ms),
        note=row.note or "",
        content=row.content,
    )
