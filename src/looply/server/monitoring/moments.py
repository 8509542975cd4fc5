"""Calls on the history of one execution: its state after an event, its log by pages, the whole values of an event."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.monitoring import moments
from looply.execution.facts.state import Phase, Status
from looply.instants import to_ms
from looply.jsontext import Json
from looply.server.executions.records import EventLog
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, read_route
from looply.server.http.wire import SUCCESS, number_of

_EXECUTION: Final = Parameter("workflow_execution_id", "Id of the execution.", is_required=True)


class PathItem(msgspec.Struct, frozen=True, kw_only=True):
    """One path of an execution at a moment: its scope, its step and visit, and what happens next to it."""

    scope: str
    state: str
    visit: int
    phase: Phase


class MomentItem(msgspec.Struct, frozen=True, kw_only=True):
    """An execution as it was after event `seq`, of the events up to `last_seq`.

    `timestamp` is when that event happened. `document` is the data document, with secrets as `***`.
    """

    workflow_execution_id: str
    seq: int
    last_seq: int
    timestamp: int
    status: Status
    workflow_version: int
    workflow_current_state: str
    paths: list[PathItem]
    document: dict[str, Json]


class ExecutionAtAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The execution at a moment."""

    message: str
    item: MomentItem


class ExecutionLogAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the log of an execution; `last_seq` is the number of its last event."""

    message: str
    workflow_execution_id: str
    status: Status
    last_seq: int
    workflow_event_log: EventLog


class EventDataItem(msgspec.Struct, frozen=True, kw_only=True):
    """The values of one event, untrimmed, with secrets as `***`. A value that the event does not have is left out.

    `type` is that of its entry in the log.
    """

    seq: int
    type: str
    timestamp: int
    state: str | None
    input: Json | UnsetType = UNSET
    output: Json | UnsetType = UNSET


class EventDataAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The values of one event."""

    message: str
    item: EventDataItem


async def get_execution_at(call: Call) -> Response:
    """Reads an execution as it was."""
    seq = number_of(call.query.get("seq"), "seq")
    found = await moments.get_at(
        call.services, call.principal, call.query.get("workflow_execution_id"), seq, call.query.get("scope")
    )
    item = MomentItem(
        workflow_execution_id=found.execution_id,
        seq=found.seq,
        last_seq=found.last_seq,
        timestamp=to_ms(found.at),
        status=found.status,
        workflow_version=found.workflow_version,
        workflow_current_state=found.current_state,
        paths=[PathItem(scope=path.scope, state=path.step, visit=path.visit, phase=path.phase) for path in found.paths],
        document=found.document,
    )
    return Response(ExecutionAtAnswer(message=SUCCESS, item=item))


async def get_execution_log(call: Call) -> Response:
    """Reads a page of the log."""
    text = call.query.get("after", "0")
    after = 0 if text == "0" else number_of(text, "after")
    found = await moments.get_log(call.services, call.principal, call.query.get("workflow_execution_id"), after)
    log = EventLog(
        events=await name_actors(call, found.entries),
        truncated=found.has_more or UNSET,
        after=found.last if found.has_more else UNSET,
    )
    answer = ExecutionLogAnswer(
        message=SUCCESS,
        workflow_execution_id=found.head.execution_id,
        status=found.head.status,
        last_seq=found.head.seq,
        workflow_event_log=log,
    )
    return Response(answer)


async def get_event_data(call: Call) -> Response:
    """Reads the values of one event."""
    seq = number_of(call.query.get("seq"), "seq")
    found = await moments.get_event(call.services, call.principal, call.query.get("workflow_execution_id"), seq)
    values = found.values
    item = EventDataItem(
        seq=found.seq,
        type=values.kind,
        timestamp=to_ms(found.at),
        state=values.step or None,
        input=values.input,
        output=values.output,
    )
    return Response(EventDataAnswer(message=SUCCESS, item=item))


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getExecutionAt",
        access="read.payloads",
        takes_bound_keys=True,
        handle=get_execution_at,
        summary="Read an execution as it was after one of its events",
        description="The state is a fold of the history up to the event: status, paths and data of that moment.",
        tag="Executions",
        parameters=(
            _EXECUTION,
            Parameter("seq", "Number of the event, from 1.", is_required=True, kind="count"),
            Parameter("scope", "The branch or iteration whose view of the data is shown, such as `forEach_1[2]`."),
        ),
        answer=ExecutionAtAnswer,
        refusals=(404,),
    ),
    read_route(
        path="/v2/workflows/getExecutionLog",
        access="read.payloads",
        takes_bound_keys=True,
        handle=get_execution_log,
        summary="Read a page of the event log of an execution, without its data document",
        tag="Executions",
        parameters=(
            _EXECUTION,
            Parameter(
                "after", "Number of the last event that was read. `truncated`: more events follow.", kind="offset"
            ),
        ),
        answer=ExecutionLogAnswer,
        refusals=(404,),
    ),
    read_route(
        path="/v2/workflows/getEventData",
        access="read.payloads",
        takes_bound_keys=True,
        handle=get_event_data,
        summary="Read the whole input and output of one event, which the log trims",
        tag="Executions",
        parameters=(
            _EXECUTION,
            Parameter("seq", "Number of the event, from 1.", is_required=True, kind="count"),
        ),
        answer=EventDataAnswer,
        refusals=(404,),
    ),
)
