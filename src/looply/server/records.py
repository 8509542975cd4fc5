"""Executions on the wire: the record of one, and the rows of lists."""

from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.executions import Record, Row, Rows
from looply.clock import to_ms
from looply.engine.port import Head
from looply.execution.children import children_of
from looply.execution.log_pages import LogPage, log_page
from looply.execution.logs import event_log, incidents_of, input_payload, masked_document, waits_of
from looply.jsontext import Json
from looply.limits import Limits
from looply.server.wire import listed

DETAILS: Final = ("workflow_name", "workflow_steps", "workflow_connections")


class EventLog(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, oldest first. `truncated`: not all of it is here; `after` says where the next read goes on.

    In a list, where the last events are shown, `truncated` says that there are earlier ones.
    """

    events: list[dict[str, Json]]
    truncated: bool | UnsetType = UNSET
    after: int | UnsetType = UNSET


class ExecutionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a list. `workflow_event_log` holds its last events, at most 50."""

    workflow_id: str
    workflow_current_state: str
    modified_on: int
    organization_id: str
    workflow_execution_id: str
    modified_by: str | None
    workflow_version: int
    workflow_event_log: EventLog
    workflow_trigger_type: Literal["REQUEST", "SCHEDULED"]
    workspace_id: str
    created_on: int
    workflow_details: dict[str, Json]
    status: Literal["RUNNING", "WAITING", "COMPLETED", "FAILED", "TERMINATED"]
    process_id: str
    profile: str | None


class ExecutionRecord(ExecutionRow, frozen=True, kw_only=True):
    """One execution with everything."""

    parent_execution_id: str | None
    rerun_of_execution_id: str | None
    workflow_input_payload: dict[str, Json]
    workflow_output_payload: dict[str, Json]
    condensed_logs: dict[str, Json]
    waits: list[dict[str, Json]]
    children: list[dict[str, Json]]
    workflow_incidents: list[dict[str, Json]]


class ExecutionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The execution."""

    message: str
    item: ExecutionRecord


class ExecutionKey(msgspec.Struct, frozen=True, kw_only=True):
    """Where the next page begins; the fields come back as query parameters."""

    workflow_execution_id: str
    workflow_id: str | UnsetType = UNSET


class ExecutionPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `lastKey` is there when another one follows; `truncated`: a search ran out of its budget."""

    message: str
    count: int
    items: list[ExecutionRow]
    last_key: ExecutionKey | UnsetType = msgspec.field(name="lastKey", default=UNSET)
    truncated: bool | UnsetType = UNSET


def execution_item(record: Record, limits: Limits) -> dict[str, Any]:
    """Returns the record of one execution."""
    execution = record.execution
    state, workflow = execution.state, execution.workflow
    page = log_page(record.events, limits, state.standing_steps)
    return {
        **_shared(execution.head),
        "workflow_event_log": _log(page, is_truncated=record.is_truncated),
        "workflow_details": {name: workflow.definition[name] for name in DETAILS},
        "workflow_input_payload": input_payload(state),
        "workflow_output_payload": masked_document(workflow, state),
        "condensed_logs": page.visits,
        "waits": waits_of(state),
        "children": children_of(state),
        "workflow_incidents": incidents_of(state),
        "parent_execution_id": execution.head.parent or None,
        "rerun_of_execution_id": state.started.rerun_of or None,
    }


def _log(page: LogPage, *, is_truncated: bool) -> dict[str, Json]:
    """Returns the log of a single read. Values that no page could hold are left out without an `after`."""
    log: dict[str, Json] = {"events": page.entries}
    if is_truncated or page.is_cut:
        return {**log, "truncated": True, "after": page.last}
    return {**log, "truncated": True} if page.is_trimmed else log


def execution_page(rows: Rows, limits: Limits, *, is_search: bool = False) -> dict[str, Any]:
    """Returns one page of executions. The key of a search names no workflow, since that is a filter there."""
    items = [_row(row, limits) for row in rows.items]
    page = listed(items)
    if rows.after:
        workflow = {} if is_search else {"workflow_id": rows.items[-1].listed.head.workflow_id}
        page["lastKey"] = {**workflow, "workflow_execution_id": rows.after}
    if rows.truncated:
        page["truncated"] = True
    return page


def _row(row: Row, limits: Limits) -> dict[str, Any]:
    head, events = row.listed.head, row.listed.events
    first = head.seq - len(events) + 1
    entries = event_log(enumerate(events, first), limits)
    shown = entries[-limits.list_events :]
    is_truncated = first > 1 or len(shown) < len(entries)
    return {
        **_shared(head),
        "workflow_event_log": {"events": shown, **({"truncated": True} if is_truncated else {})},
        "workflow_details": {"workflow_name": row.workflow_name},
    }


def _shared(head: Head) -> dict[str, Any]:
    return {
        "workflow_id": head.workflow_id,
        "workflow_current_state": head.current_state,
        "modified_on": to_ms(head.modified_on),
        "organization_id": head.organization_id,
        "workflow_execution_id": head.execution_id,
        "modified_by": head.modified_by or None,
        "workflow_version": head.workflow_version,
        "workflow_trigger_type": head.trigger_type,
        "workspace_id": head.workspace_id,
        "created_on": to_ms(head.created_on),
        "status": head.status,
        "process_id": head.process_id,
        "profile": head.profile or None,
    }
