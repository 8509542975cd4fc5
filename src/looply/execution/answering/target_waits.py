"""Attempts that wait for a system that is not called at present, and how long they may: `park` of their step.

Whether an attempt that waits has begun after all, the state does not say: the row of its effect does. So the timer of
`park` fails nothing by itself. It has the attempt given up (`OpenStep.is_given_up`), and the process that takes such an
effect from its row reports it in place of making the call. Where another one makes the call already, its outcome
counts: it is not repeated any more because it found the system down.

The end of a wait says nothing of earlier attempts. Where one of them has an unknown outcome that the attempt was to
find out, that outcome stays unknown.
"""

from looply.definition import Step, Workflow
from looply.execution.facts.address import parse_address
from looply.execution.facts.commands import Answer, Done, EffectDone, EffectFailed, GiveUpEffect, Outage, ParkEffect
from looply.execution.facts.events import StepFailed, StepParked, StepUnknown, TimerStarted
from looply.execution.facts.state import ExecutionState, OpenStep, TargetWait
from looply.execution.facts.values.far import FarError


def answer_park_effect(workflow: Workflow, state: ExecutionState, command: ParkEffect) -> Answer:
    """Returns the events of an attempt that waits for its system; none when it has begun to wait before, or is over."""
    opened = find_in_flight(state, command.address, command.attempt)
    if opened is None or opened.parked is not None or state.has_incident:
        return Answer(Done(is_late=True))
    step = workflow.steps[parse_address(command.address).step]
    return Answer(Done(), (_parked(command, command.outage), *_timer(step, state, command)))


def answer_give_up_effect(workflow: Workflow, state: ExecutionState, command: GiveUpEffect) -> Answer:
    """Returns the end of an attempt that has waited too long for its system and was not begun."""
    opened = find_in_flight(state, command.address, command.attempt)
    if opened is None or opened.parked is None:
        return Answer(Done(is_late=True))
    step = workflow.steps[parse_address(command.address).step]
    return Answer(Done(), (_end_of_wait(step, opened, command, opened.parked),))


def park_again(
    step: Step, state: ExecutionState, opened: OpenStep, command: EffectDone | EffectFailed, outage: Outage
) -> Answer:
    """Returns the events of an attempt that only found its system down: it waits and is made again.

    One that has waited as long as it may is the step's failure, or leaves an earlier outcome unknown.
    """
    if opened.is_given_up:
        wait = TargetWait(target=outage.target, since=command.at, reason=outage.reason)
        return Answer(Done(), (_end_of_wait(step, opened, command, wait),))
    return Answer(Done(), (_parked(command, outage, again=True), *_timer(step, state, command)))


def find_in_flight(state: ExecutionState, address: str, attempt: int) -> OpenStep | None:
    """Returns the open step whose attempt is in flight, None when that attempt is over."""
    opened = state.open_steps.get(address)
    return opened if opened is not None and opened.attempt == attempt and opened.is_in_flight else None


def _parked(command: EffectDone | EffectFailed | ParkEffect, outage: Outage, *, again: bool = False) -> StepParked:
    return StepParked(
        at=command.at,
        **parse_address(command.address).fields,
        attempt=command.attempt,
        target=outage.target,
        reason=outage.reason,
        again=again,
    )


def _timer(
    step: Step, state: ExecutionState, command: EffectDone | EffectFailed | ParkEffect
) -> tuple[TimerStarted, ...]:
    """Returns the timer of a wait that begins; none while one runs, since a probe that fails does not end the wait."""
    is_counted = any(timer.kind == "PARK" and timer.address == command.address for timer in state.timers.values())
    if step.park is None or is_counted:
        return ()
    try:
        due = command.at + step.park
    except OverflowError:  # after the last instant that can be represented
        return ()
    address = parse_address(command.address)
    return (TimerStarted(at=command.at, **address.fields, attempt=command.attempt, kind="PARK", due=due),)


def _end_of_wait(
    step: Step, opened: OpenStep, command: EffectDone | EffectFailed | GiveUpEffect, wait: TargetWait
) -> StepFailed | StepUnknown:
    """Returns what ends the wait of an attempt: a failure, or the unknown outcome that it was to find out.

    No retry follows the failure: the policy is about attempts, and this is the end of a wait.
    """
    address = parse_address(command.address)
    waited = f"the call has waited for {wait.target} as long as `park` allows"
    if opened.is_unsettled:
        message = (
            f"it is unknown whether an earlier attempt took effect: {waited}, and could not find out: {wait.reason}; "
            "check the other system, then retry the step or complete it by hand"
        )
        return StepUnknown(at=command.at, **address.fields, attempt=command.attempt, cause="UNSETTLED", message=message)
    earlier = "; an earlier attempt may have arrived" if _may_have_arrived(step, opened, command) else ""
    return StepFailed(
        at=command.at,
        **address.fields,
        attempt=command.attempt,
        code="TARGET_DOWN",
        message=f"step '{address.step}': {waited} and is not made any more: {wait.reason}{earlier}",
        far=FarError(kind="down"),
    )


def _may_have_arrived(step: Step, opened: OpenStep, command: EffectDone | EffectFailed | GiveUpEffect) -> bool:
    """Returns whether a call of the visit may have arrived that is no unknown outcome, since it may be repeated."""
    if opened.unknowns or (isinstance(command, EffectFailed) and command.was_sent):
        return True
    return step.on_unknown == "retry" and opened.attempt > 1
