"""Tries: one step is visited on sample data, or on that of an execution. Only a real call is recorded, in the audit.

Theory of operation: the pure part (`execution/answering/step_try.py`) visits the step as an execution does. Where the
step makes a call, its outcome comes from here: of a datastore that is read, or of the process that makes the calls.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from looply.app.authoring import workflows
from looply.app.context.addressing import get_owned
from looply.app.context.embedding import embed_cards
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.definition import CallSettings, trigger_secrets
from looply.definition.graph.model import START
from looply.definition.step_alone import StepAlone, compile_for_step
from looply.definition.values.repeat import Repeat
from looply.engine.ports.tried_calls import TriedCall
from looply.errors import BadRequest, Conflict, LooplyError, NotFound, Permanent
from looply.execution.answering.step_try import (
    StepTry,
    TryOutcome,
    begin_try,
    continue_try,
    state_of_execution,
    state_on_sample,
)
from looply.execution.document.sizes import json_bytes
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.execution.facts.datastores import READ, apply, is_datastore_operation
from looply.execution.facts.events import ExecutionStarted, StepScheduled
from looply.jsontext import Json

_GET: Final = "datastore.get"
_SEED_BYTES: Final = 32
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"
_RESERVED: Final = ("environment", "waits", "error", "item", "index", START)


class TryRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried. Exactly one of `definition` and a stored version; `workflow_id` may go with a definition too.

    `data` is a sample of the data document, `execution_id` the execution whose document is used; at most one of them.
    """

    step_id: str
    definition: dict[str, Json] | None = None
    workflow_id: str = ""
    version: int | None = None
    data: dict[str, Json] | None = None
    execution_id: str = ""
    profile: str | None = None
    send: bool = False
    i_know: bool = False


class TryResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the step did, for its reader. `operation` and `repeat` are those of its call, empty without one."""

    outcome: TryOutcome
    operation: str
    repeat: Repeat | Literal[""]
    millis: int
    fuel: int
    curl: str


async def try_step(services: Services, principal: Principal, request: TryRequest) -> TryResult:
    """Tries a step.

    Raises: BadRequest; Forbidden without `read.payloads` for the data of an execution, or without `test.call` for a
    real call; NotFound; Conflict (codes `NOT_REPEATABLE`, `NOT_SENDABLE`, `NO_WORKER`); DefinitionError with the errors
    of the step; Overloaded.
    """
    if request.send:
        principal.require("test.call")
    if request.execution_id:
        principal.require("read.payloads")
    begun = services.clock.monotonic()
    tried = await _begin(services, principal, request)
    scheduled = tried.outcome.scheduled
    operation = ""
    repeat: Repeat | Literal[""] = ""
    if scheduled is not None:
        operation = scheduled.operation
        repeat = found = _repeat(services, tried, scheduled)
        tried = await _call(services, principal, request, tried, found)
    outcome = tried.outcome
    return TryResult(
        outcome=msgspec.structs.replace(outcome, scheduled=None),
        operation=operation,
        repeat=repeat,
        millis=round((services.clock.monotonic() - begun) * 1000),
        fuel=tried.fuel,
        curl=await _command(services, principal, operation, outcome.input),
    )


async def _begin(services: Services, principal: Principal, request: TryRequest) -> StepTry:
    definition = await _definition(services, principal, request)
    embedded, _ = await embed_cards(services.catalog.cards, principal.organization_id, definition)
    environment = await _environment(services, principal, request)
    execution = None
    if request.execution_id:
        owned = await get_owned(services, principal.organization_id, request.execution_id)
        execution = owned.state
    data = request.data or {}
    _check_sample(data)
    limits = services.limits

    def begin() -> StepTry:
        alone = compile_for_step(embedded, request.step_id, limits)
        started = msgspec.structs.replace(
            _started(services, principal, request, alone),
            environment=environment,
            secret=tuple(pointer for pointer in trigger_secrets(embedded) if pointer.startswith("/output")),
        )
        if execution is not None:
            if environment is None:
                started = msgspec.structs.replace(started, environment=execution.started.environment)
            state = state_of_execution(execution, started)
        else:
            state = state_on_sample(alone.workflow, started, data)
        item = ("item" in data, data.get("item"), data.get("index"))
        return begin_try(alone.workflow, state, request.step_id, (alone.region, alone.bodies), item, limits)

    return await services.background.run(begin)


async def _definition(services: Services, principal: Principal, request: TryRequest) -> dict[str, Any]:
    if request.definition is not None:
        return request.definition
    return (await workflows.get(services, principal, request.workflow_id, request.version)).definition


async def _environment(services: Services, principal: Principal, request: TryRequest) -> Json:
    """Returns the values of the profile that is named, else those of the sample, else those of the default profile."""
    given = (request.data or {}).get("environment")
    if request.profile is None and given is not None:
        return given
    if not request.workflow_id:
        if request.profile:
            raise BadRequest.at("/profile", "needs workflow_id, the workflow that has the profile")
        return None
    found = await services.library.profile(principal.organization_id, request.workflow_id, request.profile or "")
    return found.values if found is not None else None


def _check_sample(data: dict[str, Json]) -> None:
    for name, entry in data.items():
        if name not in _RESERVED and not isinstance(entry, dict):
            raise BadRequest.at(f"/data/{name[:80]}", "must be an object with `output`")


def _started(services: Services, principal: Principal, request: TryRequest, alone: StepAlone) -> ExecutionStarted:
    return ExecutionStarted(
        at=services.clock.now(),
        by=principal.by,
        execution_id=str(UUID(bytes=services.entropy.token(16), version=4)),
        organization_id=principal.organization_id,
        workspace_id=principal.workspace_id,
        workflow_id=request.workflow_id or _NO_ID,
        workflow_version=request.version or 1,
        definition=alone.workflow.hash.hex(),
        seed=services.entropy.token(_SEED_BYTES),
    )


def _repeat(services: Services, tried: StepTry, scheduled: StepScheduled) -> Repeat:
    """Returns whether the call may be repeated, by the connector's own rule for this input."""
    if scheduled.operation in (_GET, READ):
        return "always"
    operation = services.registry.operations.get(scheduled.operation)
    if operation is not None and isinstance(scheduled.input, dict):
        return operation.repeat_of(scheduled.input)
    settings = tried.visit.step.settings
    return settings.repeat if isinstance(settings, CallSettings) else "never"


async def _call(
    services: Services, principal: Principal, request: TryRequest, tried: StepTry, repeat: Repeat
) -> StepTry:
    """Returns the try after its call; without it where it is not to be sent."""
    scheduled = tried.outcome.scheduled
    assert scheduled is not None
    if scheduled.operation in (_GET, READ) and principal.may("read.payloads"):
        return continue_try(tried, await _read_datastores(services, principal, scheduled))
    if _only_computes(services, scheduled):
        return await _send(services, principal, tried, scheduled)
    if not request.send:
        return tried
    if is_datastore_operation(scheduled.operation):
        raise Conflict("trying a step changes no datastore; write it by `putDatastore`", code="NOT_SENDABLE")
    if repeat != "always" and not request.i_know:
        message = (
            f"{scheduled.operation} may not be repeated with this input ({repeat}): the call takes effect in the other"
            " system; send it with `i_know` true if that is intended"
        )
        raise Conflict(message, code="NOT_REPEATABLE")
    # Recorded before, unlike what changes something here: no call leaves without its record.
    await services.catalog.audit.record(
        principal.organization_id,
        principal.actor,
        "step.try",
        request.workflow_id.lower() or "draft",
        step=request.step_id,
        operation=scheduled.operation,
        connection_name=_connection(scheduled.input),
    )
    return await _send(services, principal, tried, scheduled)


def _only_computes(services: Services, scheduled: StepScheduled) -> bool:
    """Returns whether an operation reaches no other system, such as code that runs in the sandbox."""
    operation = services.registry.operations.get(scheduled.operation)
    return operation is not None and operation.is_derived


async def _send(services: Services, principal: Principal, tried: StepTry, scheduled: StepScheduled) -> StepTry:
    call = TriedCall(
        organization_id=principal.organization_id,
        execution_id=tried.state.started.execution_id,
        step=scheduled.step,
        operation=scheduled.operation,
        input=scheduled.input,
        timeout_seconds=scheduled.timeout_seconds,
        secret=scheduled.secret,
    )
    try:
        outcome = await services.prober.try_call(call)
    except Permanent as error:
        raise Conflict(f"the call was not made: {error.message}", code=error.code) from error
    return await asyncio.to_thread(continue_try, tried, outcome)


async def _read_datastores(
    services: Services, principal: Principal, scheduled: StepScheduled
) -> EffectDone | EffectFailed:
    """Returns the outcome of a read of datastores, as the engine gives it."""
    assert isinstance(scheduled.input, dict)
    at, address = services.clock.now(), scheduled.address.text
    output: dict[str, Json] = {}
    try:
        if scheduled.operation == READ:
            for name in scheduled.input["names"]:
                found = await services.engine.datastores.find(principal.organization_id, name)
                output[name] = found.stored.value if found.stored is not None else None
        else:
            found = await services.engine.datastores.find(principal.organization_id, scheduled.input["name"])
            output = apply(_GET, scheduled.input, found.known, services.limits).output
    except LooplyError as error:
        return EffectFailed(at=at, address=address, attempt=1, code=error.code, message=error.message)
    return EffectDone(at=at, address=address, attempt=1, output=output, size=json_bytes(output))


def _connection(value: Json) -> str:
    name = value.get("connection") if isinstance(value, dict) else None
    return name if isinstance(name, str) else ""


async def _command(services: Services, principal: Principal, operation: str, call_input: Json) -> str:
    """Returns a call as a command line, empty where its connector has none."""
    declared = services.registry.operations.get(operation)
    if declared is None or not isinstance(call_input, dict):
        return ""
    return declared.command_of(call_input, await _settings(services, principal, _connection(call_input)))


async def _settings(services: Services, principal: Principal, name: str) -> Mapping[str, Json]:
    """Returns the settings of a connection, none where there is no such connection."""
    if not name:
        return {}
    try:
        return (await services.catalog.connections.get(principal.organization_id, name)).settings
    except (NotFound, BadRequest):
        return {}
