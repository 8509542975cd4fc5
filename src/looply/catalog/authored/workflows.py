"""Workflows and their versions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import structs
from sqlalchemy import Connection, RowMapping, delete, update

from looply.catalog.authored.cards import NO_CARDS, CardDraft, insert_card
from looply.catalog.authored.companion_rows import insert_companion
from looply.catalog.authored.notes import validate_note
from looply.catalog.authored.uses import drop_uses, store_uses
from looply.catalog.authored.versions import VersionedTable, VersionKey, row_to_save, summary_columns
from looply.catalog.storage.damage import definition_hash, require_readable
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.pages import Page, make_page, validate_limit
from looply.catalog.storage.read_cache import ReadCache
from looply.catalog.storage.tables import profiles, workflow_companions, workflow_versions
from looply.catalog.tenants.names import validate_name, validate_object
from looply.catalog.tenants.organizations import require_workspace
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Ids
from looply.definition.calls.replacing import with_card_ids
from looply.definition.calls.uses import uses_of
from looply.errors import Conflict, DefinitionError, Problem
from looply.jsontext import Json, encode_json

# Larger versions are not cached, which bounds the memory of the cache to about 100 MiB.
CACHEABLE_BYTES = 64 * 1024

_VERSIONS = VersionedTable(
    workflow_versions,
    "workflow",
    carried=("mock_payload", "mock_schema"),
    emptied={
        "workflow_name": "",
        "definition": None,
        "findings": [],
        "mock_payload": None,
        "mock_schema": None,
    },
)


class WorkflowDraft(msgspec.Struct, frozen=True, kw_only=True):
    """The draft that an author saves. With findings it is incomplete: it is stored but cannot be activated.

    `mock_payload` and its schema are those of a new workflow; later drafts keep what is stored.
    """

    name: str
    definition: dict[str, Any]
    findings: tuple[Problem, ...] = ()
    mock_payload: Json = None
    mock_schema: dict[str, Any] | None = None


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What a new workflow begins with: cards that are made for it, and the content of its samples.

    `cards` are by the `card_id` that steps of the definition have for them, which becomes the id of the new card.
    """

    cards: Mapping[str, CardDraft] = NO_CARDS
    samples: Json = None


NOTHING_BESIDE: Final = Beside()


class WorkflowSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A version as lists show it.

    `is_latest`: it has the highest number of its workflow, ACTIVE or not. `definition_hash` is a hash of the content
    of the definition (32 hexadecimal digits). `created_by` and `modified_by` are key ids, None for the operator;
    `modified_by` is also None as long as the version has not been changed.
    """

    organization_id: str
    workspace_id: str
    workflow_id: str
    workflow_version: int
    workflow_name: str
    status: Literal["DRAFT", "ACTIVE"]
    is_latest: bool
    definition_hash: str
    created_by: str | None
    modified_by: str | None
    created_on: datetime
    modified_on: datetime


class WorkflowVersion(WorkflowSummary, frozen=True, kw_only=True):
    """A version with its content. `mock_schema` is None as long as it has no mock payload."""

    definition: dict[str, Any]
    findings: tuple[Problem, ...]
    mock_payload: Json
    mock_schema: dict[str, Any] | None


class Workflows:
    """The workflows of an organization; those of another one are not found.

    Methods that name a workflow raise BadRequest (`incorrect workflow id`) for an id that is no UUID and NotFound
    (code `WORKFLOW_NOT_FOUND`) for one that does not exist; those that read a version's content raise RecordDamaged
    when it is damaged. `actor` is the id of the key that makes the change.
    """

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._recent: ReadCache[WorkflowVersion] = ReadCache(database, clock, _is_small)

    async def create(
        self,
        organization_id: str,
        workspace_id: str,
        draft: WorkflowDraft,
        *,
        actor: str | None = None,
        beside: Beside = NOTHING_BESIDE,
    ) -> WorkflowVersion:
        """Returns version 1 (a DRAFT) of a new workflow; what is `beside` it is stored in the same transaction.

        Raises: BadRequest or Refused for a wrong name; NotFound for a workspace of another organization.
        """
        change = Change(organization_id, actor, self._clock.now())
        workflow_id = str(self._ids.next(change.at))
        made = {str(self._ids.next(change.at)): card for card in beside.cards.values()}
        ids = dict(zip(beside.cards, made, strict=True))
        definition = with_card_ids(draft.definition, ids) if ids else draft.definition
        values, uses = _values(structs.replace(draft, definition=definition)), uses_of(definition)
        mock = {"mock_payload": draft.mock_payload, "mock_schema": draft.mock_schema}

        def store(connection: Connection) -> WorkflowVersion:
            require_workspace(connection, organization_id, workspace_id)
            key = _VERSIONS.create(connection, change, workflow_id, {**values, **mock, "workspace_id": workspace_id})
            store_uses(connection, organization_id, key, uses)
            for card_id, card in made.items():
                insert_card(connection, change, workspace_id, card_id, structs.replace(card, workflow=key))
            if beside.samples is not None:
                insert_companion(connection, change, workflow_id, "samples", beside.samples)
            return _version(_VERSIONS.get(connection, organization_id, key))

        return await self._database.write(store)

    async def save_draft(
        self,
        organization_id: str,
        key: VersionKey,
        draft: WorkflowDraft,
        *,
        modified_on: datetime | None,
        actor: str | None = None,
    ) -> WorkflowVersion:
        """Returns the DRAFT that now holds `draft`: the named one, or a new one with the next number over an ACTIVE.

        A new draft takes over the mock payload. `modified_on` is the lock: what the author has read; None overwrites.

        Raises: VersionChanged; NotFound (code `VERSION_DELETED`); BadRequest or Refused for a wrong name.
        """
        values, uses = _values(draft), uses_of(draft.definition)
        change = Change(organization_id, actor, self._clock.now())

        def store(connection: Connection) -> WorkflowVersion:
            row = row_to_save(_VERSIONS, connection, organization_id, key)
            saved = _VERSIONS.save(connection, change, row, modified_on, values)
            store_uses(connection, organization_id, saved, uses)
            return _version(_VERSIONS.get(connection, organization_id, saved))

        return await self._database.write(store)

    async def activate(
        self,
        organization_id: str,
        key: VersionKey,
        *,
        definition_hash: str | None = None,
        note: str = "",
        actor: str | None = None,
    ) -> WorkflowVersion:
        """Activates and locks a version, and returns it; an ACTIVE one is not changed.

        `definition_hash` is that of the definition that the caller has checked; None activates any. `note` says what is
        new in the version.

        Raises: DefinitionError with the findings of an incomplete draft; Conflict (code `STALE`) for another hash;
        Refused for a note that is too long.
        """
        checked_note = validate_note(note)
        change = Change(organization_id, actor, self._clock.now())

        def store(connection: Connection) -> WorkflowVersion:
            row = _VERSIONS.get(connection, organization_id, key)
            _check_activation(_version(row), definition_hash)
            _VERSIONS.activate(connection, change, row, checked_note)
            return _version(_VERSIONS.get(connection, organization_id, key))

        return await self._database.write(store)

    async def delete(
        self, organization_id: str, workflow_id: str, version: int | None = None, *, actor: str | None = None
    ) -> None:
        """Deletes a version, or the whole workflow when no version is given; its number is never reused.

        Executions continue: each has its own copy of the definition. Deleting the last version deletes the profiles and
        the companions.
        """
        change = Change(organization_id, actor, self._clock.now())

        def store(connection: Connection) -> None:
            is_last = _VERSIONS.delete(connection, change, (workflow_id, version))
            drop_uses(connection, workflow_id.lower(), version)
            if is_last:
                for table in (profiles, workflow_companions):
                    owned = (table.c.organization_id == organization_id, table.c.workflow_id == workflow_id.lower())
                    connection.execute(delete(table).where(*owned))

        await self._database.write(store)

    async def get(self, organization_id: str, key: VersionKey) -> WorkflowVersion:
        """Returns the version. The result is shared with other callers and must not be modified."""

        def load(connection: Connection) -> WorkflowVersion:
            return _version(_VERSIONS.get(connection, organization_id, key))

        return await self._recent.get((organization_id, *key), lambda: self._database.read(load))

    async def get_to_save(self, organization_id: str, key: VersionKey) -> WorkflowVersion:
        """Returns the version as `get`. Raises: NotFound with code `VERSION_DELETED` for one that was deleted."""
        return await self._database.read(
            lambda connection: _version(row_to_save(_VERSIONS, connection, organization_id, key))
        )

    async def definition(self, organization_id: str, key: VersionKey) -> dict[str, Any]:
        """Returns the definition of a version, even if its mock payload is damaged. Raises: RecordDamaged."""

        def load(connection: Connection) -> dict[str, Any]:
            row = _VERSIONS.get(connection, organization_id, key)
            shown_row = {name: value for name, value in row.items() if name not in _VERSIONS.carried}
            definition: dict[str, Any] = require_readable(shown_row, workflow_versions)["definition"]
            return definition

        return await self._database.read(load)

    async def latest_active(self, organization_id: str, workflow_id: str) -> WorkflowVersion:
        """Returns the ACTIVE version with the highest number. The result is shared and must not be modified.

        Raises: Conflict (code `NO_ACTIVE_VERSION`) when the workflow has drafts only.
        """

        def load(connection: Connection) -> WorkflowVersion:
            return _version(_VERSIONS.latest_active(connection, organization_id, workflow_id))

        return await self._recent.get((organization_id, workflow_id), lambda: self._database.read(load))

    async def latest_version(self, organization_id: str, workflow_id: str) -> int:
        """Returns the highest version number, ACTIVE or not."""
        return await self._database.read(
            lambda connection: _VERSIONS.latest_version(connection, organization_id, workflow_id)
        )

    async def list_page(
        self,
        organization_id: str,
        limit: int,
        after: VersionKey | None = None,
        *,
        only: Collection[str] | None = None,
    ) -> Page[WorkflowSummary]:
        """Returns versions, newest created first, after the version `after` if it is given.

        `only` restricts them to these workflows.

        Guarantees: paging returns every version that existed at the first page exactly once; `after` may have been
        deleted; the cost of a page does not depend on the number of versions.

        Raises: BadRequest for a limit that is not positive and for a cursor that was never a version.
        """
        size = validate_limit(limit)
        rows = await self._database.read(
            lambda connection: _VERSIONS.page(connection, organization_id, size, after, only)
        )
        return make_page(rows, size, lambda row: WorkflowSummary(**summary_columns(row, "workflow", "definition_hash")))

    async def name(self, organization_id: str, key: VersionKey) -> str:
        """Returns the name of a version, even if its content is damaged."""
        return await self._database.read(lambda connection: _VERSIONS.name(connection, organization_id, key))

    async def names(self, organization_id: str) -> Sequence[tuple[str, str]]:
        """Returns the pairs of workflow id and name of all versions, each pair once, in no particular order."""
        return await self._database.read(lambda connection: _VERSIONS.names(connection, organization_id))

    async def store_mock(
        self,
        organization_id: str,
        key: VersionKey,
        payload: Json,
        schema: dict[str, Any],
        *,
        actor: str | None = None,
    ) -> None:
        """Stores a mock payload and its JSON Schema with a version, also with an ACTIVE one.

        It is test data and not part of the workflow: `modified_on` does not change. The caller must have masked the
        secrets of the start step.
        """
        change = Change(organization_id, actor, self._clock.now())

        def store(connection: Connection) -> None:
            row = _VERSIONS.get(connection, organization_id, key)
            workflow_id, version = row["workflow_id"], row["workflow_version"]
            connection.execute(
                update(workflow_versions)
                .where(workflow_versions.c.workflow_id == workflow_id, workflow_versions.c.workflow_version == version)
                .values(mock_payload=payload, mock_schema=schema)
            )
            change.record(connection, "workflow.mock", workflow_id, version=version)

        await self._database.write(store)


def require_workflow(connection: Connection, organization_id: str, workflow_id: str) -> str:
    """Returns the id of a workflow of an organization as it is stored.

    Raises: BadRequest for an id that is no UUID; NotFound (code `WORKFLOW_NOT_FOUND`).
    """
    _VERSIONS.latest_version(connection, organization_id, workflow_id)
    return workflow_id.lower()


def _values(draft: WorkflowDraft) -> dict[str, Any]:
    definition = validate_object(draft.definition, "definition")
    return {
        "workflow_name": validate_name(draft.name, "workflow_name"),
        "definition": definition,
        "definition_hash": definition_hash(definition),
        "findings": msgspec.to_builtins(draft.findings),
    }


def _is_small(version: WorkflowVersion) -> bool:
    return len(encode_json([version.definition, version.mock_payload, version.mock_schema])) <= CACHEABLE_BYTES


def _check_activation(version: WorkflowVersion, expected_hash: str | None) -> None:
    label = f"workflow {version.workflow_id} version {version.workflow_version}"
    if expected_hash is not None and expected_hash != version.definition_hash:
        raise Conflict(f"{label} was changed since it was checked; activate it again", code="STALE")
    if version.findings:
        raise DefinitionError(
            f"{label} has {len(version.findings)} findings and cannot be activated", problems=version.findings
        )


def _version(row: RowMapping) -> WorkflowVersion:
    require_readable(row, workflow_versions)
    return WorkflowVersion(
        **summary_columns(row, "workflow", "definition_hash"),
        definition=row["definition"],
        findings=msgspec.convert(row["findings"], tuple[Problem, ...]),
        mock_payload=row["mock_payload"],
        mock_schema=row["mock_schema"],
    )
