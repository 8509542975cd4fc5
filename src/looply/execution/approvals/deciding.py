"""The reply to a decision on an approval's card: it is read, validated and counted, and may decide the approval."""

from typing import Final

from looply.definition import Step
from looply.errors import Problem
from looply.execution.approvals.default_card import COMMENT_CHARACTERS
from looply.execution.approvals.quorum import approval_output, verdict
from looply.execution.approvals.turns import next_turn
from looply.execution.closing.close import close_cards
from looply.execution.document.sizes import json_bytes, over_document
from looply.execution.facts.address import parse_address
from looply.execution.facts.commands import Answer, AnswerCard, Declined, Recorded, Unfit
from looply.execution.facts.events import AnswerRecorded, Resumed
from looply.execution.facts.state import Card, CardAnswer, ExecutionState
from looply.execution.facts.values.approval_terms import ApprovalTerms, Decision, is_same_person
from looply.jsontext import Json
from looply.limits import Limits

_DECISIONS: Final[dict[str, Decision]] = {
    "approve": "approved",
    "approved": "approved",
    "reject": "rejected",
    "rejected": "rejected",
}
_NAMES: Final = ("action", "outcome", "verb")


CARD_SOURCE: Final = "TEAMS"
"""The `source` in the output of an answer to a card, whatever the channel is. Histories contain it and workflows
compare it, so it stays the name of the first channel."""


def decide_on(state: ExecutionState, command: AnswerCard, card: Card, step: Step, limits: Limits) -> Answer:
    """Returns the reply to a decision of `command.by` on an open card of an approval, and its events."""
    wait = state.waits[card.address]
    terms = wait.approval
    assert terms is not None
    if terms.barred and is_same_person(card.recipient, terms.barred):
        return Answer(Declined(code="SELF_APPROVAL", message=self_approval_text(card.recipient)))
    decision, comment, problems = _read(command.data, terms)
    if decision is None or problems:
        return Answer(Unfit(problems=problems))
    given = CardAnswer(
        part=card.part,
        user=command.by,
        data=command.data,
        on=command.at,
        decision=decision,
        comment=comment,
        revision=card.revision,
        seats=card.seats,
        via=command.via,
        actor=command.actor,
        substitute_for=card.substitute_for,
    )
    answers = (*wait.answers, given)
    outcome = verdict(terms, answers)
    output = approval_output(outcome or "", answers)
    if reason := over_document(state, wait.step, json_bytes(output), limits, wait.scope):
        return Answer(Unfit(problems=(Problem(path="/data", message=reason),)))
    recorded = _recorded_event(command, card, given, step)
    if outcome is None:
        turn = next_turn(state, wait, recorded) if terms.order == "sequence" else ()
        return Answer(Recorded(), (recorded, *turn))
    resumed = _resumed_event(command, card, step, outcome, output)
    return Answer(Recorded(), (recorded, resumed, *close_cards(state, wait.address, "ANSWERED", resumed)))


def self_approval_text(person: str) -> str:
    """Returns the message for the requester of an approval, who may not decide about it."""
    return f"{person} asks for this approval and may not decide about it"


def _read(data: dict[str, Json], terms: ApprovalTerms) -> tuple[Decision | None, str, tuple[Problem, ...]]:
    action = next((data[name] for name in _NAMES if name in data), None)
    decision = _DECISIONS.get(action.casefold()) if isinstance(action, str) else None
    if decision is None:
        shown = f", not {action!r}" if isinstance(action, str) and len(action) <= 60 else ""
        return None, "", (Problem(path="/data/action", message=f"the answer must be approve or reject{shown}"),)
    comment = data.get("comment")
    if comment is not None and not isinstance(comment, str):
        return decision, "", (Problem(path="/data/comment", message="the comment must be a text"),)
    text = (comment or "").strip()
    if len(text) > COMMENT_CHARACTERS:
        message = f"the comment has {len(text)} characters; at most {COMMENT_CHARACTERS} are kept"
        return decision, "", (Problem(path="/data/comment", message=message),)
    rule = terms.comment_required
    if not text and (rule == "always" or (rule == "reject" and decision == "rejected")):
        what = "to reject" if rule == "reject" else "with every decision"
        return decision, "", (Problem(path="/data/comment", message=f"A comment is required {what}."),)
    return decision, text, ()


def _recorded_event(command: AnswerCard, card: Card, answer: CardAnswer, step: Step) -> AnswerRecorded:
    return AnswerRecorded(
        at=command.at,
        by=command.by,
        via=command.via,
        **parse_address(card.address).fields,
        part=card.part,
        user=command.by,
        data=command.data,
        decision="approved" if answer.decision == "approved" else "rejected",
        comment=answer.comment,
        revision=answer.revision,
        seats=answer.seats,
        secret=("/data", "/comment") if step.output_secrets else (),
        actor=answer.actor,
        substitute_for=answer.substitute_for,
    )


def _resumed_event(command: AnswerCard, card: Card, step: Step, outcome: Decision, output: Json) -> Resumed:
    return Resumed(
        at=command.at,
        by=command.by,
        via=command.via,
        **parse_address(card.address).fields,
        source=CARD_SOURCE,
        branch=outcome,
        output=output,
        size=json_bytes(output),
        secret=step.output_secrets,
    )
