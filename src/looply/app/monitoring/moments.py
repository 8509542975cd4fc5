"""Moments of a history: the state of an execution after one of its events, its log, and the whole values of an event.

A former state is a fold of the history up to its event; nothing of it is stored.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from looply.app.context.addressing import get_owned, get_owned_head
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.definition import Workflow
from looply.engine.ports.lists import Execution, Head
from looply.errors import NotFound, StoreCorrupt
from looply.execution import ExecutionState, fold
from looply.execution.facts.events import Event
from looply.execution.facts.state import Path, Status
from looply.execution.views.event_values import EventValues, event_values
from looply.execution.views.log_entries import LogEntry
from looply.execution.views.log_pages import entry_page
from looply.execution.views.logs import mask_document
from looply.execution.views.positions import moves_path
from looply.jsontext import Json

_PAGE: Final = 500
"""Events that are folded before other calls get a turn."""

_RANGES: Final = 4
"""Ranges of `limits.read_events` events that a page of a log is made of, at most."""

_LARGE_BYTES: Final = 64 * 1024
"""A data document of more bytes is masked in a thread."""

_BYTES_OF_UNIT: Final = 16
"""Bytes of a data document that take as long to show as a unit of `looply.jsontext.work_units`."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """An execution as it was after event `seq`; `last_seq` is the number of its last event now.

    `document` is the data document as its scope sees it, with secrets as `***`.
    """

    execution_id: str
    seq: int
    last_seq: int
    at: datetime
    status: Status
    current_state: str
    workflow_version: int
    paths: Sequence[Path]
    document: dict[str, Json]


class EventMoment(msgspec.Struct, frozen=True, kw_only=True):
    """The whole values of one event."""

    seq: int
    at: datetime
    values: EventValues


class LogOfExecution(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the log of an execution, whose last event is number `last`. `has_more`: further events follow."""

    head: Head
    entries: Sequence[LogEntry]
    last: int
    has_more: bool


async def get_at(services: Services, principal: Principal, execution_id: str, seq: int, scope: str = "") -> Moment:
    """Returns an execution as it was after event `seq`, its data as `scope` saw it.

    Raises: NotFound (codes `EXECUTION_NOT_FOUND`, `EVENT_NOT_FOUND`, `SCOPE_NOT_FOUND`), StoreCorrupt.
    """
    execution = await get_owned(services, principal.organization_id, execution_id)
    head = execution.head
    if not 1 <= seq <= head.seq:
        raise event_not_found(seq, head.seq)
    state, workflow = await _state_at(services, execution, seq)
    if scope and scope not in state.frames:
        raise NotFound(
            f"no branch or iteration {scope[:100]!r} was open after event {seq}; leave the scope out, or take one of"
            " the paths of that moment",
            code="SCOPE_NOT_FOUND",
        )
    if state.document_bytes > _LARGE_BYTES:
        await services.turns.wait(principal.organization_id, state.document_bytes // _BYTES_OF_UNIT)
        document = await asyncio.to_thread(mask_document, workflow, state, scope)
    else:
        document = mask_document(workflow, state, scope)
    return Moment(
        execution_id=head.execution_id,
        seq=seq,
        last_seq=head.seq,
        at=state.now,
        status=state.status,
        current_state=state.current_state,
        workflow_version=state.workflow_version,
        paths=state.paths,
        document=document,
    )


async def get_log(services: Services, principal: Principal, execution_id: str, after: int) -> LogOfExecution:
    """Returns a page of the log, after event `after`, with at most `limits.read_events` entries.

    Most events of a loop have no entry: what one range of the history leaves free of a page is filled from the next.
    Raises: NotFound, StoreCorrupt.
    """
    head = await get_owned_head(services, principal.organization_id, execution_id)
    limit = services.limits.read_events
    entries: list[LogEntry] = []
    last, most = after, 0
    for _ in range(_RANGES):
        found = await services.engine.executions.history(head.execution_id, last, limit)
        events = [(seq, event) for seq, event in found if seq <= head.seq]
        if not events:
            break
        page = entry_page(events, services.limits, await _unmoved(services, head, events))
        if len(entries) + len(page.entries) > limit and entries:
            break
        entries += page.entries
        last, most = page.last, max(most, len(page.entries))
        # A range that is short of events has large values: one of them is enough for a page.
        if len(events) < limit or len(entries) + most > limit:
            break
    return LogOfExecution(head=head, entries=entries, last=last, has_more=after < last < head.seq)


async def get_event(services: Services, principal: Principal, execution_id: str, seq: int) -> EventMoment:
    """Returns the whole values of an event. Raises: NotFound (also for an event that has no entry), StoreCorrupt."""
    head = await get_owned_head(services, principal.organization_id, execution_id)
    found = await services.engine.executions.history(head.execution_id, seq - 1, 1) if 1 <= seq <= head.seq else ()
    for number, event in found:
        values = await asyncio.to_thread(event_values, event) if number == seq else None
        if values is not None:
            return EventMoment(seq=seq, at=event.at, values=values)
    raise event_not_found(seq, head.seq)


def event_not_found(seq: int, last: int) -> NotFound:
    """Returns the error for a number that no entry of an execution's log has."""
    message = f"the execution has no entry for event {seq}; its last event is number {last}"
    return NotFound(message, code="EVENT_NOT_FOUND")


async def _unmoved(services: Services, head: Head, events: Sequence[tuple[int, Event]]) -> str:
    """Returns the current step where no event of a page says it: a state, which may be large, is loaded only there."""
    if not events or moves_path(events):
        return ""
    return (await get_owned(services, head.organization_id, head.execution_id)).state.active_steps


async def _state_at(services: Services, execution: Execution, seq: int) -> tuple[ExecutionState, Workflow]:
    """Returns the state after event `seq`, and the workflow on which it ran then."""
    if seq == execution.state.seq:
        return execution.state, execution.workflow
    execution_id = execution.head.execution_id
    state: ExecutionState | None = None
    after = 0
    while after < seq:
        found = await services.engine.executions.history(execution_id, after, min(_PAGE, seq - after))
        events: list[Event] = [event for number, event in found if number <= seq]
        if not events:
            raise StoreCorrupt(f"the history of execution {execution_id} does not reach event {seq}")
        state = fold(events, state)
        after += len(events)
        await asyncio.sleep(0)
    assert state is not None
    if state.definition == execution.state.definition:
        return state, execution.workflow
    return state, await services.engine.executions.workflow(state.definition)
