"""The record of decisions: the answers to cards, with their users, times and channels.

Each answer is an event. `decisions_of` reads them from the state, while the execution is stored; `decisions_in` from
the events, each with its number, for the record that outlives the history.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from looply.definition import Workflow
from looply.execution.document.masking import MASK
from looply.execution.facts.address import parse_address
from looply.execution.facts.events import AnswerRecorded, DocumentEdited, Event, Migrated, Moved, Resumed, StepSkipped
from looply.execution.facts.state import CardAnswer, ExecutionState, Override, SettledWait
from looply.execution.facts.values.actor import Actor

Overriding: TypeAlias = StepSkipped | DocumentEdited | Moved | Migrated
"""Events of operators that may decide about approvals in the place of their approvers."""
_ANSWERS: Final = (AnswerRecorded, Resumed)
_DECIDING: Final = frozenset((*_ANSWERS, *get_args(Overriding)))

OVERRIDDEN = "overridden"
"""The action of an override: an operator chose the exit of the approval, or bypassed it."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. `revision` 0: it was given without a card, for all recipients; `is_final`: it released the wait.

    Of an override (`is_override`) `user` is the operator and `comment` the reason. `actor` says how the answer came,
    None where that is not recorded; `substitute_for` is the absent person for whom `user` decided.
    """

    step: str
    visit: int
    scope: str
    user: str
    action: str
    comment: str
    on: datetime
    via: str
    revision: int
    is_final: bool
    actor: Actor | None = None
    substitute_for: str = ""

    @property
    def is_override(self) -> bool:
        """Whether an operator decided in the place of the approvers; an answer to a card has its revision."""
        return self.action == OVERRIDDEN and not self.revision


def decisions_of(workflow: Workflow, state: ExecutionState, address: str = "") -> list[Decision]:
    """Returns the answers to the cards of one visit, or of all visits when `address` is empty, oldest first.

    Actions and comments are `***` where the step's output is secret.
    """
    found = [
        _decision(workflow, text, answer, is_final=_is_last(wait, answer))
        for text, wait in _waits(state)
        if address in ("", text)
        for answer in _answers(wait)
    ]
    if not address:
        found += [_override_entry(one) for one in state.overrides]
    return sorted(found, key=order_of)


def order_of(decision: Decision) -> tuple[datetime, str, str, int]:
    """Returns the sort key of a decision within its execution, oldest first."""
    return decision.on, decision.scope, decision.step, decision.visit


def decisions_in(workflow: Workflow, events: Iterable[tuple[int, Event]]) -> list[tuple[int, Decision]]:
    """Returns the answers among numbered events, each with the number of its event, in the order of the events.

    The events may be those of one unit: an answer and the release of its wait are always in the same unit. Actions and
    comments are `***` where the step's output is secret.
    """
    found: dict[int, Decision] = {}
    answered: dict[str, int] = {}
    for seq, event in events:
        if isinstance(event, AnswerRecorded):
            found[seq] = _decision(workflow, event.address.text, answer_of(event), is_final=False)
            answered[event.address.text] = seq
        elif isinstance(event, Resumed):
            own = answered.get(event.address.text)
            if own is not None and not event.request:
                found[own] = replace(found[own], is_final=True)
            elif event.branch != "next":
                given = CardAnswer(part=-1, user=event.by, data=None, on=event.at, decision=event.branch, via=event.via)
                found[seq] = _decision(workflow, event.address.text, given, is_final=True)
        elif isinstance(event, Overriding) and event.overrides:
            found[seq] = _override_entry(override_of(event))
    return list(found.items())


def is_decision(event: Event) -> bool:
    """Returns whether `decisions_in` needs the event."""
    if type(event) not in _DECIDING:
        return False
    return isinstance(event, _ANSWERS) or (isinstance(event, Overriding) and bool(event.overrides))


def override_of(event: Overriding) -> Override:
    """Returns the override that an event records."""
    return Override(
        steps=event.overrides,
        visit=event.visit if isinstance(event, StepSkipped) and event.step in event.overrides else 0,
        scope="" if isinstance(event, Migrated) else event.scope,
        by=event.by,
        on=event.at,
        via=event.via,
        reason=event.reason,
    )


def _override_entry(one: Override) -> Decision:
    return Decision(
        step=one.steps[0],
        visit=one.visit,
        scope=one.scope,
        user=one.by,
        action=OVERRIDDEN,
        comment=one.reason,
        on=one.on,
        via=one.via,
        revision=0,
        is_final=True,
    )


def answer_of(event: AnswerRecorded) -> CardAnswer:
    """Returns the answer that an event records."""
    return CardAnswer(
        part=event.part,
        user=event.user,
        data=event.data,
        on=event.at,
        decision=event.decision,
        comment=event.comment,
        revision=event.revision,
        seats=event.seats,
        via=event.via,
        actor=event.actor,
        substitute_for=event.substitute_for,
    )


def action_of(answer: CardAnswer) -> str:
    """Returns the decision of an approval, or the action of the button."""
    action = answer.data.get("action") if isinstance(answer.data, dict) else None
    return answer.decision or (action if isinstance(action, str) and len(action) <= _ACTION_CHARACTERS else "")


_ACTION_CHARACTERS = 100


def _waits(state: ExecutionState) -> Iterator[tuple[str, SettledWait]]:
    yield from state.settled.items()
    for text, wait in state.waits.items():
        # As if it were cancelled now: no answer has released it.
        yield text, wait.cancel("", state.now)


def _answers(wait: SettledWait) -> Iterator[CardAnswer]:
    yield from wait.answers
    if wait.how == "RESUMED" and wait.outcome and not _is_by_card(wait):
        yield CardAnswer(part=-1, user=wait.by, data=None, on=wait.on, decision=wait.outcome, via=wait.via)


def _is_by_card(wait: SettledWait) -> bool:
    """Returns whether the last answer released the wait; a resume has a fingerprint."""
    return bool(wait.answers) and not wait.request


def _is_last(wait: SettledWait, answer: CardAnswer) -> bool:
    if wait.how != "RESUMED":
        return False
    return answer.part < 0 or (_is_by_card(wait) and answer is wait.answers[-1])


def _decision(workflow: Workflow, text: str, answer: CardAnswer, *, is_final: bool) -> Decision:
    address = parse_address(text)
    step = workflow.steps.get(address.step)
    is_secret = step is not None and bool(step.output_secrets)
    action, comment = action_of(answer), answer.comment
    return Decision(
        step=address.step,
        visit=address.visit,
        scope=address.scope,
        user=answer.user,
        action=MASK if is_secret and action else action,
        comment=MASK if is_secret and comment else comment,
        on=answer.on,
        via=answer.via,
        revision=answer.revision,
        is_final=is_final,
        actor=answer.actor,
        substitute_for=answer.substitute_for,
    )
