"""The outcome of an attempt: success, failure or unknown. The connector has judged the answer, where the call ran."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec.structs import replace

from looply.definition import ApprovalSettings, CallSettings, Step, Workflow, is_status, matches_status
from looply.execution.answering.target_waits import find_in_flight, park_again
from looply.execution.document.evaluation import StepError, step_fuel
from looply.execution.document.masking import MASK
from looply.execution.document.sizes import over_document
from looply.execution.facts.address import Address, parse_address
from looply.execution.facts.commands import Answer, Done, EffectDone, EffectFailed, EffectLost
from looply.execution.facts.events import Discarded, StepFailed, StepSucceeded, StepUnknown
from looply.execution.facts.state import ExecutionState, OpenStep
from looply.execution.facts.values.far import FarError, Verdict, shorten
from looply.execution.steps.approval import open_after_read
from looply.execution.steps.visit import Visit
from looply.expressions import ExpressionError
from looply.jsontext import Json, encode_json
from looply.limits import Limits

_CAUSES: Final[Mapping[str, Literal["TIMEOUT", "CONNECTION", "UNSETTLED"]]] = {
    "TIMEOUT": "TIMEOUT",
    "CONNECTION": "CONNECTION",
    "UNSETTLED": "UNSETTLED",
}
"""Code of a failure after which it may be unknown whether the call took effect -> the cause of that."""
_SHOWN_CHARACTERS = 500
"""The most characters of an answer that are quoted in the message of a failure."""


def answer_effect_done(workflow: Workflow, state: ExecutionState, command: EffectDone, limits: Limits) -> Answer:
    """Returns the events of an answered attempt: a success, or a failure by its verdict, status or size."""
    opened = find_in_flight(state, command.address, command.attempt)
    if opened is None:
        return _discard_late(command.address, command, command.output, "the step was no longer open")
    address = parse_address(command.address)
    step = workflow.steps[address.step]
    if isinstance(step.settings, ApprovalSettings):
        return _open_approval(workflow, state, command, limits)
    secret = _output_secrets(step, command.secret)
    if message := over_document(state, step.id, command.size, limits, address.scope):
        failed = StepFailed(
            at=command.at,
            **address.fields,
            attempt=command.attempt,
            code="DOCUMENT_TOO_LARGE",
            message=f"step '{step.id}': {message}",
        )
        return Answer(Done(), (failed,))
    if (judged := _answered_failure(step, opened, command, address)) is not None:
        if command.outage is not None and (judged.is_retriable or step.on_unknown == "retry"):
            return park_again(step, state, opened, command, command.outage)
        return Answer(Done(), (judged,))
    succeeded = StepSucceeded(
        at=command.at,
        **address.fields,
        attempt=command.attempt,
        output=command.output,
        size=command.size,
        secret=secret,
    )
    return Answer(Done(), (succeeded,), command.write)


def _open_approval(workflow: Workflow, state: ExecutionState, command: EffectDone, limits: Limits) -> Answer:
    """Returns the events that open an approval whose datastores have been read."""
    address = parse_address(command.address)
    if state.has_incident:
        # While an incident is open no card is sent; after it the datastore is read again.
        message = "an incident was open when the datastore had been read, so it will be read again"
        unknown = StepUnknown(at=command.at, **address.fields, attempt=command.attempt, cause="CRASH", message=message)
        return Answer(Done(), (unknown,))
    visit = Visit(workflow, state, workflow.steps[address.step], address, limits, step_fuel(limits))
    try:
        return Answer(Done(), open_after_read(visit, command))
    except (ExpressionError, StepError) as error:
        failed = replace(visit.failure_event(error), at=command.at, attempt=command.attempt)
        return Answer(Done(), (failed,))


def answer_effect_failed(workflow: Workflow, state: ExecutionState, command: EffectFailed) -> Answer:
    """Returns the events of a failed attempt; if the request was sent, the outcome may be unknown."""
    opened = find_in_flight(state, command.address, command.attempt)
    if opened is None:
        return _discard_late(command.address, command, {"code": command.code}, "the step was no longer open")
    address = parse_address(command.address)
    step = workflow.steps[address.step]
    cause = _CAUSES.get(command.code)
    # An attempt that was to find out and reached nothing leaves the outcome of the earlier one unknown.
    is_open = opened.is_unsettled or (command.was_sent and step.on_unknown != "retry")
    if opened.is_unsettled and opened.is_given_up and command.outage is not None and cause != "UNSETTLED":
        return park_again(step, state, opened, command, command.outage)
    if cause == "UNSETTLED" or (cause is not None and is_open):
        unknown = StepUnknown(
            at=command.at, **address.fields, attempt=command.attempt, cause=cause, message=command.message
        )
        return Answer(Done(), (unknown,))
    has_found_it_down = not command.was_sent and command.far is not None and command.far.kind == "down"
    if command.outage is not None and (command.is_transient or has_found_it_down):
        # It was not sent, or may be repeated: an attempt that only found the system down does not count.
        return park_again(step, state, opened, command, command.outage)
    took_effect = command.was_sent and command.status.startswith("2") and step.on_unknown != "retry"
    far, retry = command.far, step.retry
    is_named = retry is not None and far is not None and retry.names(far.kind)
    is_retriable = is_named or (
        retry is not None and command.is_transient and retry.matches(command.code, command.status)
    )
    failed = StepFailed(
        at=command.at,
        **address.fields,
        attempt=command.attempt,
        code=command.code,
        message=f"step '{step.id}': {command.message}{_effect_text(command, step) if took_effect else ''}",
        status=command.status,
        is_retriable=is_retriable and not took_effect,
        took_effect=took_effect,
        retry_after_seconds=command.retry_after_seconds,
        far=shorten(far) if far is not None else None,
    )
    return Answer(Done(), (failed,))


def _effect_text(command: EffectFailed, step: Step) -> str:
    """Returns what an operator must know of a call that succeeded, and whose answer could not be read."""
    retried = (
        "a retry first finds out what it made" if step.on_unknown == "ask" else "a retry of the step makes it again"
    )
    return (
        f". The call took effect: the other system answered {command.status}. Complete the step by hand with what it "
        f"made; {retried}"
    )


def answer_effect_lost(state: ExecutionState, command: EffectLost) -> Answer:
    """Returns the event of an attempt whose outcome is unknown, because its process died."""
    if find_in_flight(state, command.address, command.attempt) is None:
        return Answer(Done(is_late=True))
    address = parse_address(command.address)
    unknown = StepUnknown(
        at=command.at,
        **address.fields,
        attempt=command.attempt,
        cause="CRASH",
        ended_process=command.ended_process,
    )
    return Answer(Done(), (unknown,))


def _discard_late(address: str, command: EffectDone | EffectFailed, result: Json, reason: str) -> Answer:
    discarded = Discarded(
        at=command.at,
        **parse_address(address).fields,
        attempt=command.attempt,
        result=result,
        reason=reason,
        secret=("/result",) if isinstance(command, EffectDone) and command.secret else (),
    )
    return Answer(Done(is_late=True), (discarded,))


def _answered_failure(step: Step, opened: OpenStep, command: EffectDone, address: Address) -> StepFailed | None:
    """Returns the failure by the answer's verdict or status, or None when the answer is data.

    A status or kind that the retry policy names fails the attempt while attempts are left; after the last one the
    answer is data, unless `fail_on` names its status, or the connector judged it a failure and `ok_on` does not name
    it.
    """
    settings, verdict = step.settings, command.verdict
    if not isinstance(settings, CallSettings) or settings.fail_on is None or not isinstance(command.output, dict):
        return None
    status = command.output.get("status")
    if not is_status(status):
        status = ""
    failure = verdict.failure if verdict is not None and not matches_status(settings.ok_on, status) else ""
    has_attempts = step.retry is not None and opened.failures + 1 < step.retry.max_attempts
    is_retriable = has_attempts and _is_retried(step, status, verdict)
    if not is_retriable and not failure and not matches_status(settings.fail_on, status):
        return None
    is_hidden = bool(command.secret or step.output_secrets)
    return StepFailed(
        at=command.at,
        **address.fields,
        attempt=command.attempt,
        code=failure or "STATUS",
        message=f"step '{step.id}': the other system {_said(command, status, is_hidden=is_hidden)}",
        status=status,
        is_retriable=is_retriable,
        retry_after_seconds=verdict.retry_after_seconds if verdict is not None else 0,
        far=_shown_far(verdict, is_hidden=is_hidden),
        output=command.output,
        size=command.size,
        secret=_output_secrets(step, command.secret),
    )


def _is_retried(step: Step, status: str, verdict: Verdict | None) -> bool:
    retry = step.retry
    return retry is not None and (
        retry.matches("STATUS", status) or (verdict is not None and retry.names(verdict.far.kind))
    )


def _shown_far(verdict: Verdict | None, *, is_hidden: bool) -> FarError | None:
    """Returns what the other system said; only its kind where the answer has a secret, which the texts may quote."""
    if verdict is None:
        return None
    return FarError(kind=verdict.far.kind) if is_hidden else shorten(verdict.far)


def _said(command: EffectDone, status: str, *, is_hidden: bool) -> str:
    """Returns the answer in words, with what the system said, else an excerpt of its data."""
    text = str(command.output.get("statusText", ""))
    far = command.verdict.far.text if command.verdict is not None else ""
    shown = MASK if is_hidden else _cut(far) or _excerpt(command.output)
    return f"answered {status} {text}: {shown}" if status else f"answered: {shown}"


def _output_secrets(step: Step, pointers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*step.output_secrets, *pointers)))


def _excerpt(output: dict[str, Json]) -> str:
    data = output.get("data")
    return _cut(data if isinstance(data, str) else encode_json(data).decode())


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
