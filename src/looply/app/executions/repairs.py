"""Repairs of executions by operators, carried out or only forecast."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from looply.app.context.addressing import Ambiguous, get_owned
from looply.app.context.audit import record
from looply.app.context.child_approvals import find_approval_subworkflows
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import Execution, Head
from looply.errors import Conflict, Forbidden, Refused
from looply.execution.answering.forecast import Forecast, forecast
from looply.execution.answering.starting import process_id_in_use_error
from looply.execution.facts.commands import (
    Declined,
    EditDocument,
    MoveTo,
    Redrive,
    RepairCommand,
    Repaired,
    Reply,
    Retry,
    SkipStep,
    Terminate,
    Unfit,
)
from looply.instants import to_ms
from looply.jsontext import Json

_ACTIONS: Final[Mapping[type[RepairCommand], str]] = {
    Retry: "execution.retry",
    EditDocument: "execution.edit",
    SkipStep: "execution.skip",
    MoveTo: "execution.move",
    Redrive: "execution.redrive",
}


class RepairRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A repair of one execution. `read_on` is the `modified_on` that the operator has read, None for no check."""

    execution_id: str
    command: RepairCommand
    read_on: datetime | None = None


class RepairResult(msgspec.Struct, frozen=True, kw_only=True):
    """The execution after a repair, and the incidents that it closed; or, for a dry run, the forecast."""

    execution: Execution
    incidents: tuple[str, ...] = ()
    forecast: Forecast | None = None


class RedriveTarget(msgspec.Struct, frozen=True, kw_only=True):
    """The version to continue with (None: the newest ACTIVE one). `steps` maps old step names to new."""

    number: int | None
    steps: Mapping[str, str] = {}


async def repair(services: Services, principal: Principal, request: RepairRequest) -> RepairResult:
    """Carries out a repair and returns the execution after it.

    Raises: NotFound; Forbidden (code `OVERRIDE_NEEDED`) when it would decide an approval, or skip one, and the caller
    may not; Conflict (codes `NO_INCIDENT`, `STALE`, `STEP_ENDED`, `PROCESS_ID_IN_USE`, and the status of an execution
    that has ended permanently); Ambiguous with its current steps; Refused (code `REPAIR_REFUSED`) with every problem.
    """
    execution, command = await _prepare(services, principal, request)
    reply = await services.engine.submit(execution.head.execution_id, command)
    repaired = require_repaired(reply)
    overridden: dict[str, Json] = {"overrides": list(repaired.overrides)} if repaired.overrides else {}
    await record(services, principal, _ACTIONS[type(command)], execution.head.execution_id, **overridden)
    after = await services.engine.executions.get(execution.head.execution_id)
    return RepairResult(execution=after, incidents=repaired.incidents)


async def preview(services: Services, principal: Principal, request: RepairRequest) -> RepairResult:
    """Returns the forecast of a repair; nothing is stored. Raises: as `repair`."""
    execution, command = await _prepare(services, principal, request)
    forecast_of_repair = forecast(execution.workflow, execution.state, command, limits=services.limits)
    repaired = require_repaired(forecast_of_repair.reply)
    if forecast_of_repair.takes_process_id:
        await _check_process_id(services, execution)
    return RepairResult(execution=execution, incidents=repaired.incidents, forecast=forecast_of_repair)


async def prepare_of_bulk(services: Services, head: Head, command: RepairCommand) -> RepairCommand:
    """Returns the command for one execution of a bulk. It overrides no approval, in child executions neither.

    Raises: NotFound, StoreCorrupt.
    """
    if not _may_bypass(command):
        return command
    execution = await get_owned(services, head.organization_id, head.execution_id)
    return replace(command, asking=await find_approval_subworkflows(services, execution))


async def forecast_of_bulk(
    services: Services, head: Head, command: Terminate | RepairCommand
) -> tuple[Execution, Forecast]:
    """Returns one execution of a bulk with the forecast of its command, whose reply may be a refusal.

    Raises: NotFound, StoreCorrupt; Conflict (code `PROCESS_ID_IN_USE`).
    """
    execution = await get_owned(services, head.organization_id, head.execution_id)
    if not isinstance(command, Terminate) and _may_bypass(command):
        command = replace(command, asking=await find_approval_subworkflows(services, execution))
    forecast_of_command = forecast(execution.workflow, execution.state, command, limits=services.limits)
    if forecast_of_command.takes_process_id:
        await _check_process_id(services, execution)
    return execution, forecast_of_command


def _may_bypass(command: RepairCommand) -> bool:
    """Returns whether a command of a bulk may pass by approvals, those in child executions included."""
    return isinstance(command, SkipStep) or (isinstance(command, Redrive) and command.workflow is not None)


async def with_version(
    services: Services, principal: Principal, execution_id: str, command: Redrive, version: RedriveTarget
) -> Redrive:
    """Returns the redrive with a version of the execution's workflow as its target.

    Raises: NotFound; Conflict (codes `NO_ACTIVE_VERSION`, `NOT_RUNNABLE`).
    """
    execution = await get_owned(services, principal.organization_id, execution_id)
    head = execution.head
    target = await services.library.resolve(head.organization_id, head.workflow_id, version.number)
    return replace(command, workflow=target.workflow, workflow_version=target.workflow_version, steps=version.steps)


async def _prepare(services: Services, principal: Principal, request: RepairRequest) -> tuple[Execution, RepairCommand]:
    execution = await get_owned(services, principal.organization_id, request.execution_id)
    asking = await find_approval_subworkflows(services, execution)
    command = replace(request.command, may_override=principal.may("decide.override"), asking=asking)
    if request.read_on is not None:
        if to_ms(request.read_on) != to_ms(execution.head.modified_on):
            raise Conflict("the execution has changed since it was read; read it and decide again", code="STALE")
        command = replace(command, expected_seq=execution.state.seq)
    return execution, command


async def _check_process_id(services: Services, execution: Execution) -> None:
    """Raises: Conflict when another open execution has the process id."""
    started = execution.state.started
    heads = await services.engine.executions.find(started.organization_id, started.process_id, started.workflow_id)
    if any(head.is_open and head.execution_id != started.execution_id for head in heads):
        raise process_id_in_use_error(started.process_id)


def require_repaired(reply: Reply) -> Repaired:
    """Returns the reply to a repair that was carried out. Raises: Ambiguous, Forbidden, Conflict, Refused."""
    match reply:
        case Repaired():
            return reply
        case Declined(code="AMBIGUOUS", message=message, states=states):
            raise Ambiguous(message, field="states", choices=states)
        case Declined(code="OVERRIDE_NEEDED" as code, message=message):
            raise Forbidden(message, code=code)
        case Declined(code=code, message=message):
            raise Conflict(message, code=code)
        case Unfit(problems=problems):
            message = f"the execution cannot be repaired in this way: {problems[0].message}"
            raise Refused(message, code="REPAIR_REFUSED", problems=problems)
        case _:
            raise TypeError(f"a repair cannot be answered by {type(reply).__name__}")
