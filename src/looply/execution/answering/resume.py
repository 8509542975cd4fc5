"""The answer to `resumeWorkflow`: the rules of the public API in their order; the first that matches decides."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from looply.definition import Step, Workflow
from looply.errors import Problem
from looply.execution.closing.close import close_cards
from looply.execution.document.sizes import json_bytes, over_document
from looply.execution.facts.address import Address, is_genuine, parse_address, parse_token
from looply.execution.facts.commands import AlreadyReleased, Answer, DeclineCode, Declined, Released, Resume, Unfit
from looply.execution.facts.events import ResumeBuffered, Resumed, ResumeIgnored
from looply.execution.facts.state import BufferedResume, ExecutionState, OpenWait, SettledWait, recipients_of
from looply.execution.steps.wait import Caller, branch_of, payload_problems, resume_output, source_refusal
from looply.limits import Limits

SAME_CALL: Final = timedelta(seconds=60)
"""A resume without a token that repeats the last one within this time is that call again, not the next answer."""

_DECLINE_MESSAGES: Final = {
    "TERMINATED": "the execution was terminated",
    "FAILED": "the execution has failed; if it has an incident, that must be decided about first",
    "TIMED_OUT": "the wait that the token names has timed out",
    "NOT_WAITING": "the token names no wait that is open",
}
"""Messages for operators, where the public API has one message for all reasons."""

_RECORDED_DUPLICATES: Final = 100
"""The most duplicates of one execution that are recorded; a client in a loop must not grow a history without end."""

_FOREIGN: Final = "?"
"""Instead of an address: the token belongs to no wait of this execution. No address has this text."""


def answer_resume(workflow: Workflow, state: ExecutionState, command: Resume, limits: Limits) -> Answer:
    """Returns the reply to a resume and its events."""
    named = _named_wait(state, command)
    if (duplicate := _duplicate_of(state, command, named)) is not None:
        return _already_released(state, command, duplicate)
    if (declined := _find_decline(workflow, state, named)) is not None:
        return Answer(declined)
    wait = _wait_for(state, command, named)
    if isinstance(wait, Declined):
        return Answer(wait)
    if wait is not None:
        return _release(workflow, state, command, wait, limits)
    if named is not None:
        return _buffer(workflow, state, command, named)
    if state.last_settled:
        last = state.settled[state.last_settled]
        if last.how == "TIMED_OUT":
            return Answer(_decline("TIMED_OUT", "the wait has timed out"))
        return _already_released(state, command, state.settled[state.last_released or state.last_settled])
    if workflow.has_wait and state.closed is None and not state.settled:
        return _buffer(workflow, state, command, "")
    code: DeclineCode = "COMPLETED" if state.closed is not None else "NOT_WAITING"
    return Answer(_decline(code, "not found"))


def release_open_wait(workflow: Workflow, state: ExecutionState, command: Resume, limits: Limits) -> Answer:
    """Returns the reply to a resume that an operator applies to an open wait; it is never kept for later.

    It is never treated as a repeated call: the operator has read it.
    """
    named = _named_wait(state, command)
    if (declined := _find_decline(workflow, state, named)) is not None:
        return Answer(_decline(declined.code, _DECLINE_MESSAGES[declined.code]))
    wait = _wait_for(state, command, named)
    if isinstance(wait, Declined):
        return Answer(wait)
    if wait is None:
        code: DeclineCode = "COMPLETED" if state.closed is not None else "NOT_WAITING"
        return Answer(_decline(code, "the execution waits for no answer now"))
    return _release(workflow, state, command, wait, limits)


def _named_wait(state: ExecutionState, command: Resume) -> str | None:
    """Returns the address that a genuine token names, `_FOREIGN` for any other token, None without one."""
    if not command.token:
        return None
    token = parse_token(command.token)
    if token is None or token.part >= 0 or token.execution_id != state.started.execution_id:
        return _FOREIGN
    return state.current_address(token.address) if is_genuine(token, state.started.seed) else _FOREIGN


def _duplicate_of(state: ExecutionState, command: Resume, named: str | None) -> SettledWait | None:
    if named is not None:
        settled = state.settled.get(named)
        return settled if settled is not None and settled.how == "RESUMED" else None
    if not state.last_released:
        return None
    last = state.settled[state.last_released]
    is_same = last.request == command.request
    return last if is_same and (not state.waits or command.at - last.on <= SAME_CALL) else None


def _find_decline(workflow: Workflow, state: ExecutionState, named: str | None) -> Declined | None:
    status = state.status
    if status in ("TERMINATED", "FAILED"):
        return _decline("TERMINATED" if status == "TERMINATED" else "FAILED", "not found")
    if named is None or named in state.waits:
        return None
    settled = state.settled.get(named)
    if settled is not None:
        return _decline("TIMED_OUT" if settled.how == "TIMED_OUT" else "NOT_WAITING", "not found")
    if named == _FOREIGN or state.closed is not None or not _is_future_visit(workflow, state, parse_address(named)):
        return _decline("NOT_WAITING", "not found")
    return None


def _is_future_visit(workflow: Workflow, state: ExecutionState, address: Address) -> bool:
    if address.scope and address.scope not in state.frames:
        return False  # the branch or iteration has ended
    return address.step in workflow.waiting_steps and state.next_visit(address.scope, address.step) == address


def _wait_for(state: ExecutionState, command: Resume, named: str | None) -> OpenWait | Declined | None:
    if named is not None:
        return state.waits.get(named)
    waits: Sequence[OpenWait] = sorted(state.waits.values(), key=lambda wait: wait.seq)
    if command.state:
        waits = [wait for wait in waits if wait.step == command.state]
        if not waits and state.waits:
            return _decline("NOT_WAITING", f"step '{command.state}' does not wait")
    if len(waits) > 1:
        steps = tuple(wait.step for wait in waits)
        return Declined(
            code="AMBIGUOUS",
            message=f"{len(waits)} waits are open; name one by its wait_token, or by ?state=STEP",
            states=steps,
        )
    return waits[0] if waits else None


def _release(workflow: Workflow, state: ExecutionState, command: Resume, wait: OpenWait, limits: Limits) -> Answer:
    step = workflow.steps[wait.step]
    if command.source not in wait.sources:
        return Answer(_decline("SOURCE_NOT_ACCEPTED", source_refusal(wait.sources, command.source)))
    if problems := payload_problems(step, wait.sources, command.source, command.payload):
        return Answer(Unfit(problems=problems))
    resumed = _resumed_event(state, command, step, wait)
    if reason := over_document(state, step.id, resumed.size, limits, wait.scope):
        return Answer(Unfit(problems=(Problem(path="/payload", message=reason),)))
    return Answer(Released(), (resumed, *close_cards(state, wait.address, "ANSWERED", resumed)))


def _resumed_event(state: ExecutionState, command: Resume, step: Step, wait: OpenWait) -> Resumed:
    recipients = recipients_of(state, wait.address)
    output = resume_output(step, command.payload, Caller(command.by, command.at, command.via), wait, recipients)
    return Resumed(
        at=command.at,
        by=command.by,
        via=command.via,
        **parse_address(wait.address).fields,
        source=command.source,
        branch=branch_of(step, command.payload),
        output=output,
        request=command.request,
        size=json_bytes(output),
        secret=step.output_secrets,
    )


def _buffer(workflow: Workflow, state: ExecutionState, command: Resume, wait: str) -> Answer:
    former = _earlier_buffered(workflow, state, wait)
    if former is not None:
        return Answer(AlreadyReleased(answered_by=former.by, answered_on=former.on))
    kept = ResumeBuffered(
        at=command.at,
        by=command.by,
        via=command.via,
        source=command.source,
        payload=command.payload,
        request=command.request,
        wait=wait,
        secret=("/payload",) if _is_secret(workflow, wait) else (),
    )
    return Answer(Released(buffered=True), (kept,))


def _earlier_buffered(workflow: Workflow, state: ExecutionState, wait: str) -> BufferedResume | None:
    """Returns the resume that is already kept for the same wait, or None.

    While no wait has opened, a resume of a workflow with one waiting step is for its first visit, whether it names the
    wait or not.
    """
    if not state.last_settled and len(workflow.waiting_steps) == 1:
        return next(iter(state.buffered.values()), None)
    return state.buffered.get(wait)


def _is_secret(workflow: Workflow, wait: str) -> bool:
    """Returns whether the wait that a resume is kept for marks its answer as secret; any wait, if none is named."""
    steps = (parse_address(wait).step,) if wait else workflow.waiting_steps
    return any(workflow.steps[step].output_secrets for step in steps)


def _already_released(state: ExecutionState, command: Resume, settled: SettledWait) -> Answer:
    reply = AlreadyReleased(answered_by=settled.by, answered_on=settled.on)
    if state.closed is not None or state.ignored >= _RECORDED_DUPLICATES:
        return Answer(reply)
    ignored = ResumeIgnored(at=command.at, by=command.by, via=command.via, reason="DUPLICATE", source=command.source)
    return Answer(reply, (ignored,))


def _decline(code: DeclineCode, message: str) -> Declined:
    return Declined(code=code, message=message)
