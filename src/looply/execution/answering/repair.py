"""The answers to operators: retry, skip or complete a step, edit the document, move a path, redrive onto a version.

Theory of operation. An incident stops the execution. A repair closes it and says how its step continues: by another
attempt, by another visit, with a given output, or at another step. Once no incident is left, `decide` continues. A
retry either reuses the idempotency key (attempt) or takes a new one (visit). To choose, the input is evaluated again as
of the instant of its first evaluation. The same bytes need the same key; other bytes need another key, because some
receivers refuse one key with two bodies, and others answer it with the result of the first.
"""

from collections.abc import Sequence
from typing import Final, assert_never

from msgspec.structs import replace

from looply.definition import Workflow
from looply.definition.schemas.step_types import STEP_TYPES
from looply.errors import Problem
from looply.execution.answering.editing import edit_event
from looply.execution.answering.migration import find_renames, migration_problems, rename_future_waits
from looply.execution.approvals import overrides
from looply.execution.approvals.decisions import Overriding
from looply.execution.closing.children import close_children
from looply.execution.closing.close import close_cards_of
from looply.execution.deciding.decide import execution_timer, handle_failure
from looply.execution.document.document import region_of
from looply.execution.document.evaluation import StepError, step_fuel
from looply.execution.document.sizes import json_bytes, over_document
from looply.execution.evolving.evolve import evolve
from looply.execution.facts.address import parse_address
from looply.execution.facts.commands import (
    Answer,
    DeclineCode,
    Declined,
    EditDocument,
    MoveTo,
    Redrive,
    RepairCommand,
    Repaired,
    Retry,
    SkipStep,
    Unfit,
)
from looply.execution.facts.events import (
    Again,
    Event,
    IncidentClosed,
    IncidentOpened,
    Migrated,
    Moved,
    StepScheduled,
    StepSkipped,
)
from looply.execution.facts.scopes import scope_of
from looply.execution.facts.state import ExecutionState, Incident, Path
from looply.execution.steps import ENTRIES, Visit
from looply.expressions import ExpressionError
from looply.jsontext import encode_json
from looply.limits import Limits

_YOUNGER: Final = "an incident of the execution is younger than the bulk"


def answer_repair(workflow: Workflow, state: ExecutionState, command: RepairCommand, limits: Limits) -> Answer:
    """Returns the reply to an operator and its events.

    Guarantees: an execution that has ended for ever is never changed; of two operators who decide about one incident
    the second gets the reply that it is closed.
    """
    if state.closed is not None:
        return _decline(state.closed.status, f"the execution is {state.closed.status} for ever")
    if command.expected_seq and command.expected_seq != state.seq:
        return _decline("STALE", "the execution has changed since it was read; read it again and decide again")
    given = _answer(workflow, state, command, limits)
    names = (name for event in given.events if isinstance(event, Overriding) for name in event.overrides)
    if not isinstance(given.reply, Repaired):
        return given
    return replace(given, reply=replace(given.reply, overrides=tuple(dict.fromkeys(names))))


def _answer(workflow: Workflow, state: ExecutionState, command: RepairCommand, limits: Limits) -> Answer:
    match command:
        case EditDocument():
            return _edit(workflow, state, command, limits)
        case Retry():
            return _retry(workflow, state, command, limits)
        case SkipStep():
            return _skip(workflow, state, command, limits)
        case MoveTo():
            return _move(workflow, state, command)
        case Redrive():
            return _redrive(workflow, state, command, limits)
        case _:
            assert_never(command)


def _edit(workflow: Workflow, state: ExecutionState, command: EditDocument, limits: Limits) -> Answer:
    changed = edit_event(workflow, state, command, limits)
    if isinstance(changed, Unfit):
        return Answer(changed)
    return overrides.refusal(command, changed.overrides) or Answer(Repaired(), (changed,))


def _retry(workflow: Workflow, state: ExecutionState, command: Retry, limits: Limits) -> Answer:
    if not state.incidents:
        return _no_incident(state)
    if command.incident_id and command.incident_id not in state.incidents:
        return _decline("NO_INCIDENT", f"the execution has no open incident {command.incident_id}")
    if not _covers(state, command):
        return _decline("NO_INCIDENT", _YOUNGER)
    events: list[Event] = []
    if command.document is not None:
        changed = edit_event(workflow, state, command, limits)
        if isinstance(changed, Unfit):
            return Answer(changed)
        if refused := overrides.refusal(command, changed.overrides):
            return refused
        events.append(changed)
        state = evolve(state, changed)
    chosen = (command.incident_id,) if command.incident_id else tuple(state.incidents)
    closed = _close_incidents(workflow, state, command, "retry", chosen, limits)
    if not command.incident_id:
        closed += _close_held_failures(workflow, state, command, "retry", closed, limits)
    return Answer(Repaired(incidents=_ids(closed)), (*events, *closed))


def _redrive(workflow: Workflow, state: ExecutionState, command: Redrive, limits: Limits) -> Answer:
    target = command.workflow
    if target is None and not state.incidents:
        return _no_incident(state)
    if not _covers(state, command):
        return _decline("NO_INCIDENT", _YOUNGER)
    events: list[Event] = []
    if target is not None and target.hash.hex() != state.definition:
        if problems := migration_problems(workflow, target, state, command.steps):
            return Answer(Unfit(problems=problems))
        approvals = overrides.migration_overrides(workflow, target, state, command.steps, command.asking)
        if refused := overrides.refusal(command, approvals):
            return refused
        events.append(
            Migrated(
                at=command.at,
                by=command.by,
                via=command.via,
                workflow_version=command.workflow_version,
                definition=target.hash.hex(),
                reason=command.reason,
                steps=find_renames(command.steps),
                places=rename_future_waits(workflow, target, state, command.steps),
                overrides=approvals,
            )
        )
        state = evolve(state, events[0])
    elif not state.incidents:
        return _decline("NO_INCIDENT", "the execution runs on that version already and has no open incident")
    chosen = tuple(state.incidents)
    closed = _close_incidents(target or workflow, state, command, "redrive", chosen, limits)
    closed += _close_held_failures(target or workflow, state, command, "redrive", closed, limits)
    return Answer(Repaired(incidents=_ids(closed)), (*events, *closed), workflow=target if events else None)


def _covers(state: ExecutionState, command: Retry | Redrive) -> bool:
    """Returns whether a bulk is about this execution in its current state: no incident is younger than it."""
    latest = command.opened_by
    return latest is None or all(incident.opened_on <= latest for incident in state.incidents.values())


def _close_incidents(
    workflow: Workflow,
    state: ExecutionState,
    command: Retry | Redrive,
    action: str,
    chosen: tuple[str, ...],
    limits: Limits,
) -> list[Event]:
    """Returns the closing of incidents, each with how its step runs again."""
    events: list[Event] = []
    for incident_id in chosen:
        again = _again_by(workflow, state, state.incidents[incident_id], limits)
        events.extend(_closing(workflow, state, command, incident_id, action, again))
    return events


def _close_held_failures(
    workflow: Workflow,
    state: ExecutionState,
    command: Retry | Redrive,
    action: str,
    closed: list[Event],
    limits: Limits,
) -> list[Event]:
    """Returns an incident, closed at once, for each failure that arrived while an incident held the execution.

    Such a failure is older than the decision, which covers it too: the operator need not decide again for every branch
    or iteration that failed for the same reason.
    """
    for event in closed:
        state = evolve(state, event)
    events: list[Event] = []
    for path in state.paths_by_scope.values():
        if path.phase != "FAILED":
            continue
        for opened in handle_failure(workflow, state, path):
            if isinstance(opened, IncidentOpened):
                state = evolve(state, opened)
                resolved = _close_incidents(workflow, state, command, action, (opened.incident_id,), limits)
                for event in resolved:
                    state = evolve(state, event)
                events += (opened, *resolved)
    return events


def _ids(events: list[Event]) -> tuple[str, ...]:
    return tuple(event.incident_id for event in events if isinstance(event, IncidentClosed))


def _closing(
    workflow: Workflow, state: ExecutionState, command: RepairCommand, incident_id: str, action: str, again: Again = ""
) -> tuple[Event, ...]:
    """Returns the closing of an incident; that of a time limit starts the time limit again."""
    incident = state.incidents[incident_id]
    closed = IncidentClosed(
        at=command.at,
        by=command.by,
        via=command.via,
        step=incident.step,
        visit=incident.visit,
        scope=incident.scope,
        incident_id=incident_id,
        action=action,
        reason=command.reason,
        again=again,
    )
    if incident.kind != "TIMEOUT" or workflow.settings.timeout is None:
        return (closed,)
    timer = execution_timer(workflow, replace(state, now=command.at))
    return (closed, replace(timer, by=command.by, via=command.via))


def _again_by(workflow: Workflow, state: ExecutionState, incident: Incident, limits: Limits) -> Again:
    path = state.paths_by_scope.get(incident.scope)
    if path is None or path.address != incident.address or path.phase not in ("FAILED", "UNKNOWN"):
        return ""
    opened = state.open_steps.get(path.address.text)
    if opened is None:
        return "visit"
    if state.edited < opened.seq:
        return "attempt"
    visit = Visit(
        workflow,
        replace(state, now=opened.entered_on or state.now),
        workflow.steps[path.step],
        path.address,
        limits,
        step_fuel(limits),
    )
    try:
        events = ENTRIES[visit.step.type](visit)
    except (ExpressionError, StepError):
        return "visit"
    scheduled = next((event for event in events if isinstance(event, StepScheduled)), None)
    if scheduled is None or scheduled.operation != opened.operation:
        return "visit"
    return "attempt" if encode_json(scheduled.input) == encode_json(opened.input) else "visit"


def _skip(workflow: Workflow, state: ExecutionState, command: SkipStep, limits: Limits) -> Answer:
    path = _skipped_path(state, command)
    if isinstance(path, Answer):
        return path
    if path.phase not in ("OPEN", "FAILED", "UNKNOWN", "RETRY"):
        return _decline("STEP_ENDED", f"step '{path.step}' has ended already; move the execution to another step")
    step = workflow.steps[path.step]
    branch = command.branch or "next"
    exits = _exits(workflow, path.step)
    if branch not in exits:
        choice = f"choose one of {', '.join(exits)}" if exits else "move the execution to another step"
        message = f"step '{path.step}' cannot be left by {branch!r}; {choice}"
        return Answer(Unfit(problems=(Problem(path="/branch", message=message),)))
    size = json_bytes(command.output)
    if reason := over_document(state, path.step, size, limits, path.scope):
        return Answer(Unfit(problems=(Problem(path="/output", message=reason),)))
    approvals = overrides.skip_overrides(workflow, path.step, branch, command.asking)
    if refused := overrides.refusal(command, approvals):
        return refused
    skipped = StepSkipped(
        at=command.at,
        by=command.by,
        via=command.via,
        **path.address.fields,
        output=command.output,
        branch=branch,
        reason=command.reason,
        size=size,
        secret=step.output_secrets,
        overrides=approvals,
    )
    given_up = _close_abandoned(state, path, skipped)
    return _repair_answer(workflow, state, command, path, command.action, (*given_up, skipped))


def _skipped_path(state: ExecutionState, command: SkipStep) -> Path | Answer:
    """Returns the path whose step a command skips, or the reply that refuses it."""
    latest = command.opened_by
    if latest is None:
        return _path_of(state, command.incident_id, command.state)
    covered = {
        incident.address
        for incident in state.incidents.values()
        if incident.opened_on <= latest and command.state in ("", incident.step)
    }
    paths = [path for path in state.paths if path.address in covered]
    if not paths:
        at = f" at '{command.state}'" if command.state else ""
        return _decline("NO_INCIDENT", f"the execution has no incident of a step{at} that is older than the bulk")
    return paths[0] if len(paths) == 1 else _ambiguous(paths)


def _exits(workflow: Workflow, step_id: str) -> tuple[str, ...]:
    """Returns the exits that an operator may choose for a step; not `error`, which needs a failure."""
    step = workflow.steps[step_id]
    if step.type == "redirect":
        return ("next",)
    branches = tuple(branch.id for branch in getattr(step.settings, "branches", ()))
    return tuple(dict.fromkeys((*branches, *STEP_TYPES[step.type].exits)))


def _move(workflow: Workflow, state: ExecutionState, command: MoveTo) -> Answer:
    path = _path_of(state, command.incident_id, command.state)
    if isinstance(path, Answer):
        return path
    if command.to not in workflow.steps or command.to == workflow.start:
        message = f"the version that the execution runs on has no step '{command.to}' that could be visited"
        return Answer(Unfit(problems=(Problem(path="/to", message=message),)))
    if workflow.region(command.to) != region_of(state, path.scope):
        message = f"'{command.to}' is not in the same branch or body as '{path.step}'; a path cannot leave it by a move"
        return Answer(Unfit(problems=(Problem(path="/to", message=message),)))
    approvals = overrides.move_overrides(workflow, path.step, command.to, command.asking)
    if refused := overrides.refusal(command, approvals):
        return refused
    moved = Moved(
        at=command.at,
        by=command.by,
        via=command.via,
        scope=path.scope,
        to=command.to,
        reason=command.reason,
        overrides=approvals,
    )
    given_up = _close_abandoned(state, path, moved)
    return _repair_answer(workflow, state, command, path, "move", (*given_up, moved))


def _path_of(state: ExecutionState, incident_id: str, step: str) -> Path | Answer:
    """Returns the path that a command means, or the reply that refuses it."""
    # A parallel or forEach that waits for its branches or iterations is meant only when it is named.
    paths = list(state.paths if step else state.active_paths)
    if incident_id:
        incident = state.incidents.get(incident_id)
        if incident is None:
            return _decline("NO_INCIDENT", f"the execution has no open incident {incident_id}")
        paths = [path for path in paths if path.address == incident.address] or paths
    if step:
        paths = [path for path in paths if path.step == step]
        if not paths:
            current = ", ".join(dict.fromkeys(path.step for path in state.paths))
            message = f"no path of the execution is at '{step}'; its current steps are {current}"
            return Answer(Unfit(problems=(Problem(path="/state", message=message),)))
    if len(paths) == 1:
        return paths[0]
    return _ambiguous(paths)


def _ambiguous(paths: Sequence[Path]) -> Answer:
    states = tuple(dict.fromkeys(path.step for path in paths))
    message = f"the execution has {len(paths)} paths; name one by its state or its incident_id"
    return Answer(Declined(code="AMBIGUOUS", message=message, states=states))


def _close_abandoned(state: ExecutionState, path: Path, cause: Event) -> tuple[Event, ...]:
    """Returns the closing of the cards and children of a visit, and of those of its branches and iterations."""
    inner = scope_of(path.scope, path.step, "")[:-1] if path.scope in state.regions else ""
    own = path.address.text

    def is_meant(text: str) -> bool:
        return text == own or (bool(inner) and parse_address(text).scope.startswith(inner))

    return (*close_cards_of(state, is_meant, "ENDED", cause), *close_children(state, is_meant, cause))


def _repair_answer(
    workflow: Workflow,
    state: ExecutionState,
    command: SkipStep | MoveTo,
    path: Path,
    action: str,
    events: tuple[Event, ...],
) -> Answer:
    """Returns the answer; its events first close the incidents of the path, and those without a step."""
    chosen = tuple(
        incident_id
        for incident_id, incident in state.incidents.items()
        if not incident.step or incident.address == path.address
    )
    closed = [event for each in chosen for event in _closing(workflow, state, command, each, action)]
    return Answer(Repaired(incidents=chosen), (*closed, *events))


def _no_incident(state: ExecutionState) -> Answer:
    return _decline("NO_INCIDENT", f"the execution is {state.status} and has no open incident")


def _decline(code: DeclineCode, message: str) -> Answer:
    return Answer(Declined(code=code, message=message))
