"""What is listed, on the wire. The command line writes the same rows when it works on a data folder."""

from typing import Any

from looply.app.fires import Preview
from looply.app.schedules import LiveSchedule
from looply.catalog.audit import AuditRecord
from looply.catalog.keys import ApiKey
from looply.catalog.workflows import WorkflowSummary
from looply.clock import ms_or_none, to_ms
from looply.definition import find_zone
from looply.engine.datastores import Datastore, DatastoreLine
from looply.engine.port import LedgerRow, MissedFires
from looply.schedule import Occurrence


def key_row(key: ApiKey) -> dict[str, Any]:
    """Returns a key without its text."""
    return {
        "key_id": key.key_id,
        "organization_id": key.organization_id,
        "workspace_id": key.workspace_id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": sorted(key.scopes),
        "workflow_ids": None if key.workflow_ids is None else sorted(key.workflow_ids),
        "created_by": key.created_by,
        "created_on": to_ms(key.created_on),
        "expires_on": ms_or_none(key.expires_on),
        "revoked_on": ms_or_none(key.revoked_on),
    }


def audit_row(record: AuditRecord) -> dict[str, Any]:
    """Returns a record of the audit."""
    return {
        "record_id": record.record_id,
        "organization_id": record.organization_id,
        "at": to_ms(record.at),
        "actor": {
            "kind": "operator" if record.actor is None else "key",
            "id": record.actor,
            "name": record.actor_name,
        },
        "action": record.action,
        "object_id": record.object_id,
        "details": record.details,
        "hash": record.hash.hex(),
    }


def workflow_row(version: WorkflowSummary) -> dict[str, Any]:
    """Returns a version without its content."""
    return {
        "workflow_id": version.workflow_id,
        "workflow_version": version.workflow_version,
        "modified_on": to_ms(version.modified_on),
        "organization_id": version.organization_id,
        "workflow_status": version.status,
        "latest": "true" if version.is_latest else "false",
        "workflow_name": version.workflow_name,
        "created_by": version.created_by,
        "workflow_status_version": f"{version.status}_{version.workflow_version}",
        "modified_by": version.modified_by,
        "workspace_id": version.workspace_id,
        "created_on": to_ms(version.created_on),
    }


def schedule_row(live: LiveSchedule, missed: MissedFires | None) -> dict[str, Any]:
    """Returns the live schedule of a workflow, with what its ledger tells of missed instants."""
    schedule = live.schedule
    return {
        "workflow_id": schedule.workflow_id,
        "workflow_version": schedule.workflow_version,
        "workflow_name": live.workflow_name,
        "status": schedule.status,
        "next_on": ms_or_none(schedule.next),
        "due_on": ms_or_none(schedule.due),
        "last_on": ms_or_none(schedule.last),
        "last_execution_id": schedule.last_execution or None,
        "missed_count": missed.count if missed is not None else 0,
        "missed_on": to_ms(missed.last) if missed is not None else None,
    }


def fire_row(row: LedgerRow) -> dict[str, Any]:
    """Returns what became of one nominal instant of a schedule."""
    return {
        "nominal_on": to_ms(row.nominal),
        "outcome": row.outcome,
        "workflow_execution_id": row.execution_id or None,
        "decided_on": ms_or_none(row.at),
        "count": row.count,
    }


def preview_row(shown: Preview, item: Occurrence) -> dict[str, Any]:
    """Returns one fire of a preview, or a time of the day that does not fire."""
    return {
        "on": to_ms(item.at),
        "local": item.at.astimezone(find_zone(shown.timezone)).isoformat(),
        "wall": item.wall.isoformat(),
        "fires": item.fires,
        "mark": item.mark,
    }


def datastore_line(line: DatastoreLine) -> dict[str, Any]:
    """Returns a datastore without its document."""
    return {
        "name": line.name,
        "revision": line.revision,
        "bytes": line.size,
        "created_on": to_ms(line.created_on),
        "modified_on": to_ms(line.modified_on),
        "modified_by": line.modified_by or None,
    }


def datastore_row(datastore: Datastore) -> dict[str, Any]:
    """Returns a datastore with its document. Raises: StoreCorrupt."""
    return {
        "name": datastore.name,
        "revision": datastore.revision,
        "bytes": len(datastore.body),
        "created_on": to_ms(datastore.created_on),
        "modified_on": to_ms(datastore.modified_on),
        "modified_by": datastore.modified_by or None,
        "organization_id": datastore.organization_id,
        "value": datastore.value,
    }
