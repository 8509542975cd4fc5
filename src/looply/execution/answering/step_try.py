"""One step that is tried: its visit on a sample of the data document, or on that of an execution. Pure.

The same functions evaluate it as in an execution, with the same limits. Nothing follows it, and nothing is stored.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import msgspec
from immutables import Map
from msgspec import UNSET
from msgspec.structs import replace

from looply.definition import ApprovalSettings, ForEachSettings, RedirectSettings, TerminateSettings, Workflow
from looply.definition.graph.model import Region as RegionOfStep
from looply.definition.schemas.schema import RESERVED_IDS
from looply.definition.values.pointer import split_pointer
from looply.execution.answering.attempts import answer_effect_done, answer_effect_failed
from looply.execution.document.evaluation import StepError, evaluation_for, step_fuel
from looply.execution.document.masking import mask_pointers, without_tokens, without_tokens_in
from looply.execution.document.overlays import with_output
from looply.execution.evolving.evolve import evolve
from looply.execution.facts.address import Address
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.execution.facts.events import (
    CardWanted,
    ChildStarted,
    Computed,
    Event,
    ExecutionStarted,
    ScopeOpened,
    StepFailed,
    StepScheduled,
    StepSucceeded,
    StepUnknown,
    TimerStarted,
    WaitOpened,
)
from looply.execution.facts.scopes import Frame, Region, scope_of
from looply.execution.facts.state import ExecutionState, OpenStep, Path
from looply.execution.steps import ENTRIES, Visit
from looply.execution.steps.approval import open_after_read
from looply.expressions import ExpressionError
from looply.instants import rfc3339
from looply.jsontext import Json
from looply.limits import Limits

Outcome: TypeAlias = Literal["DONE", "FAILED", "WAITS", "BEGINS", "NOT_SENT", "UNKNOWN"]

_MAX_INDEX: Final = 10_000


class TryFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a step failed; `status` is that of the other system, `kind` what it means, empty where there is none."""

    code: str
    message: str
    status: str = ""
    kind: str = ""


class TryOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a step did. Secrets in `input` and `output` are `***`.

    `scheduled` is the call that the step makes, with its input as it is sent; it must not be shown.
    """

    outcome: Outcome
    exit: str = ""
    input: Json = None
    output: Json = None
    failure: TryFailure | None = None
    scheduled: StepScheduled | None = None


class StepTry(msgspec.Struct, frozen=True, kw_only=True):
    """A visit that has begun. `state` is the one in which it begins."""

    visit: Visit
    state: ExecutionState
    outcome: TryOutcome

    @property
    def fuel(self) -> int:
        """The units of work that its expressions have used."""
        return self.visit.fuel.used


def state_on_sample(workflow: Workflow, started: ExecutionStarted, data: Mapping[str, Json]) -> ExecutionState:
    """Returns the state of an execution whose data document is a sample.

    What steps mark as secret in their outputs is secret here too. A member without `output` is no output of a step.
    """
    state = evolve(None, started)
    payload = data.get("payload")
    given = payload.get("output") if isinstance(payload, dict) else None
    if isinstance(given, dict):
        state = replace(state, payload={**state.payload, **given})
    for name, entry in data.items():
        if name in RESERVED_IDS or not isinstance(entry, dict) or "output" not in entry:
            continue
        step = workflow.steps.get(name)
        secrets = [(name, *split_pointer(pointer)) for pointer in step.output_secrets] if step is not None else []
        state = with_output(state, "", name, entry["output"], 0, secrets)
    return replace(state, error=data.get("error"))


def state_of_execution(state: ExecutionState, started: ExecutionStarted) -> ExecutionState:
    """Returns the data document of an execution in the state of a try, without anything that is open there."""
    begun = evolve(None, started)
    return replace(
        begun, payload=state.payload, outputs=state.outputs, error=state.error, secrets=state.secrets, cards=state.cards
    )


def begin_try(
    workflow: Workflow,
    state: ExecutionState,
    step_id: str,
    around: tuple[RegionOfStep, frozenset[str]],
    item: tuple[bool, Json, Json],
    limits: Limits,
) -> StepTry:
    """Returns the visit of a step, as far as it goes without the outcome of a call.

    `around` are the branches and bodies around it, and which of them are bodies; `item` says whether the sample has an
    item, and is the item and its index. Without it the first item of the body is taken, as its `forEach` computes it.
    """
    fuel = step_fuel(limits)
    step = replace(workflow.steps[step_id], retry=None)
    alone = replace(workflow, steps=MappingProxyType({**workflow.steps, step_id: step}))
    state, scope = _within(alone, state, around, item, limits)
    address = state.next_visit(scope, step_id)
    paths = {**state.paths_by_scope, scope: Path(scope=scope, step=step_id, visit=address.visit, phase="ENTER")}
    state = replace(state, paths_by_scope=paths)
    visit = Visit(alone, state, step, address, limits, fuel)
    return StepTry(visit=visit, state=state, outcome=_enter(visit))


def continue_try(tried: StepTry, command: EffectDone | EffectFailed) -> StepTry:
    """Returns the try after the outcome of its call."""
    visit, scheduled = tried.visit, tried.outcome.scheduled
    assert scheduled is not None
    state = evolve(tried.state, scheduled)
    opened = state.open_steps[visit.address.text]
    command = replace(command, address=visit.address.text, attempt=scheduled.attempt)
    if isinstance(command, EffectDone):
        if isinstance(visit.step.settings, ApprovalSettings):
            return replace(tried, outcome=_open_after_read(replace(visit, state=state), command))
        events = answer_effect_done(visit.workflow, state, command, visit.limits).events
    else:
        events = answer_effect_failed(visit.workflow, state, command).events
    outcome = replace(_read(visit, events), scheduled=None)
    return replace(tried, outcome=replace(outcome, input=_shown_input(scheduled, opened)))


def _enter(visit: Visit) -> TryOutcome:
    try:
        events = ENTRIES[visit.step.type](visit)
    except (ExpressionError, StepError) as error:
        events = (visit.failure_event(error),)
    return _read(visit, events)


def _open_after_read(visit: Visit, command: EffectDone) -> TryOutcome:
    try:
        return _read(visit, open_after_read(visit, command))
    except (ExpressionError, StepError) as error:
        return _read(visit, (visit.failure_event(error),))


def _read(visit: Visit, events: tuple[Event, ...]) -> TryOutcome:
    """Returns what the first events of a visit, or those of its outcome, say."""
    sent = next((event for event in events if isinstance(event, CardWanted)), None)
    found = [outcome for event in events if (outcome := _outcome_of(visit, event, sent)) is not None]
    return found[0] if found else TryOutcome(outcome="DONE")


def _outcome_of(visit: Visit, event: Event, sent: CardWanted | None) -> TryOutcome | None:
    """Returns what an event says of the visit, None for one beside it. `sent` is the card that the visit sends."""
    match event:
        case StepFailed():
            return _failed(visit, event)
        case StepUnknown():
            failure = TryFailure(code="OUTCOME_UNKNOWN", message=event.message or event.cause)
            return TryOutcome(outcome="UNKNOWN", failure=failure)
        case StepScheduled():
            return TryOutcome(outcome="NOT_SENT", input=_shown_input(event), scheduled=event)
        case StepSucceeded():
            output = mask_pointers(event.output, event.secret, "output")
            return TryOutcome(outcome="DONE", exit=event.branch, output=output)
        case Computed():
            output = mask_pointers(event.output, event.secret, "output")
            if sent is not None:
                return TryOutcome(outcome="NOT_SENT", exit=event.branch, input=_card(sent), output=output)
            ends = isinstance(visit.step.settings, RedirectSettings | TerminateSettings)
            exit_ = "" if ends else event.branch
            return TryOutcome(outcome="DONE", exit=exit_, input=event.input, output=output)
        case ChildStarted():
            return _child(event)
        case ScopeOpened():
            return _region(event)
        case TimerStarted(kind="DELAY"):
            return TryOutcome(outcome="WAITS", input={"until": rfc3339(event.due)})
        case WaitOpened():
            return TryOutcome(outcome="WAITS", input={**_card(sent), **_wait(event)})
        case _:
            return None


def _failed(visit: Visit, event: StepFailed) -> TryOutcome:
    failure = TryFailure(
        code=event.code,
        message=without_tokens(event.message),
        status=event.status,
        kind=event.far.kind if event.far is not None else "",
    )
    output = None if event.output is UNSET else mask_pointers(event.output, event.secret, "output")
    is_caught = visit.workflow.next(visit.step.id, "error") is not None
    return TryOutcome(outcome="FAILED", exit="error" if is_caught else "", output=output, failure=failure)


def _shown_input(event: StepScheduled, opened: OpenStep | None = None) -> Json:
    value = event.input if event.input is not UNSET else (opened.input if opened is not None else None)
    return without_tokens_in(mask_pointers(value, event.secret, "input"))


def _card(sent: CardWanted | None) -> dict[str, Json]:
    if sent is None:
        return {}
    recipients = [copy.recipient for copy in sent.copies]
    return {"recipients": recipients, "channel": sent.channel, "card": without_tokens_in(sent.body)}


def _wait(event: WaitOpened) -> dict[str, Json]:
    shown: dict[str, Json] = {"sources": list(event.sources)}
    if event.timeout_on is not None:
        shown["timeout_on"] = rfc3339(event.timeout_on)
    if event.count:
        shown["needed"] = event.count
    if event.approval is not None:
        terms = event.approval
        shown |= {"approvers": list(terms.recipients), "order": terms.order, "requester": terms.requester}
    return shown


def _child(event: ChildStarted) -> TryOutcome:
    shown = {
        "workflow_id": event.workflow_id,
        "version": event.version if event.version is not None else "latest",
        "payload": without_tokens_in(mask_pointers(event.input, event.secret, "input")),
    }
    return TryOutcome(outcome="WAITS" if event.is_awaited else "NOT_SENT", input=shown)


def _region(event: ScopeOpened) -> TryOutcome:
    if event.branches:
        return TryOutcome(outcome="BEGINS", input={"branches": list(event.branches)})
    items = mask_pointers(event.items, event.secret, "items")
    return TryOutcome(outcome="BEGINS", exit="each", input={"items": items, "concurrency": event.concurrency})


def _within(
    workflow: Workflow,
    state: ExecutionState,
    around: tuple[RegionOfStep, frozenset[str]],
    item: tuple[bool, Json, Json],
    limits: Limits,
) -> tuple[ExecutionState, str]:
    """Returns the state within the branches and bodies around a step, and the scope there."""
    region, bodies = around
    scope = ""
    innermost = max((number for number, (owner, _) in enumerate(region) if owner in bodies), default=-1)
    for number, (owner, branch) in enumerate(region):
        is_body = owner in bodies
        items: list[Json] = []
        index = 0
        if is_body:
            has_item, given, at = item if number == innermost else (False, None, None)
            index = at if has_item and isinstance(at, int) and 0 <= at < _MAX_INDEX else 0
            items = [*([None] * index), given] if has_item else _items(workflow, state, owner, scope, limits)
        name = str(index) if is_body else branch
        inner = scope_of(scope, owner, name)
        opened = Region(
            step=owner,
            visit=1,
            kind="forEach" if is_body else "parallel",
            branches=() if is_body else (branch,),
            items=items if is_body else None,
            begun=len(items) or 1,
            running=1,
        )
        frame = Frame(parent=scope, name=name, is_iteration=is_body, outputs=Map())
        owned = Path(scope=scope, step=owner, visit=1, phase="OPEN")
        state = replace(
            state,
            regions={**state.regions, scope: opened},
            frames={**state.frames, inner: frame},
            paths_by_scope={**state.paths_by_scope, scope: owned},
        )
        scope = inner
    return state, scope


def _items(workflow: Workflow, state: ExecutionState, owner: str, scope: str, limits: Limits) -> list[Json]:
    """Returns the first item of a body, null where its list cannot be computed or is empty."""
    step = workflow.steps.get(owner)
    if step is None or not isinstance(step.settings, ForEachSettings):
        return [None]
    evaluation = evaluation_for(workflow, state, Address(scope, owner, 1), limits, step_fuel(limits))
    try:
        found = step.settings.items.evaluate(evaluation)
    except ExpressionError:
        return [None]
    return found[:1] if isinstance(found, list) and found else [None]
