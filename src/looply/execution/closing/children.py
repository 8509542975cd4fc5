"""Child executions: started by `subworkflow` steps, and by incidents (`on_failure`)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from looply.definition import METADATA, Workflow
from looply.execution.document.incidents import incident_facts
from looply.execution.document.sizes import json_bytes, over_document
from looply.execution.facts.address import Address, child_id, parse_address
from looply.execution.facts.commands import Answer, ChildEnded, Done
from looply.execution.facts.deliveries import DeliveryKind
from looply.execution.facts.events import ChildClosed, ChildStarted, Event, ExecutionStarted, StepFailed, StepSucceeded
from looply.execution.facts.state import ExecutionState, Incident, OpenChild
from looply.instants import to_ms
from looply.jsontext import Json
from looply.limits import Limits


class ChildRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A child that the execution waits for, and the visit of the step that started it."""

    state: str
    visit: int
    execution_id: str
    workflow_id: str
    started_on: int


def answer_child_ended(state: ExecutionState, command: ChildEnded, limits: Limits) -> Answer:
    """Returns the events of the outcome of a child; none when no step waits for it any more."""
    child = state.children.get(command.child_id)
    if child is None:
        return Answer(Done(is_late=True))
    address = parse_address(child.address) if child.address else None
    closed = ChildClosed(
        at=command.at,
        by=command.by,
        via=command.via,
        **(address.fields if address is not None else {}),
        child_id=child.child_id,
        outcome=command.outcome,
        code=command.code,
        message=command.message,
    )
    if address is None or not _waits(state, address):
        return Answer(Done(), (closed,))
    return Answer(Done(), (closed, _result(state, child, command, limits)))


def _waits(state: ExecutionState, address: Address) -> bool:
    """Returns whether the step is still open: its branch may be cancelled, or an operator may have moved the path."""
    path = state.paths_by_scope.get(address.scope)
    return path is not None and path.address == address and path.phase == "OPEN"


def _result(state: ExecutionState, child: OpenChild, command: ChildEnded, limits: Limits) -> StepSucceeded | StepFailed:
    """Returns the end of the step that started the child."""
    address = parse_address(child.address)
    common: dict[str, Any] = {"at": command.at, **address.fields}
    if command.outcome == "REFUSED":
        message = f"step '{address.step}': the execution could not be started: {command.message}"
        return StepFailed(**common, code=command.code, message=message)
    status = "RUNNING" if command.outcome == "STARTED" else command.outcome
    output: Json = {"execution_id": child.child_id, "status": status, "output": None}
    size = json_bytes(output) + command.size
    if reason := over_document(state, address.step, size, limits):
        return StepFailed(**common, code="DOCUMENT_TOO_LARGE", message=f"step '{address.step}': {reason}")
    output["output"] = command.output
    secret = tuple(f"/output/output{pointer}" for pointer in command.secret)
    given: dict[str, Any] = {"output": output, "size": size, "secret": secret}
    reason = command.message or "no reason is given"
    if command.outcome == "TERMINATED":
        message = f"step '{address.step}': the execution {child.child_id} was terminated: {reason}"
        return StepFailed(**common, code="CHILD_TERMINATED", message=message, **given)
    if command.outcome == "FAILED":
        message = f"step '{address.step}': the execution {child.child_id} has failed: {reason}"
        return StepFailed(**common, code="CHILD_FAILED", message=message, **given)
    return StepSucceeded(**common, **given)


class StoredChild(NamedTuple):
    """What is stored of a child: its parent, and whether it has ended for good, so that it sends nothing any more."""

    parent: str
    has_ended: bool


def refuses_start(requested: ChildStarted, sender: ExecutionState) -> bool:
    """Returns whether a requested execution must not start any more, because its sender was terminated before.

    An awaited child was terminated with its parent: it is started, and ends at once. What an incident starts
    is started in any case.
    """
    has_own_life = not requested.is_awaited and not requested.incident_id
    return has_own_life and sender.closed is not None and sender.closed.status == "TERMINATED"


def find_owed_delivery(child: OpenChild, parent: str, stored: StoredChild | None) -> DeliveryKind | None:
    """Returns what must be on its way between an execution and a child that it counts as open; None for nothing.

    A child that is not stored needs its start. One that is stored, and that its parent does not await or that has
    ended, owes its parent the notification. An awaited one that has not ended sends it by itself.
    """
    if stored is None:
        return "START"
    if not child.is_awaited:
        return "STARTED"
    return "ENDED" if stored.has_ended or stored.parent != parent else None


def is_given_up(started: ExecutionStarted, parent: ExecutionState) -> bool:
    """Returns whether an execution must end because its parent has waited for it and no longer does.

    The parent has ended, or has continued without it.
    """
    return started.tells == "END" and started.execution_id not in parent.children


def close_children(state: ExecutionState, is_meant: Callable[[str], bool], cause: Event) -> tuple[ChildClosed, ...]:
    """Returns the cancellation of the awaited children of the visits that `is_meant` selects.

    A child that is not awaited keeps running.
    """
    return tuple(
        ChildClosed(
            at=cause.at,
            by=cause.by,
            via=cause.via,
            **parse_address(child.address).fields,
            child_id=child.child_id,
            outcome="CANCELLED",
        )
        for child in state.children.values()
        if child.is_awaited and child.address and is_meant(child.address)
    )


def incident_workflow_starts(workflow: Workflow, state: ExecutionState) -> tuple[ChildStarted, ...]:
    """Returns a start of the `on_failure` workflow for each open incident that has none yet.

    An execution that an incident started does not start another one for its own incidents.
    """
    target = workflow.settings.on_failure
    if target is None or state.started.is_response or not state.incidents or state.closed is not None:
        return ()
    return tuple(
        _response(state, target, incident) for incident in state.incidents.values() if not incident.is_answered
    )


def children_of(state: ExecutionState) -> list[ChildRecord]:
    """Returns the children that the execution waits for, oldest first; `started_on` is in epoch milliseconds."""
    open_children = [child for child in state.children.values() if child.address]
    return [
        ChildRecord(
            state=parse_address(child.address).step,
            visit=parse_address(child.address).visit,
            execution_id=child.child_id,
            workflow_id=child.workflow_id,
            started_on=to_ms(child.started_on),
        )
        for child in sorted(open_children, key=lambda child: child.seq)
    ]


def start_secrets(event: ChildStarted) -> tuple[str, ...]:
    """Returns the secret pointers of a child's input, as pointers of its `ExecutionStarted`."""
    found: list[str] = []
    for pointer in event.secret:
        within = pointer.removeprefix("/input")
        if not isinstance(event.input, dict):
            found.append(f"/output/body{within}")
        elif within:
            found.append(f"/output{within}")
        else:
            found += [f"/output/{name.replace('~', '~0').replace('/', '~1')}" for name in event.input]
    return tuple(found)


def output_secrets(state: ExecutionState) -> tuple[str, ...]:
    """Returns the pointers into an execution's `payload.output` that lead to secret values."""
    return tuple(
        "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path[2:])
        for path in state.secrets
        if path[:2] == ("payload", "output")
    )


def _response(state: ExecutionState, workflow_id: str, incident: Incident) -> ChildStarted:
    payload = {"incident": msgspec.to_builtins(incident_facts(incident)), "execution": _execution(state)}
    return ChildStarted(
        at=state.now,
        child_id=child_id(state.started.execution_id, incident.incident_id, state.now),
        workflow_id=workflow_id,
        input=payload,
        size=json_bytes(payload),
        is_awaited=False,
        incident_id=incident.incident_id,
    )


def _execution(state: ExecutionState) -> dict[str, Json]:
    started: ExecutionStarted = state.started
    metadata = {name: state.payload[name] for name in METADATA if name in state.payload}
    return {**metadata, "workflow_version": str(state.workflow_version), "parent_execution_id": started.parent or None}
