"""Companions of workflows: what authors keep beside the definition, for all versions. An execution never reads them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, RowMapping, select, update

from looply.catalog.authored.companion_rows import CompanionKind, insert_companion
from looply.catalog.authored.workflows import require_workflow
from looply.catalog.storage.damage import require_readable
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import workflow_companions as table
from looply.catalog.trail.audit import Change
from looply.clock import Clock
from looply.errors import Conflict
from looply.instants import from_ms, to_ms
from looply.jsontext import Json

_ACTIONS: Final[Mapping[CompanionKind, str]] = {"samples": "workflow.samples", "canvas": "workflow.canvas"}


class Companion(msgspec.Struct, frozen=True, kw_only=True):
    """One companion. `revision` counts its changes from 1; `modified_by` is a key or a person, None: the operator."""

    workflow_id: str
    content: Json
    revision: int
    modified_by: str | None
    modified_on: datetime


class CompanionChanged(Conflict):
    """Another author has changed the companion since the caller read it; nothing was stored.

    `fields` are those of what is stored now.
    """

    code = "STALE"

    def __init__(self, kind: CompanionKind, workflow_id: str, companion: Companion | None) -> None:
        self.modified_by = companion.modified_by if companion is not None else None
        self.fields: dict[str, Json] = {"revision": companion.revision if companion is not None else 0}
        by = ""
        if companion is not None:
            self.fields |= {"modified_by": companion.modified_by, "modified_on": to_ms(companion.modified_on)}
            by = f", changed on {companion.modified_on.isoformat()} by {companion.modified_by or 'the operator'}"
        message = f"the {kind} of workflow {workflow_id} has revision {self.fields['revision']}{by}"
        super().__init__(f"{message}; read it again before saving")


class Companions:
    """The companions of an organization's workflows; those of another organization are not found.

    Methods raise BadRequest for an id that is no UUID, NotFound (code `WORKFLOW_NOT_FOUND`), and RecordDamaged.
    """

    def __init__(self, database: CatalogDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, organization_id: str, workflow_id: str, kind: CompanionKind) -> Companion | None:
        """Returns a companion, None for a workflow that has none yet."""

        def load(connection: Connection) -> Companion | None:
            owner = require_workflow(connection, organization_id, workflow_id)
            row = _find(connection, organization_id, owner, kind)
            return _companion(row) if row is not None else None

        return await self._database.read(load)

    async def put(
        self,
        organization_id: str,
        workflow_id: str,
        kind: CompanionKind,
        content: Json,
        *,
        revision: int | None,
        actor: str | None,
    ) -> Companion:
        """Replaces a companion and returns it. `revision` is what the author has read, 0 for none; None overwrites.

        Raises: CompanionChanged.
        """
        change = Change(organization_id, actor, self._clock.now())

        def store(connection: Connection) -> Companion:
            owner = require_workflow(connection, organization_id, workflow_id)
            row = _find(connection, organization_id, owner, kind)
            former = row["revision"] if row is not None else 0
            if revision is not None and revision != former:
                raise CompanionChanged(kind, owner, _companion(row) if row is not None else None)
            _store(connection, change, (owner, kind), content, row)
            change.record(connection, _ACTIONS[kind], owner, revision=former + 1)
            found = _find(connection, organization_id, owner, kind)
            assert found is not None
            return _companion(found)

        return await self._database.write(store)


def _store(
    connection: Connection,
    change: Change,
    which: tuple[str, CompanionKind],
    content: Json,
    former: RowMapping | None,
) -> None:
    owner, kind = which
    at_ms = to_ms(change.at)
    if former is None:
        insert_companion(connection, change, owner, kind, content)
        return
    mine = (table.c.organization_id == change.organization_id, table.c.workflow_id == owner, table.c.kind == kind)
    values = {"content": content, "revision": former["revision"] + 1, "modified_by": change.actor}
    connection.execute(update(table).where(*mine).values(**values, modified_ms=at_ms))


def _find(connection: Connection, organization_id: str, workflow_id: str, kind: CompanionKind) -> RowMapping | None:
    mine = (table.c.organization_id == organization_id, table.c.workflow_id == workflow_id, table.c.kind == kind)
    return connection.execute(select(table).where(*mine)).mappings().first()


def _companion(row: RowMapping) -> Companion:
    require_readable(row, table)
    return Companion(
        workflow_id=row["workflow_id"],
        content=row["content"],
        revision=row["revision"],
        modified_by=row["modified_by"],
        modified_on=from_ms(row["modified_ms"]),
    )
