"""Card templates (Adaptive Cards) and their versions."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Connection, RowMapping

from looply.catalog.authored.notes import validate_note
from looply.catalog.authored.versions import VersionedTable, VersionKey, row_to_save, summary_columns
from looply.catalog.storage.damage import require_readable
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.pages import Page, make_page, validate_limit
from looply.catalog.storage.tables import card_versions, workflow_versions
from looply.catalog.tenants.names import validate_name, validate_object
from looply.catalog.tenants.organizations import require_workspace
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Ids

_VERSIONS = VersionedTable(card_versions, "card", carried=(), emptied={"card_name": "", "card_payload": None})
_WORKFLOWS = VersionedTable(workflow_versions, "workflow", carried=(), emptied={})


class CardDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What an author saves. `workflow` is the workflow version whose schema feeds the designer's sample data."""

    name: str
    payload: dict[str, Any]
    workflow: VersionKey | None = None


NO_CARDS: Final[Mapping[str, CardDraft]] = MappingProxyType({})


class CardSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A card version as lists show it; the fields are those of `WorkflowSummary`."""

    organization_id: str
    workspace_id: str
    card_id: str
    card_version: int
    card_name: str
    status: Literal["DRAFT", "ACTIVE"]
    is_latest: bool
    workflow_id: str | None
    workflow_version: int | None
    created_by: str | None
    modified_by: str | None
    created_on: datetime
    modified_on: datetime


class CardVersion(CardSummary, frozen=True, kw_only=True):
    """A card version with its template."""

    card_payload: dict[str, Any]


class Cards:
    """The cards of an organization; those of another one are not found.

    Versions follow the rules of workflows. Methods that name a card raise BadRequest (`incorrect card id`) for an id
    that is no UUID, NotFound (code `CARD_NOT_FOUND`) for one that does not exist, and RecordDamaged for a damaged one.
    """

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    async def create(
        self, organization_id: str, workspace_id: str, draft: CardDraft, *, actor: str | None = None
    ) -> CardVersion:
        """Returns version 1 (a DRAFT) of a new card.

        Raises: BadRequest or Refused for a wrong name; NotFound for a workspace or a workflow of another organization.
        """
        change = Change(organization_id, actor, self._clock.now())
        card_id = str(self._ids.next(change.at))

        def store(connection: Connection) -> CardVersion:
            require_workspace(connection, organization_id, workspace_id)
            key = insert_card(connection, change, workspace_id, card_id, draft)
            return _version(_VERSIONS.get(connection, organization_id, key))

        return await self._database.write(store)

    async def save_draft(
        self,
        organization_id: str,
        key: VersionKey,
        draft: CardDraft,
        *,
        modified_on: datetime | None,
        actor: str | None = None,
    ) -> CardVersion:
        """Returns the DRAFT that now holds `draft`: the named one, or a new one with the next number over an ACTIVE.

        `modified_on` is the lock: what the author has read; None overwrites.

        Raises: VersionChanged; NotFound (code `VERSION_DELETED`); otherwise as `create`.
        """
        values = _values(draft)
        change = Change(organization_id, actor, self._clock.now())

        def store(connection: Connection) -> CardVersion:
            row = row_to_save(_VERSIONS, connection, organization_id, key)
            linked = _link_columns(connection, organization_id, draft, (row["workflow_id"], row["workflow_version"]))
            saved = _VERSIONS.save(connection, change, row, modified_on, {**values, **linked})
            return _version(_VERSIONS.get(connection, organization_id, saved))

        return await self._database.write(store)

    async def get_to_save(self, organization_id: str, key: VersionKey) -> CardVersion:
        """Returns the version as `get`. Raises: NotFound with code `VERSION_DELETED` for one that was deleted."""
        return await self._database.read(
            lambda connection: _version(row_to_save(_VERSIONS, connection, organization_id, key))
        )

    async def activate(
        self, organization_id: str, key: VersionKey, *, note: str = "", actor: str | None = None
    ) -> CardVersion:
        """Activates and locks a version, and returns it; an ACTIVE one is not changed.

        `note` says what is new in it. Raises: Refused for one that is too long.
        """
        checked_note = validate_note(note)
        change = Change(organization_id, actor, self._clock.now())

        def store(connection: Connection) -> CardVersion:
            _VERSIONS.activate(connection, change, _VERSIONS.get(connection, organization_id, key), checked_note)
            return _version(_VERSIONS.get(connection, organization_id, key))

        return await self._database.write(store)

    async def delete(
        self, organization_id: str, card_id: str, version: int | None = None, *, actor: str | None = None
    ) -> None:
        """Deletes a version, or the whole card when no version is given; its number is never reused."""
        change = Change(organization_id, actor, self._clock.now())
        await self._database.write(lambda connection: _VERSIONS.delete(connection, change, (card_id, version)))

    async def get(self, organization_id: str, key: VersionKey) -> CardVersion:
        """Returns the version."""
        return _version(await self._database.read(lambda connection: _VERSIONS.get(connection, organization_id, key)))

    async def latest_active(self, organization_id: str, card_id: str) -> CardVersion:
        """Returns the ACTIVE version with the highest number.

        Raises: Conflict (code `NO_ACTIVE_VERSION`) when the card has drafts only.
        """
        return _version(
            await self._database.read(lambda connection: _VERSIONS.latest_active(connection, organization_id, card_id))
        )

    async def latest_version(self, organization_id: str, card_id: str) -> int:
        """Returns the highest version number, ACTIVE or not."""
        return await self._database.read(
            lambda connection: _VERSIONS.latest_version(connection, organization_id, card_id)
        )

    async def list_page(self, organization_id: str, limit: int, after: VersionKey | None = None) -> Page[CardSummary]:
        """Returns versions, newest created first, after the version `after` if it is given.

        Guarantees and errors are those of `Workflows.list_page`.
        """
        size = validate_limit(limit)
        rows = await self._database.read(lambda connection: _VERSIONS.page(connection, organization_id, size, after))
        return make_page(
            rows, size, lambda row: CardSummary(**summary_columns(row, "card", "workflow_id", "workflow_version"))
        )


def insert_card(
    connection: Connection, change: Change, workspace_id: str, card_id: str, draft: CardDraft
) -> VersionKey:
    """Stores version 1 of a new card of a workspace of the change's organization, and returns its key.

    Raises: BadRequest or Refused for a wrong name; NotFound for a workflow of another organization.
    """
    linked = _link_columns(connection, change.organization_id, draft)
    return _VERSIONS.create(connection, change, card_id, {**_values(draft), **linked, "workspace_id": workspace_id})


def _values(draft: CardDraft) -> dict[str, Any]:
    return {
        "card_name": validate_name(draft.name, "card_name"),
        "card_payload": validate_object(draft.payload, "card_payload"),
    }


def _link_columns(
    connection: Connection, organization_id: str, draft: CardDraft, known: tuple[str | None, int | None] = (None, None)
) -> dict[str, Any]:
    """Returns the columns of the link to a workflow. An existing link is kept even if its target was deleted."""
    if draft.workflow in (None, known):
        workflow_id, workflow_version = draft.workflow or (None, None)
        return {"workflow_id": workflow_id, "workflow_version": workflow_version}
    row = _WORKFLOWS.get(connection, organization_id, draft.workflow)
    return {"workflow_id": row["workflow_id"], "workflow_version": row["workflow_version"]}


def _version(row: RowMapping) -> CardVersion:
    require_readable(row, card_versions)
    return CardVersion(
        **summary_columns(row, "card", "workflow_id", "workflow_version"), card_payload=row["card_payload"]
    )
