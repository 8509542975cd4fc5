"""The reply to a recipient who answers a card: the first valid answers count, later ones get the former answer.

A copy for one person takes that person's answer only, where the channel says who it is. A copy in a conversation of
several people takes one answer, of those who may answer, and the record says whose it is.
"""

from typing import Final, Literal

from msgspec.structs import replace

from looply.definition import Step, Workflow
from looply.errors import Problem
from looply.execution.approvals.card_answers import card_output, validate_answer
from looply.execution.approvals.deciding import CARD_SOURCE, decide_on, self_approval_text
from looply.execution.approvals.decisions import action_of
from looply.execution.approvals.reassign import reassignment_text
from looply.execution.closing.close import close_cards
from looply.execution.document.sizes import json_bytes, over_document
from looply.execution.facts.address import (
    card_id,
    is_card_code,
    is_challenge_open,
    is_genuine,
    parse_address,
    parse_token,
)
from looply.execution.facts.commands import AlreadyAnswered, Answer, AnswerCard, Declined, Recorded, Unfit, UnknownToken
from looply.execution.facts.events import AnswerRecorded, Event, Resumed
from looply.execution.facts.state import Card, CardAnswer, ExecutionState, OpenWait, recipients_of
from looply.execution.facts.values.actor import Actor
from looply.execution.facts.values.approval_terms import is_same_person
from looply.execution.facts.values.card_copy import is_group
from looply.jsontext import Json
from looply.limits import Limits

_ENDS: Final = {
    "TIMED_OUT": "the time to answer is over; the card takes no more answers",
    "TERMINATED": "the workflow was terminated; the card takes no more answers",
    "DELETED": "the card was deleted and takes no more answers",
    "CANCELLED": "the answer is no longer needed; the card takes no more answers",
    "ENDED": "the workflow has ended; the card takes no more answers",
}


def find_card(state: ExecutionState, text: str) -> Card | None:
    """Returns the card copy that a token names, or None when the token is not genuine for this execution."""
    token = parse_token(text)
    if token is None or token.part < 0 or token.execution_id != state.started.execution_id:
        return None
    if not is_genuine(token, state.started.seed):
        return None
    return state.cards.get(card_id(token.execution_id, parse_address(token.address), token.part))


def former_answer(workflow: Workflow, state: ExecutionState, card: Card) -> AlreadyAnswered | None:
    """Returns the earlier answer to a card, by its recipient, else the one that released the wait; None without one.

    The decision is omitted where the step's output is secret.
    """
    former = _find_former(state, card)
    step = workflow.steps.get(parse_address(card.address).step)
    return replace(former, decision="") if former is not None and step is not None and step.output_secrets else former


def _find_former(state: ExecutionState, card: Card) -> AlreadyAnswered | None:
    settled, wait = state.settled.get(card.address), state.waits.get(card.address)
    answers = settled.answers if settled is not None else wait.answers if wait is not None else ()
    own = next((answer for answer in answers if answer.part == card.part), None)
    if own is not None:
        return _already_answered(own, action_of(own))
    if settled is None or settled.how != "RESUMED":
        return None
    last = answers[-1] if answers and answers[-1].on == settled.on and answers[-1].user == settled.by else None
    decision = settled.outcome or (action_of(last) if last is not None else "")
    if last is not None:
        return _already_answered(last, decision)
    return AlreadyAnswered(answered_by=settled.by, answered_on=settled.on, decision=decision)


def _already_answered(answer: CardAnswer, decision: str) -> AlreadyAnswered:
    return AlreadyAnswered(
        answered_by=answer.user,
        answered_on=answer.on,
        decision=decision,
        actor=answer.actor,
        substitute_for=answer.substitute_for,
    )


def open_wait_of(state: ExecutionState, card: Card) -> OpenWait | None:
    """Returns the wait that an answer to the card would count for, None when the card takes no more answers."""
    return state.waits.get(card.address) if card.status == "OPEN" else None


def open_status(state: ExecutionState) -> Literal["OPEN", "FROZEN"]:
    """Returns whether open cards and requests take answers now: not while an incident is open, until it is resolved."""
    return "FROZEN" if state.has_incident else "OPEN"


def why_closed(card: Card) -> str:
    """Returns a message that says why a card takes no more answers."""
    if card.status == "FALLBACK":
        return f"the request was sent to {card.recipient} by another channel: {card.note}"
    if card.is_passed_on:
        return reassignment_text(card)
    return _ENDS.get(card.status, "the card takes no more answers")


def answer_card(workflow: Workflow, state: ExecutionState, command: AnswerCard, limits: Limits) -> Answer:
    """Returns the reply to a recipient and its events."""
    card = _answered_card(state, command)
    if card is None:
        return Answer(UnknownToken())
    if (stranger := _refuse_stranger(card, command)) is not None:
        return Answer(stranger)
    if (former := former_answer(workflow, state, card)) is not None:
        return Answer(former)
    wait = open_wait_of(state, card)
    if wait is None:
        return Answer(Declined(code="CLOSED", message=why_closed(card)))
    if state.has_incident:
        return Answer(Declined(code="FAILED", message="the execution has failed; an operator must decide first"))
    if command.revision and command.revision != card.revision:
        message = f"the card has changed since it was shown (revision {command.revision}, now {card.revision})"
        return Answer(Declined(code="CARD_CHANGED", message=f"{message}; look at it again"))
    if (refused := _refuse_actor(wait, card, command)) is not None:
        return Answer(refused)
    if (unproved := _refuse_unproved(state.started.seed, card, command)) is not None:
        return Answer(unproved)
    checked = validate_answer(card.body, command.data)
    if isinstance(checked, tuple):
        return Answer(Unfit(problems=checked))
    command, step = replace(command, data=checked), workflow.steps[wait.step]
    if wait.approval is not None:
        return decide_on(state, replace(command, by=user_of(card, command.actor)), card, step, limits)
    last = CardAnswer(
        part=card.part,
        user=user_of(card, command.actor),
        data=command.data,
        on=command.at,
        actor=command.actor,
        substitute_for=card.substitute_for,
    )
    output = card_output((*wait.answers, last), recipients_of(state, card.address), CARD_SOURCE)
    if reason := over_document(state, wait.step, json_bytes(output), limits, wait.scope):
        return Answer(Unfit(problems=(Problem(path="/data", message=reason),)))
    return Answer(Recorded(), _record_answer(state, command, card, wait, output, step))


def _answered_card(state: ExecutionState, command: AnswerCard) -> Card | None:
    """Returns the card that a command answers: the one of its token, or one of the person who has signed in."""
    if not command.card_id:
        return find_card(state, command.token)
    card, email = state.cards.get(command.card_id), command.actor.email if command.actor is not None else ""
    return card if card is not None and is_same_person(card.recipient, email) else None


def user_of(card: Card, actor: Actor | None) -> str:
    """Returns whose answer it is: the recipient's, in a conversation of several people that of the one who answered."""
    return actor.shown if actor is not None and actor.shown and is_group(card.recipient) else card.recipient


def _refuse_stranger(card: Card, command: AnswerCard) -> Declined | None:
    """Returns why a person may not answer this copy, whatever its state is; None when they may, or it is not said."""
    actor = command.actor
    people = _addresses_of(command)
    if not is_group(card.recipient):
        if actor is None or actor.kind != "channel" or _is_among(card.recipient, people):
            return None
        return Declined(code="NOT_YOURS", message="this card is for another person; only that person can answer it")
    if not people:
        message = "this card is for several people, and its link does not say who you are; answer it where it was sent"
        return Declined(code="NOT_YOURS", message=message)
    if not card.may_answer or any(_is_among(person, people) for person in card.may_answer):
        return None
    return Declined(code="NOT_YOURS", message="you are not among the people who may answer this card")


def _refuse_unproved(seed: bytes, card: Card, command: AnswerCard) -> Declined | None:
    """Returns what a holder of a link lacks where the link alone is not enough; None when they may answer."""
    if card.confirm == "link" or (command.actor is not None and command.actor.is_identified):
        return None
    if card.confirm == "sign_in":
        message = "this request is answered by the recipient alone, who signs in first; the link decides nothing"
        return Declined(code="SIGN_IN_NEEDED", message=message)
    if not command.code:
        message = "this request needs the code that the recipient gets by mail; ask for it, and send it with the answer"
        return Declined(code="CODE_NEEDED", message=message)
    if not is_challenge_open(seed, card.card_id, command.challenge, command.at):
        return Declined(code="CODE_EXPIRED", message="the code is not valid any more; ask for a new one")
    if not is_card_code(seed, card.card_id, command.challenge, command.code):
        return Declined(code="CODE_WRONG", message="the code is wrong; look at the newest mail")
    return None


def _addresses_of(command: AnswerCard) -> tuple[str, ...]:
    """Returns what identifies the person who answers; nothing for a holder of a link."""
    actor = command.actor
    if actor is None or not actor.is_identified:
        return ()
    return tuple(address for address in (actor.user_id, actor.email, *command.addresses) if address)


def _is_among(person: str, people: tuple[str, ...]) -> bool:
    return any(is_same_person(person, one) for one in people)


def _refuse_actor(wait: OpenWait, card: Card, command: AnswerCard) -> Declined | None:
    """Returns why an identified person may not answer, whatever the card says of its recipient; else None."""
    actor = command.actor
    if actor is None or not actor.is_identified:
        return None
    terms = wait.approval
    if terms is not None and terms.barred and _is_among(terms.barred, _addresses_of(command)):
        return Declined(code="SELF_APPROVAL", message=self_approval_text(actor.shown))
    if any(_is_second_vote(wait, card, answer, command) for answer in wait.answers):
        message = f"{actor.shown} has answered this request already, with another card; each person answers once"
        return Declined(code="DECIDED_ALREADY", message=message)
    return None


def _is_second_vote(wait: OpenWait, card: Card, answer: CardAnswer, command: AnswerCard) -> bool:
    """Returns whether an earlier answer is by the same person, under any address of theirs.

    In a sequence a person may have decided for an earlier one by an escalation before their own turn came.
    """
    if _is_among(answer.user, _addresses_of(command)):
        terms = wait.approval
        return terms is None or terms.order != "sequence" or card.part >= len(terms.recipients)
    former, actor = answer.actor, command.actor
    if former is None or actor is None or not former.is_identified:
        return False
    return (former.kind, former.user_id) == (actor.kind, actor.user_id)


def _record_answer(
    state: ExecutionState, command: AnswerCard, card: Card, wait: OpenWait, output: Json, step: Step
) -> tuple[Event, ...]:
    address, user = parse_address(card.address), user_of(card, command.actor)
    recorded = AnswerRecorded(
        at=command.at,
        by=user,
        via=command.via,
        **address.fields,
        part=card.part,
        user=user,
        data=command.data,
        revision=card.revision,
        secret=("/data",) if step.output_secrets else (),
        actor=command.actor,
        substitute_for=card.substitute_for,
    )
    if len(wait.answers) + 1 < wait.count:
        return (recorded,)
    resumed = Resumed(
        at=command.at,
        by=user,
        via=command.via,
        **address.fields,
        source=CARD_SOURCE,
        output=output,
        size=json_bytes(output),
        secret=step.output_secrets,
    )
    return (recorded, resumed, *close_cards(state, card.address, "ANSWERED", resumed))
