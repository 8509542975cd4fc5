"""`evolve` for waits: how they open, the resumes and answers that they take, and how they end."""

from typing import assert_never

from msgspec import UNSET
from msgspec.structs import replace

from looply.errors import IllegalTransition
from looply.execution.evolving.card_changes import apply_answer_recorded
from looply.execution.evolving.mappings import without
from looply.execution.evolving.paths import move, with_output, without_timers_of
from looply.execution.facts.events import (
    AnswerRecorded,
    ResumeBuffered,
    Resumed,
    StepEvent,
    WaitOpened,
    WaitTimedOut,
)
from looply.execution.facts.state import (
    REQUESTERS,
    BufferedResume,
    ExecutionState,
    OpenWait,
    SettledWait,
    WaitEnd,
)
from looply.execution.facts.values.approval_terms import is_same_person


def apply_wait_event(
    state: ExecutionState, event: WaitOpened | AnswerRecorded | Resumed | ResumeBuffered | WaitTimedOut
) -> ExecutionState:
    """Returns the state after an event of a wait. Raises: IllegalTransition."""
    match event:
        case WaitOpened():
            return _apply_wait_opened(state, event)
        case AnswerRecorded():
            return _apply_answer_recorded(state, event)
        case Resumed():
            return _apply_resumed(state, event)
        case ResumeBuffered():
            return _apply_resume_buffered(state, event)
        case WaitTimedOut():
            return _apply_wait_timed_out(state, event)
        case _:
            assert_never(event)


def without_wait(
    state: ExecutionState, event: StepEvent, how: WaitEnd, request: bytes = b"", outcome: str = ""
) -> ExecutionState:
    """Returns the state in which the wait of the event, if it is open, has ended, and its timers with it."""
    text = event.address.text
    wait = state.waits.get(text)
    if wait is None:
        return state
    settled = SettledWait(
        how=how,
        by=event.by,
        on=event.at,
        request=request,
        answers=wait.answers,
        outcome=outcome,
        via=event.via,
        requester=wait.requester,
    )
    return replace(
        state,
        waits=without(state.waits, text),
        timers=without_timers_of(state.timers, text),
        settled=state.settled.set(text, settled),
        last_settled=text,
        last_released=text if how == "RESUMED" else state.last_released,
    )


def _apply_wait_opened(state: ExecutionState, event: WaitOpened) -> ExecutionState:
    text = event.address.text
    wait = OpenWait(
        seq=state.seq + 1,
        address=text,
        step=event.step,
        visit=event.visit,
        scope=event.scope,
        sources=event.sources,
        opened_on=event.at,
        timeout_on=event.timeout_on,
        count=event.count,
        approval=event.approval,
        fallback=event.fallback,
    )
    buffered = state.buffered
    if buffered:
        buffered = {key: kept for key, kept in buffered.items() if key not in ("", text)}
    return replace(
        move(state, event),
        waits={**state.waits, text: wait},
        open_steps=without(state.open_steps, text),
        buffered=buffered,
        requesters=_with_requester(state.requesters, wait.requester),
    )


def _with_requester(known: tuple[str, ...], person: str) -> tuple[str, ...]:
    if not person or len(known) >= REQUESTERS or any(is_same_person(person, one) for one in known):
        return known
    return (*known, person)


def _apply_answer_recorded(state: ExecutionState, event: AnswerRecorded) -> ExecutionState:
    text = event.address.text
    wait = state.waits.get(text)
    if wait is None:
        raise IllegalTransition(f"the wait {text} is not open")
    return apply_answer_recorded(state, wait, event)


def _apply_resumed(state: ExecutionState, event: Resumed) -> ExecutionState:
    if event.address.text not in state.waits:
        raise IllegalTransition(f"the wait {event.address.text} is not open")
    state = without_wait(state, event, "RESUMED", event.request, event.branch if event.branch != "next" else "")
    return with_output(move(state, event, branch=event.branch), event, event.output, event.size)


def _apply_resume_buffered(state: ExecutionState, event: ResumeBuffered) -> ExecutionState:
    kept = BufferedResume(
        source=event.source,
        payload=event.payload,
        request=event.request,
        by=event.by,
        on=event.at,
        secret=event.secret,
    )
    return replace(state, buffered={**state.buffered, event.wait: kept})


def _apply_wait_timed_out(state: ExecutionState, event: WaitTimedOut) -> ExecutionState:
    if event.address.text not in state.waits:
        raise IllegalTransition(f"the wait {event.address.text} is not open")
    state = move(without_wait(state, event, "TIMED_OUT"), event, branch="timeout")
    return state if event.output is UNSET else with_output(state, event, event.output, event.size)
