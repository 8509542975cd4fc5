"""The forecast (dry run) of a command: computed like the command itself, and not stored."""

from collections.abc import Iterable, Iterator
from typing import TypeGuard

import msgspec

from looply.definition import Workflow
from looply.execution.answering.answer import answer
from looply.execution.answering.starting import takes_process_id
from looply.execution.deciding.decide import advance
from looply.execution.facts.address import Address, idempotency_key, parse_address
from looply.execution.facts.commands import Command, Reply
from looply.execution.facts.events import (
    CardClosed,
    Computed,
    Event,
    IncidentOpened,
    StepScheduled,
    TimerStarted,
    WaitOpened,
)
from looply.execution.facts.open_work import open_work
from looply.execution.facts.state import ExecutionState, Status
from looply.execution.facts.values.far import FarError
from looply.limits import DEFAULT_LIMITS, Limits


class PlannedEffect(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the command would make at once.

    `is_repeated`: the step has made a call before in this execution. `keeps_key`: with the same idempotency key, so
    that a receiver that stores keys does not act twice. `far` is what the other system said when the step failed.
    """

    address: Address
    attempt: int
    operation: str
    key: str
    is_repeated: bool
    keeps_key: bool
    on_unknown: str
    far: FarError | None = None


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """The effects of a command until the execution waits or its stretch is cut.

    `visits` are the steps that would be visited, `waiting` the open effects that would continue, `timers` the number of
    timers that have become due and would fire, `closes_cards` the number of cards that would take no more answers,
    `incident` the one that would stop the execution again. `takes_process_id`: the command is refused if another open
    execution has its process id.
    """

    reply: Reply
    status: Status
    current_state: str
    workflow_version: int
    effects: tuple[PlannedEffect, ...] = ()
    visits: tuple[Address, ...] = ()
    waiting: tuple[Address, ...] = ()
    timers: int = 0
    closes_cards: int = 0
    incident: IncidentOpened | None = None
    takes_process_id: bool = False
    events: tuple[Event, ...] = ()


def forecast(
    workflow: Workflow, state: ExecutionState, command: Command, *, limits: Limits = DEFAULT_LIMITS
) -> Forecast:
    """Returns the forecast of a command. Nothing is stored; the state may be another one when the command is given."""
    given = answer(workflow, state, command, limits=limits)
    onto = given.workflow or workflow
    after, events = state, given.events
    if events:
        stretch = advance(onto, state, events, limits=limits)
        after, events = stretch.state, stretch.events
    is_thawed = state.has_incident and not after.has_incident
    return Forecast(
        reply=given.reply,
        status=after.status,
        current_state=after.current_state,
        workflow_version=after.workflow_version,
        effects=tuple(
            _planned_effect(onto, after, event, _far_error(state, event))
            for event in events
            if isinstance(event, StepScheduled)
        ),
        visits=tuple(_planned_visits(events)),
        waiting=tuple(parse_address(one.address) for one in open_work(state).effects.values()) if is_thawed else (),
        timers=sum(timer.due <= command.at for timer in after.timers.values()) if is_thawed else 0,
        closes_cards=sum(len(event.cards) for event in events if isinstance(event, CardClosed)),
        incident=next((event for event in events if _stays_open(event, after)), None),
        takes_process_id=takes_process_id(state, after),
        events=tuple(events),
    )


def _stays_open(event: Event, after: ExecutionState) -> TypeGuard[IncidentOpened]:
    # A step that failed beside another one gets an incident that the same command closes.
    return isinstance(event, IncidentOpened) and event.incident_id in after.incidents


def _far_error(before: ExecutionState, event: StepScheduled) -> FarError | None:
    """Returns what the other system said when the step failed of which this is the next call."""
    path = before.paths_by_scope.get(event.scope)
    return path.failure.far if path is not None and path.failure is not None and path.step == event.step else None


def _planned_effect(
    workflow: Workflow, after: ExecutionState, event: StepScheduled, far: FarError | None
) -> PlannedEffect:
    opened = after.open_steps.get(event.address.text)
    address = event.address
    if opened is not None and opened.key:
        address = parse_address(opened.key)
    return PlannedEffect(
        address=event.address,
        attempt=event.attempt,
        operation=event.operation,
        key=idempotency_key(after.started.execution_id, address),
        is_repeated=event.attempt > 1 or event.visit > 1,
        keeps_key=event.attempt > 1,
        on_unknown=workflow.steps[event.step].on_unknown,
        far=far,
    )


def _planned_visits(events: Iterable[Event]) -> Iterator[Address]:
    for event in events:
        match event:
            case TimerStarted(kind="DELAY") | StepScheduled(attempt=1) | Computed() | WaitOpened():
                yield event.address
