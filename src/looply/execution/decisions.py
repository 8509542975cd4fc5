"""The record of decisions: who answered which card, how, when, by which channel. Read from the state, for all readers.

It is a part of the history and no table of its own: each answer is an event, so there is nothing that could differ.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from looply.definition import Workflow
from looply.execution.address import parse_address
from looply.execution.masking import MASK
from looply.execution.state import CardAnswer, ExecutionState, SettledWait


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. `revision` 0: it was given without a card, for everybody; `is_final`: it released the wait."""

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


def decisions_of(workflow: Workflow, state: ExecutionState, address: str = "") -> list[Decision]:
    """Returns the answers to the cards of one visit, or of all visits when `address` is empty, oldest first.

    What the step marks as secret is `***`.
    """
    found = [
        _decision(workflow, text, answer, is_final=_is_last(wait, answer))
        for text, wait in _waits(state)
        if address in ("", text)
        for answer in _answers(wait)
    ]
    return sorted(found, key=lambda decision: (decision.on, decision.scope, decision.step, decision.visit))


def action_of(answer: CardAnswer) -> str:
    """Returns in a word what an answer says: the decision of an approval, or the action of the button."""
    action = answer.data.get("action") if isinstance(answer.data, dict) else None
    return answer.decision or (action if isinstance(action, str) and len(action) <= _WORD_CHARACTERS else "")


_WORD_CHARACTERS = 100


def _waits(state: ExecutionState) -> Iterator[tuple[str, SettledWait]]:
    yield from state.settled.items()
    for text, wait in state.waits.items():
        # As it would be if it ended now: nobody has released it.
        yield text, SettledWait(how="CANCELLED", by="", on=state.now, answers=wait.answers)


def _answers(wait: SettledWait) -> Iterator[CardAnswer]:
    yield from wait.answers
    if wait.how == "RESUMED" and wait.outcome and not _is_by_card(wait):
        yield CardAnswer(part=-1, user=wait.by, data=None, on=wait.on, decision=wait.outcome, via=wait.via)


def _is_by_card(wait: SettledWait) -> bool:
    """Tells whether the last answer released the wait; a resume has a fingerprint."""
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
    )
