"""Calls on the types of steps, as the panels and the toolbox of an editor show them."""

from typing import Final, Literal

import msgspec

from looply.jsontext import Json
from looply.server.http.call import IF_NONE_MATCH, Call, Response, read_route


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
    """Every type of step, in the order of the reference, and the operations of the installed connectors."""

    message: str
    count: int
    items: list[StepTypeRecord]
    operations: list[OperationRecord]


async def get_step_types(call: Call) -> Response:
    """Lists the types of steps."""
    raise NotImplementedError


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getStepTypes",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_step_types,
        summary="List the types of steps with their exits, schemas and examples, and the installed operations",
        description="The list changes only between releases. Send its `ETag` as `If-None-Match` to receive 304.",
        header_values={IF_NONE_MATCH: "The `ETag` of the caller's copy of the list."},
        answer=StepTypeList,
    ),
)
