"""`answer`: the reply to a command, and its events. Engines never decide about a command themselves."""

from typing import TypeVar, assert_never

from msgspec.structs import replace

from looply.definition import Workflow
from looply.execution.answering.attempts import answer_effect_done, answer_effect_failed, answer_effect_lost
from looply.execution.answering.repair import answer_repair
from looply.execution.answering.resume import answer_resume
from looply.execution.answering.settling import settle_letter
from looply.execution.answering.target_waits import answer_give_up_effect, answer_park_effect
from looply.execution.approvals.absent import pass_on_absent
from looply.execution.approvals.cards import answer_card
from looply.execution.approvals.quorum import approval_output
from looply.execution.approvals.reassign import reassign_card
from looply.execution.approvals.reminding import remind_card
from looply.execution.approvals.turns import escalate, remind
from looply.execution.closing.children import answer_child_ended
from looply.execution.closing.close import close, close_cards
from looply.execution.deciding.decide import open_incident
from looply.execution.delivery.fallbacks import fall_back
from looply.execution.delivery.reports import record_report
from looply.execution.document.sizes import json_bytes
from looply.execution.evolving.evolve import evolve
from looply.execution.facts.address import parse_address
from looply.execution.facts.commands import (
    Admit,
    AlreadyTerminated,
    Answer,
    AnswerCard,
    ChildEnded,
    Command,
    Continue,
    CopyReported,
    Declined,
    Done,
    EditDocument,
    EffectDone,
    EffectFailed,
    EffectLost,
    FireTimer,
    GiveUpEffect,
    MoveTo,
    ParkEffect,
    PassOnAbsent,
    QuarantineExecution,
    ReassignCard,
    Redrive,
    RemindCard,
    RepairRows,
    Resume,
    Retry,
    SettleLetter,
    SkipStep,
    Terminate,
    Terminated,
)
from looply.execution.facts.events import (
    Admitted,
    Cancelled,
    Continued,
    Event,
    ExecutionClosed,
    IncidentClosed,
    StepSucceeded,
    TimerFired,
    WaitTimedOut,
)
from looply.execution.facts.open_work import open_work
from looply.execution.facts.state import ExecutionState, Timer
from looply.limits import DEFAULT_LIMITS, Limits

Outcome = TypeVar("Outcome", EffectDone, EffectFailed, EffectLost, ParkEffect, GiveUpEffect)


def answer(workflow: Workflow, state: ExecutionState, command: Command, *, limits: Limits = DEFAULT_LIMITS) -> Answer:
    """Returns the reply to a command, and the events to store before it is sent.

    Guarantees: exactly one resume releases a wait; an ended execution is never changed; the reply follows from the
    history, never from the status alone.
    """
    match command:
        case Retry() | EditDocument() | SkipStep() | MoveTo() | Redrive():
            return answer_repair(workflow, state, command, limits)
        case Resume():
            return answer_resume(workflow, state, command, limits)
        case AnswerCard():
            return answer_card(workflow, state, command, limits)
        case CopyReported():
            return record_report(state, command)
        case ReassignCard():
            return reassign_card(state, command)
        case RemindCard():
            return remind_card(state, command)
        case PassOnAbsent():
            return pass_on_absent(state, command)
        case Terminate():
            return _terminate(state, command)
        case SettleLetter():
            return settle_letter(workflow, state, command, limits)
        case FireTimer():
            return _fire(workflow, state, command)
        case EffectDone():
            return answer_effect_done(workflow, state, _with_current_address(state, command), limits)
        case EffectFailed():
            return answer_effect_failed(workflow, state, _with_current_address(state, command))
        case EffectLost():
            return answer_effect_lost(state, _with_current_address(state, command))
        case ParkEffect():
            return answer_park_effect(workflow, state, _with_current_address(state, command))
        case GiveUpEffect():
            return answer_give_up_effect(workflow, state, _with_current_address(state, command))
        case ChildEnded():
            return answer_child_ended(state, command, limits)
        case Admit():
            return Answer(Done(), (Admitted(at=command.at),)) if state.is_queued else Answer(Done(is_late=True))
        case Continue():
            is_needed = open_work(state).continues
            return Answer(Done(is_late=not is_needed), (Continued(at=command.at),) if is_needed else ())
        case RepairRows():
            # An empty event, so that the rows are stored in a unit like any other.
            return Answer(Done(), (Continued(at=command.at),)) if state.closed is None else Answer(Done(is_late=True))
        case QuarantineExecution():
            return _quarantine(state, command)
        case _:
            assert_never(command)


def _with_current_address(state: ExecutionState, command: Outcome) -> Outcome:
    """Returns the command with the current address of its visit; the attempt may have been sent under a former one."""
    address = state.current_address(command.address)
    return command if address == command.address else replace(command, address=address)


def _terminate(state: ExecutionState, command: Terminate) -> Answer:
    if state.closed is None:
        cancelled = Cancelled(at=command.at, by=command.by, via=command.via, reason=command.reason)
        end = ExecutionClosed(at=command.at, by=command.by, via=command.via, status="TERMINATED", reason=command.reason)
        return Answer(Terminated(), (*_close_incidents(state, end), *close(state, end)[:-1], cancelled, end))
    if state.closed.status == "TERMINATED":
        return Answer(AlreadyTerminated())
    verb = "has completed" if state.closed.status == "COMPLETED" else "has failed"
    return Answer(Declined(code=state.closed.status, message=f"the execution {verb} and cannot be terminated"))


def _close_incidents(state: ExecutionState, end: ExecutionClosed) -> tuple[IncidentClosed, ...]:
    return tuple(
        IncidentClosed(
            at=end.at,
            by=end.by,
            via=end.via,
            step=incident.step,
            visit=incident.visit,
            scope=incident.scope,
            incident_id=incident.incident_id,
            action="terminate",
            reason=end.reason,
        )
        for incident in state.incidents.values()
    )


def _fire(workflow: Workflow, state: ExecutionState, command: FireTimer) -> Answer:
    timer = state.timers.get(command.timer)
    if state.closed is not None or timer is None or state.has_incident:
        return Answer(Done(is_late=True))
    fired = TimerFired(at=command.at, timer=command.timer)
    return Answer(Done(), (fired, *_consequences(workflow, state, timer, fired)))


def _consequences(workflow: Workflow, state: ExecutionState, timer: Timer, fired: TimerFired) -> tuple[Event, ...]:
    match timer.kind:
        case "RETRY" | "PARK":
            return ()
        case "DELAY":
            return (StepSucceeded(at=fired.at, **parse_address(timer.address).fields),)
        case "WAIT":
            return (
                *close_cards(state, timer.address, "TIMED_OUT", fired),
                _wait_timed_out(workflow, state, timer, fired),
            )
        case "REMINDER":
            return remind(state, timer, fired)
        case "ESCALATION":
            return escalate(state, timer, fired)
        case "FALLBACK":
            return fall_back(state, timer, fired)
        case "EXECUTION":
            message = "the execution has taken longer than workflow_settings.timeout allows"
            return (open_incident(evolve(state, fired), "TIMEOUT", "EXECUTION_TIMEOUT", message),)
        case _:
            assert_never(timer.kind)


def _wait_timed_out(workflow: Workflow, state: ExecutionState, timer: Timer, fired: TimerFired) -> WaitTimedOut:
    """Returns the timeout of a wait; that of an approval holds the decisions so far."""
    wait, address = state.waits.get(timer.address), parse_address(timer.address)
    if wait is None or wait.approval is None:
        return WaitTimedOut(at=fired.at, **address.fields)
    output, secret = approval_output("timeout", wait.answers), workflow.steps[address.step].output_secrets
    return WaitTimedOut(at=fired.at, **address.fields, output=output, size=json_bytes(output), secret=secret)


def _quarantine(state: ExecutionState, command: QuarantineExecution) -> Answer:
    if state.closed is not None or state.has_incident:
        return Answer(Done(is_late=True))
    incident = open_incident(state, "POISON", "POISONED", command.message)
    return Answer(Done(), (replace(incident, at=command.at),))
