"""Rows of lists on the wire. The command line shows the same rows when it works on a data folder."""

from typing import Any, Literal, cast

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.authoring.fires import Preview
from looply.app.authoring.schedules import LiveSchedule
from looply.catalog.authored.workflows import WorkflowSummary
from looply.catalog.tenants.keys import ApiKey
from looply.catalog.trail.audit import AuditRecord
from looply.definition import find_zone
from looply.engine.ports.port import LedgerRow, MissedFires
from looply.engine.records.datastores import Datastore, DatastoreSummary
from looply.instants import ms_or_none, to_ms
from looply.jsontext import Json
from looply.permissions import Permission, Scope
from looply.schedule import Occurrence
from looply.server.http.wire import SUCCESS, extend_record, latest_text


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An API key without its text. `prefix` is the public part by which its owner recognizes it.

    `permissions` are those that it has beside those of its scopes. `workflow_ids` are the workflows that it is bound
    to, null for a key of the whole organization. Its last use, and the address of the caller, are known to the minute.
    """

    key_id: str
    organization_id: str
    workspace_id: str
    name: str
    prefix: str
    scopes: list[Scope]
    permissions: list[Permission]
    workflow_ids: list[str] | None
    created_by: str | None
    created_by_name: str | UnsetType = UNSET
    created_on: int
    expires_on: int | None
    revoked_on: int | None
    last_used_on: int | None
    last_used_from: str | None


class NewKeyRecord(KeyRecord, frozen=True, kw_only=True):
    """A new API key. `api_key` is its text, which no later call returns."""

    api_key: str


class ActorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The actor: an API key or a person with id and name, or the operator of the store, with neither."""

    kind: Literal["key", "person", "operator"]
    id: str | None
    name: str | None


class AuditItem(msgspec.Struct, frozen=True, kw_only=True):
    """One audit record. `record_id` numbers the records of the organization from 1 without gaps.

    `hash` is the SHA-256 over the hash of the previous record and this record's content, in hexadecimal digits.
    """

    record_id: int
    organization_id: str
    at: int
    actor: ActorRecord
    action: str
    object_id: str
    details: dict[str, Any]
    hash: str


class WorkflowRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a workflow in a list. `latest` is `"true"` for the highest version number, ACTIVE or not."""

    workflow_id: str
    workflow_version: int
    modified_on: int
    organization_id: str
    workflow_status: Literal["DRAFT", "ACTIVE"]
    latest: Literal["true", "false"]
    workflow_name: str
    created_by: str | None
    workflow_status_version: str
    modified_by: str | None
    created_by_name: str | UnsetType = UNSET
    modified_by_name: str | UnsetType = UNSET
    workspace_id: str
    created_on: int


class ScheduleRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The live schedule of a workflow. `next_on` is null when the schedule has ended or will not fire again.

    `due_on` is `next_on` with the jitter. `missed_count` counts the instants in its ledger that started no execution
    because no server ran; `missed_on` is the last of them.
    """

    workflow_id: str
    workflow_version: int
    workflow_name: str
    status: Literal["ACTIVE", "PAUSED"]
    next_on: int | None
    due_on: int | None
    last_on: int | None
    last_execution_id: str | None
    missed_count: int
    missed_on: int | None


class FireRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one nominal instant of a schedule.

    `STARTED` on time, `CAUGHT_UP` late, `SKIPPED` by the overlap rule, `QUEUED` behind the previous execution,
    `REFUSED` by a quota of the organization, or `MISSED`: no execution will start. `count` is the number of instants
    that the record covers; `nominal_on` is the last of them.
    """

    nominal_on: int
    outcome: Literal["STARTED", "CAUGHT_UP", "SKIPPED", "QUEUED", "MISSED", "REFUSED"]
    workflow_execution_id: str | None
    decided_on: int | None
    count: int


class PreviewRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One fire, or a local time at which the schedule does not fire.

    `wall` is the local time that the schedule names, `local` the local time at `on`, with its UTC offset. `mark` is
    usually empty. Around a clock change it is `MOVED` (out of the hour that does not exist), `SKIPPED` (with that
    hour), `SECOND` (the second occurrence of a repeated local time) or `REPEATED` (a second occurrence that does not
    fire).
    """

    on: int
    local: str
    wall: str
    fires: bool
    mark: Literal["", "MOVED", "SKIPPED", "SECOND", "REPEATED"]


class PreviewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The next fires. `change_on` is the next clock change of the time zone, null when there is none."""

    message: str
    timezone: str
    change_on: int | None
    count: int
    items: list[PreviewRecord]


class DatastoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """A datastore without its document. `bytes` is the size of the document; `modified_by` is a key or an execution."""

    name: str
    revision: int
    bytes: int
    created_on: int
    modified_on: int
    modified_by: str | None
    modified_by_name: str | UnsetType = UNSET


class DatastoreRecord(DatastoreRow, frozen=True, kw_only=True):
    """A datastore; `value` is the whole document."""

    organization_id: str
    value: Json


def key_row(key: ApiKey) -> KeyRecord:
    """Returns a key on the wire, without its text."""
    return KeyRecord(
        key_id=key.key_id,
        organization_id=key.organization_id,
        workspace_id=key.workspace_id,
        name=key.name,
        prefix=key.prefix,
        scopes=cast("list[Scope]", sorted(key.scopes)),
        permissions=sorted(key.permissions),
        workflow_ids=None if key.workflow_ids is None else sorted(key.workflow_ids),
        created_by=key.created_by,
        created_on=to_ms(key.created_on),
        expires_on=ms_or_none(key.expires_on),
        revoked_on=ms_or_none(key.revoked_on),
        last_used_on=ms_or_none(key.last_used_on),
        last_used_from=key.last_used_from,
    )


def new_key_row(key: ApiKey, text: str) -> NewKeyRecord:
    """Returns a new key on the wire, with its text."""
    return extend_record(NewKeyRecord, key_row(key), api_key=text)


def audit_row(record: AuditRecord) -> AuditItem:
    """Returns an audit record on the wire."""
    return AuditItem(
        record_id=record.record_id,
        organization_id=record.organization_id,
        at=to_ms(record.at),
        actor=ActorRecord(kind=record.actor_kind, id=record.actor, name=record.actor_name),
        action=record.action,
        object_id=record.object_id,
        details=record.details,
        hash=record.hash.hex(),
    )


def workflow_row(version: WorkflowSummary) -> WorkflowRow:
    """Returns a version without its content."""
    return WorkflowRow(
        workflow_id=version.workflow_id,
        workflow_version=version.workflow_version,
        modified_on=to_ms(version.modified_on),
        organization_id=version.organization_id,
        workflow_status=version.status,
        latest=latest_text(version.is_latest),
        workflow_name=version.workflow_name,
        created_by=version.created_by,
        workflow_status_version=f"{version.status}_{version.workflow_version}",
        modified_by=version.modified_by,
        workspace_id=version.workspace_id,
        created_on=to_ms(version.created_on),
    )


def schedule_row(live: LiveSchedule, missed: MissedFires | None) -> ScheduleRecord:
    """Returns the live schedule of a workflow, with the missed instants of its ledger."""
    schedule = live.schedule
    return ScheduleRecord(
        workflow_id=schedule.workflow_id,
        workflow_version=schedule.workflow_version,
        workflow_name=live.workflow_name,
        status=schedule.status,
        next_on=ms_or_none(schedule.next),
        due_on=ms_or_none(schedule.due),
        last_on=ms_or_none(schedule.last),
        last_execution_id=schedule.last_execution or None,
        missed_count=missed.count if missed is not None else 0,
        missed_on=to_ms(missed.last) if missed is not None else None,
    )


def fire_row(row: LedgerRow) -> FireRecord:
    """Returns the outcome of one nominal instant of a schedule."""
    return FireRecord(
        nominal_on=to_ms(row.nominal),
        outcome=row.outcome,
        workflow_execution_id=row.execution_id or None,
        decided_on=ms_or_none(row.at),
        count=row.count,
    )


def preview_answer(preview: Preview) -> PreviewAnswer:
    """Returns the answer that shows a preview."""
    items = [_preview_row(preview, item) for item in preview.items]
    return PreviewAnswer(
        message=SUCCESS,
        timezone=preview.timezone,
        change_on=ms_or_none(preview.change),
        count=len(items),
        items=items,
    )


def _preview_row(preview: Preview, item: Occurrence) -> PreviewRecord:
    return PreviewRecord(
        on=to_ms(item.at),
        local=item.at.astimezone(find_zone(preview.timezone)).isoformat(),
        wall=item.wall.isoformat(),
        fires=item.fires,
        mark=item.mark,
    )


def datastore_row(line: DatastoreSummary) -> DatastoreRow:
    """Returns a datastore without its document."""
    return DatastoreRow(
        name=line.name,
        revision=line.revision,
        bytes=line.size,
        created_on=to_ms(line.created_on),
        modified_on=to_ms(line.modified_on),
        modified_by=line.modified_by or None,
    )


def datastore_record(datastore: Datastore) -> DatastoreRecord:
    """Returns a datastore with its document. Raises: StoreCorrupt."""
    return DatastoreRecord(
        name=datastore.name,
        revision=datastore.revision,
        bytes=len(datastore.body),
        created_on=to_ms(datastore.created_on),
        modified_on=to_ms(datastore.modified_on),
        modified_by=datastore.modified_by or None,
        organization_id=datastore.organization_id,
        value=datastore.value,
    )
