"""`wait`: a durable pause until a resume or a timeout; and the use of resumes that were buffered for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from looply.definition import ApprovalSettings, Step, WaitSettings
from looply.errors import Problem
from looply.execution.approvals.card_answers import card_output
from looply.execution.approvals.quorum import approval_output
from looply.execution.document.evaluation import StepError
from looply.execution.document.sizes import json_bytes, over_document
from looply.execution.facts.address import Address
from looply.execution.facts.events import Event, IgnoreReason, Resumed, ResumeIgnored, TimerStarted, WaitOpened
from looply.execution.facts.state import BufferedResume, CardAnswer, ExecutionState, OpenWait
from looply.execution.facts.values.card_copy import FallbackTerm
from looply.execution.steps.delay import instant_after
from looply.execution.steps.visit import Visit
from looply.expressions import Template
from looply.jsontext import Json

OUTCOMES: Final = ("approved", "rejected")
"""The outcomes that a resume of an approval may have."""


class Caller(NamedTuple):
    """The caller who releases a wait, with the instant and the channel."""

    user: str
    on: datetime
    via: str


def enter(visit: Visit) -> tuple[Event, ...]:
    """Opens the wait.

    A resume that was kept for it is applied at once, or becomes a dead letter when it is not valid for it.
    """
    settings = visit.step.settings
    assert isinstance(settings, WaitSettings)
    return open_wait(visit, settings.sources, settings.timeout)


def open_wait(
    visit: Visit,
    sources: tuple[str, ...],
    timeout: Template | None,
    count: int = 0,
    recipients: tuple[str, ...] = (),
    fallback: tuple[FallbackTerm, ...] = (),
) -> tuple[Event, ...]:
    """Returns the events that open a wait. `count` is the number of card answers that release it, 0 without cards."""
    due = instant_after(visit, timeout, "timeout") if timeout is not None else None
    opened = WaitOpened(**visit.common(), sources=sources, timeout_on=due, count=count, fallback=fallback)
    return begin_wait(visit, opened, recipients)


def begin_wait(visit: Visit, opened: WaitOpened, recipients: Sequence[str] = ()) -> tuple[Event, ...]:
    """Returns the events of a wait that opens: a resume that was kept for it is applied at once.

    Raises: StepError when too many waits are open.
    """
    if len(visit.state.waits) >= visit.limits.open_waits:
        message = (
            f"the execution has {len(visit.state.waits)} open waits; the limit open_waits is {visit.limits.open_waits}"
        )
        raise StepError(message, code="LIMIT")
    events: list[Event] = [opened]
    is_released = False
    for kept in _buffered_for(visit.state, visit.address):
        if is_released:
            events.append(_ignored_event(visit, kept, "UNUSED", "another resume had released the wait"))
            continue
        if problems := payload_problems(visit.step, opened.sources, kept.source, kept.payload):
            events.append(_ignored_event(visit, kept, "UNFIT", problems[0].message))
            continue
        resumed = _resumed_event(visit, kept, recipients)
        if reason := over_document(visit.state, opened.step, resumed.size, visit.limits, opened.scope):
            events.append(_ignored_event(visit, kept, "UNFIT", reason))
        else:
            events.append(resumed)
            is_released = True
    if opened.timeout_on is not None and not is_released:
        events.append(_timer(visit, opened.timeout_on))
    return tuple(events)


def payload_problems(
    step: Step, sources: tuple[str, ...], source: str, payload: dict[str, Json]
) -> tuple[Problem, ...]:
    """Returns why a payload is not valid for the wait; empty when it is."""
    if source not in sources:
        return (Problem(path="/payload/source", message=source_refusal(sources, source)),)
    if isinstance(step.settings, WaitSettings):
        return step.settings.problems_of(payload)
    if isinstance(step.settings, ApprovalSettings) and payload.get("outcome") not in OUTCOMES:
        return (Problem(path="/payload/outcome", message=f"an approval needs an outcome: {' or '.join(OUTCOMES)}"),)
    return ()


def source_refusal(sources: tuple[str, ...], source: str) -> str:
    """Returns the message for a resume from a source that the wait does not accept."""
    if not sources:
        return "only its recipients decide about this approval; its settings do not have `api: true`"
    return f"the wait takes {' or '.join(sources)}, not {source}"


def resume_output(
    step: Step, payload: dict[str, Json], by: Caller, wait: OpenWait | None, recipients: Sequence[str]
) -> Json:
    """Returns the output of a step whose wait a resume releases: the payload, or the answer of a card.

    On an approval the caller decides for all recipients, and the record says so.
    """
    if isinstance(step.settings, WaitSettings):
        return payload
    answers = wait.answers if wait is not None else ()
    user, on, via = by
    if isinstance(step.settings, ApprovalSettings):
        outcome, comment = str(payload["outcome"]), payload.get("comment")
        text = comment if isinstance(comment, str) else ""
        last = CardAnswer(part=-1, user=user, data=None, on=on, decision=outcome, comment=text, via=via)
        return approval_output(outcome, (*answers, last))
    data = {name: value for name, value in payload.items() if name != "source"}
    last = CardAnswer(part=-1, user=user, data=data, on=on)
    return card_output((*answers, last), recipients, str(payload.get("source", "")))


def _buffered_for(state: ExecutionState, address: Address) -> list[BufferedResume]:
    """Returns the resumes that were kept for the wait, the one that names it first."""
    return [state.buffered[key] for key in (address.text, "") if key in state.buffered]


def branch_of(step: Step, payload: dict[str, Json]) -> str:
    """Returns the exit that a valid resume takes: on an approval its outcome."""
    return str(payload["outcome"]) if isinstance(step.settings, ApprovalSettings) else "next"


def _resumed_event(visit: Visit, resume: BufferedResume, recipients: Sequence[str]) -> Resumed:
    by = Caller(resume.by, visit.state.now, "BUFFER")
    output = resume_output(visit.step, resume.payload, by, None, recipients)
    return Resumed(
        at=visit.state.now,
        by=resume.by,
        via="BUFFER",
        **visit.address.fields,
        source=resume.source,
        branch=branch_of(visit.step, resume.payload),
        output=output,
        request=resume.request,
        size=json_bytes(output),
        secret=visit.step.output_secrets,
    )


def _ignored_event(visit: Visit, resume: BufferedResume, reason: IgnoreReason, message: str) -> ResumeIgnored:
    return ResumeIgnored(
        at=visit.state.now,
        by=resume.by,
        reason=reason,
        source=resume.source,
        message=message,
        payload=resume.payload,
        secret=resume.secret,
        is_letter=True,
    )


def _timer(visit: Visit, due: datetime) -> TimerStarted:
    return TimerStarted(**visit.common(), kind="WAIT", due=due)
