"""Calls on the types of steps, as the panels and the toolbox of an editor show them."""

import inspect
from typing import Final, Literal

import msgspec

from looply.connectors.port import Operation
from looply.definition import STEP_TYPES, StepType
from looply.definition.calls.operation_steps import OPERATION_STEPS
from looply.definition.schemas.form_schemas import form_of_schema, form_schema
from looply.definition.schemas.output_schema import OUTPUTS
from looply.definition.schemas.step_examples import EXAMPLES
from looply.definition.schemas.step_types import EXITS, exits_of
from looply.engine.ports.card_channel import INBOX
from looply.jsontext import Json
from looply.server.http.call import IF_NONE_MATCH, Call, Response, read_route
from looply.server.http.wire import SUCCESS, answer_or_304


class StepExitRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One exit of every step of the type: its name in an edge's `branch`, and when it is taken."""

    name: str
    label: str
    when: str


class StepTypeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One type of step.

    `exits` are those of every step of the type, `error` last; `has_branches`: each of the settings' `branches` is one
    too, before them. `main_exit` is the one that continues when a step is inserted into an edge: `first` for the first
    branch, `join` for the `next` of the `parallel`'s join, empty when the type has none. `has_retry`: `retry`,
    `timeout` and `on_unknown` apply. `is_pause`: the step suspends its path. `settings_schema` and `output_schema` are
    JSON Schemas (2020-12). `example` is a whole step.
    """

    type: str
    label: str
    group: Literal["start", "systems", "people", "flow", "data", "end"]
    icon: str
    summary: str
    exits: list[StepExitRecord]
    has_branches: bool
    main_exit: str
    settings_schema: dict[str, Json]
    output_schema: dict[str, Json]
    has_retry: bool
    is_call: bool
    is_pause: bool
    connection_kind: str
    example: dict[str, Json]


class OperationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of an installed connector, for steps of type `operation`.

    `step_type` is the type that calls it in an easier way, such as `httpRequest`; empty when there is none.
    `connection_kind` is the kind of connection that it requires; empty when it requires none.
    """

    operation: str
    connector: str
    label: str
    summary: str
    step_type: str
    connection_kind: str
    input_schema: dict[str, Json]
    output_schema: dict[str, Json]
    repeat: Literal["always", "with_key", "ask", "never"]


class StepTypeList(msgspec.Struct, frozen=True, kw_only=True):
    """Every type of step, in the order of the reference, and what is installed: operations and channels of cards."""

    message: str
    count: int
    items: list[StepTypeRecord]
    operations: list[OperationRecord]
    channels: list[str]


async def get_step_types(call: Call) -> Response:
    """Lists the types of steps."""
    items = [_record(step_type) for step_type in STEP_TYPES.values()]
    operations = [
        _operation(connector.name, operation)
        for connector in call.services.registry.connectors
        for operation in connector.operations
    ]
    channels = [INBOX, *sorted(call.services.channels - {INBOX})]
    answer = StepTypeList(message=SUCCESS, count=len(items), items=items, operations=operations, channels=channels)
    return answer_or_304(call, answer)


def _record(step_type: StepType) -> StepTypeRecord:
    row = OPERATION_STEPS.get(step_type.name)
    return StepTypeRecord(
        type=step_type.name,
        label=step_type.title,
        group=step_type.group,
        icon=step_type.icon,
        summary=step_type.summary,
        exits=[
            StepExitRecord(name=name, label=EXITS[name].label, when=EXITS[name].when)
            for name in exits_of(step_type, None)
        ],
        has_branches=step_type.has_branches,
        main_exit=step_type.main_exit,
        settings_schema=form_schema(step_type.name),
        output_schema=OUTPUTS[step_type.name],
        has_retry=step_type.is_call,
        is_call=step_type.is_call,
        is_pause=step_type.is_pause,
        connection_kind=row.connection_kind if row is not None else "",
        example=EXAMPLES[step_type.name],
    )


def _operation(connector: str, operation: Operation) -> OperationRecord:
    step_type = _STEP_TYPES.get(operation.name, "")
    return OperationRecord(
        operation=operation.name,
        connector=connector,
        label=operation.title,
        summary=_summary(operation, step_type),
        step_type=step_type,
        connection_kind=operation.connection_kind,
        input_schema=form_of_schema(operation.input_schema),
        output_schema=operation.output_schema,
        repeat=operation.repeat_of({}),
    )


def _summary(operation: Operation, step_type: str) -> str:
    """Returns what an operation does: the words of its own step type, else what its connector says of its input."""
    if step_type:
        return STEP_TYPES[step_type].summary
    return " ".join((inspect.getdoc(operation.input) or "").partition("\n\n")[0].split())


_STEP_TYPES: Final = {row.operation: name for name, row in OPERATION_STEPS.items() if row.operation}


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getStepTypes",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_step_types,
        summary="List the types of steps with their exits, schemas and examples, and the installed operations",
        description="`channels` are those by which cards can be sent. The list changes only between releases. "
        "Send its `ETag` as `If-None-Match` to receive 304.",
        header_values={IF_NONE_MATCH: "The `ETag` of the caller's copy of the list."},
        answer=StepTypeList,
    ),
)
