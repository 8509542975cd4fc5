"""Executions on the wire: the record of one execution, and the rows of lists."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.context.services import Services
from looply.app.executions.executions import Record, Row, Rows
from looply.engine.ports.lists import Head
from looply.execution.closing.children import ChildRecord, children_of
from looply.execution.document.incidents import IncidentRecord
from looply.execution.facts.address import parse_address
from looply.execution.facts.state import ExecutionState
from looply.execution.views.condensed import VisitRecord
from looply.execution.views.log_entries import LogEntry
from looply.execution.views.log_pages import LogPage, log_page
from looply.execution.views.logs import WaitRecord, event_log, incidents_of, input_payload, mask_document, waits_of
from looply.instants import to_ms
from looply.jsontext import Json
from looply.limits import Limits
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call
from looply.server.http.wire import SUCCESS, extend_record

_LARGE_BYTES: Final = 64 * 1024
_MANY_EVENTS: Final = 100
"""A document of more bytes, or a page of more events, takes several milliseconds to show."""

_BYTES_OF_UNIT: Final = 16
"""Bytes of a data document that take as long to show as a unit of `looply.jsontext.work_units`."""


class EventLog(msgspec.Struct, frozen=True, kw_only=True):
    """Log entries, oldest first. `truncated`: entries are missing; pass `after` to continue with the next read.

    In a list, which shows the last events, `truncated` means that there are earlier ones.
    """

    events: list[LogEntry]
    truncated: bool | UnsetType = UNSET
    after: int | UnsetType = UNSET


class NamedWorkflow(msgspec.Struct, frozen=True, kw_only=True):
    """The name of the workflow."""

    workflow_name: str


class WorkflowDetails(NamedWorkflow, frozen=True, kw_only=True):
    """The steps and connections of the definition of the execution, as they were saved."""

    workflow_steps: list[Json]
    workflow_connections: list[Json]


class _ExecutionFacts(msgspec.Struct, frozen=True, kw_only=True):
    workflow_id: str
    workflow_current_state: str
    modified_on: int
    organization_id: str
    workflow_execution_id: str
    modified_by: str | None
    modified_by_name: str | UnsetType = UNSET
    workflow_version: int
    workflow_trigger_type: Literal["REQUEST", "SCHEDULED"]
    workspace_id: str
    created_on: int
    status: Literal["RUNNING", "WAITING", "COMPLETED", "FAILED", "TERMINATED"]
    process_id: str
    profile: str | None


class TargetWait(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt of the step `state` that waits for a system, `name`, because of `reason`.

    `until` is when its step fails if the attempt still waits then; without it there is no limit.
    """

    kind: Literal["TARGET"] = "TARGET"
    name: str
    state: str
    visit: int
    scope: str | UnsetType = UNSET
    since: int
    until: int | UnsetType = UNSET
    reason: str


class ExecutionRow(_ExecutionFacts, frozen=True, kw_only=True):
    """One execution of a list. `workflow_event_log` holds its last events, at most 50."""

    workflow_event_log: EventLog
    workflow_details: NamedWorkflow


class ExecutionRecord(_ExecutionFacts, frozen=True, kw_only=True):
    """One execution with all its data. `condensed_logs` lists the visits of each step, oldest first."""

    workflow_event_log: EventLog
    workflow_details: WorkflowDetails
    parent_execution_id: str | None
    rerun_of_execution_id: str | None
    workflow_input_payload: dict[str, Json]
    workflow_output_payload: dict[str, Json]
    condensed_logs: dict[str, list[VisitRecord]]
    waits: list[WaitRecord]
    waiting_for: list[TargetWait]
    children: list[ChildRecord]
    workflow_incidents: list[IncidentRecord]


class ExecutionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The execution."""

    message: str
    item: ExecutionRecord


class ExecutionCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the fields back as query parameters."""

    workflow_execution_id: str
    workflow_id: str | UnsetType = UNSET


class ExecutionPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `lastKey` is present when another page follows; `truncated`: a search reached its scan limit."""

    message: str
    count: int
    items: list[ExecutionRow]
    last_key: ExecutionCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)
    truncated: bool | UnsetType = UNSET


def _target_waits(state: ExecutionState) -> list[TargetWait]:
    found = []
    until = {timer.address: to_ms(timer.due) for timer in state.timers.values() if timer.kind == "PARK"}
    for step in state.open_steps.values():
        if step.parked is not None and step.is_in_flight:
            address = parse_address(step.address)
            found.append(
                TargetWait(
                    name=step.parked.target,
                    state=address.step,
                    visit=address.visit,
                    scope=address.scope or UNSET,
                    since=to_ms(step.parked.since),
                    until=until.get(step.address, UNSET),
                    reason=step.parked.reason,
                )
            )
    return found


_Item = TypeVar("_Item", bound=ExecutionRow | ExecutionRecord)


async def name_people(call: Call, items: Sequence[_Item]) -> list[_Item]:
    """Returns executions with the names of the keys and members that changed them, also in their logs."""
    rows: list[Any] = []
    for each in items:
        rows += [each, *each.workflow_event_log.events]
    named: Iterator[Any] = iter(await name_actors(call, rows))
    found = []
    for item in items:
        first, log = next(named), item.workflow_event_log
        events = [next(named) for _ in log.events]
        found.append(msgspec.structs.replace(first, workflow_event_log=msgspec.structs.replace(log, events=events)))
    return found


async def execution_page_of(call: Call, rows: Rows, *, is_search: bool = False) -> ExecutionPage:
    """Returns `execution_page` with names."""
    page = execution_page(rows, call.services.limits, is_search=is_search)
    return msgspec.structs.replace(page, items=await name_people(call, page.items))


async def render_in_turn(services: Services, organization_id: str, record: Record) -> ExecutionRecord:
    """Returns `execution_item`; a large one is made in a thread, when the organization's turn has come."""
    size = record.execution.state.document_bytes
    if size <= _LARGE_BYTES and len(record.events) <= _MANY_EVENTS:
        return execution_item(record, services.limits)
    await services.turns.wait(organization_id, size // _BYTES_OF_UNIT)
    return await asyncio.to_thread(execution_item, record, services.limits)


def execution_item(record: Record, limits: Limits) -> ExecutionRecord:
    """Returns the record of one execution."""
    execution = record.execution
    state, workflow = execution.state, execution.workflow
    page = log_page(record.events, limits, state.active_steps)
    return extend_record(
        ExecutionRecord,
        _facts(execution.head),
        workflow_event_log=_log(page, is_truncated=record.is_truncated),
        workflow_details=_details(workflow.definition),
        workflow_input_payload=input_payload(state),
        workflow_output_payload=mask_document(workflow, state),
        condensed_logs=page.visits,
        waits=waits_of(state),
        waiting_for=_target_waits(state),
        children=children_of(state),
        workflow_incidents=incidents_of(state),
        parent_execution_id=execution.head.parent or None,
        rerun_of_execution_id=state.started.rerun_of or None,
    )


def _details(definition: Mapping[str, Json]) -> WorkflowDetails:
    return WorkflowDetails(
        workflow_name=definition["workflow_name"],
        workflow_steps=definition["workflow_steps"],
        workflow_connections=definition["workflow_connections"],
    )


def _log(page: LogPage, *, is_truncated: bool) -> EventLog:
    """Returns the log of a single read. If only values were trimmed, it is `truncated` without an `after`."""
    has_more = is_truncated or page.is_cut
    return EventLog(
        events=page.entries,
        truncated=has_more or page.is_trimmed or UNSET,
        after=page.last if has_more else UNSET,
    )


def execution_page(rows: Rows, limits: Limits, *, is_search: bool = False) -> ExecutionPage:
    """Returns one page of executions. The cursor of a search has no workflow id, which is a filter there."""
    items = [_row(row, limits) for row in rows.items]
    last_key: ExecutionCursor | UnsetType = UNSET
    if rows.after:
        workflow_id = UNSET if is_search else rows.items[-1].listed.head.workflow_id
        last_key = ExecutionCursor(workflow_execution_id=rows.after, workflow_id=workflow_id)
    return ExecutionPage(
        message=SUCCESS, count=len(items), items=items, last_key=last_key, truncated=rows.truncated or UNSET
    )


def _row(row: Row, limits: Limits) -> ExecutionRow:
    head, events = row.listed.head, row.listed.events
    first = head.seq - len(events) + 1
    entries = event_log(enumerate(events, first), limits)
    shown = entries[-limits.list_events :]
    is_truncated = first > 1 or len(shown) < len(entries)
    return extend_record(
        ExecutionRow,
        _facts(head),
        workflow_event_log=EventLog(events=shown, truncated=is_truncated or UNSET),
        workflow_details=NamedWorkflow(workflow_name=row.workflow_name),
    )


def _facts(head: Head) -> _ExecutionFacts:
    return _ExecutionFacts(
        workflow_id=head.workflow_id,
        workflow_current_state=head.current_state,
        modified_on=to_ms(head.modified_on),
        organization_id=head.organization_id,
        workflow_execution_id=head.execution_id,
        modified_by=head.modified_by or None,
        workflow_version=head.workflow_version,
        workflow_trigger_type=head.trigger_type,
        workspace_id=head.workspace_id,
        created_on=to_ms(head.created_on),
        status=head.status,
        process_id=head.process_id,
        profile=head.profile or None,
    )
