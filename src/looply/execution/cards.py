"""The answer to a recipient who decides on a card: the first valid answers count, later ones are told who decided."""

from looply.definition import Step, Workflow
from looply.errors import Problem
from looply.execution.address import card_id, is_genuine, parse_address, parse_token
from looply.execution.closing import close_cards
from looply.execution.commands import AlreadyAnswered, Answer, AnswerCard, Declined, Recorded, Unfit, UnknownToken
from looply.execution.events import AnswerRecorded, Event, Resumed
from looply.execution.sizes import json_bytes, over_document
from looply.execution.state import Card, CardAnswer, ExecutionState, OpenWait, cards_of
from looply.execution.steps.wait import card_output
from looply.jsontext import Json
from looply.limits import Limits

CARD_SOURCE = "TEAMS"
"""The source that a card's answer counts as: the people's side, whatever the channel."""


def find_card(state: ExecutionState, text: str) -> Card | None:
    """Returns the card copy that a token names, or None when this execution never made the token."""
    token = parse_token(text)
    if token is None or token.part < 0 or token.execution_id != state.started.execution_id:
        return None
    if not is_genuine(token, state.started.seed):
        return None
    return state.cards.get(card_id(token.execution_id, parse_address(token.address), token.part))


def former_answer(state: ExecutionState, card: Card) -> AlreadyAnswered | None:
    """Returns who answered a card before: its own recipient, else who released the wait; None while nobody has."""
    settled, wait = state.settled.get(card.address), state.waits.get(card.address)
    answers = settled.answers if settled is not None else wait.answers if wait is not None else ()
    own = next((answer for answer in answers if answer.part == card.part), None)
    if own is not None:
        return AlreadyAnswered(answered_by=own.user, answered_on=own.on)
    if settled is not None and settled.how == "RESUMED":
        return AlreadyAnswered(answered_by=settled.by, answered_on=settled.on)
    return None


def open_wait_of(state: ExecutionState, card: Card) -> OpenWait | None:
    """Returns the wait that an answer to the card would count for, None when the card takes no more answers."""
    return state.waits.get(card.address) if card.wanted == "OPEN" else None


def answer_card(workflow: Workflow, state: ExecutionState, command: AnswerCard, limits: Limits) -> Answer:
    """Returns the reply to a recipient and the events of it."""
    card = find_card(state, command.token)
    if card is None:
        return Answer(UnknownToken())
    if (former := former_answer(state, card)) is not None:
        return Answer(former)
    wait = open_wait_of(state, card)
    if wait is None:
        return Answer(Declined(code="CLOSED", message="the card takes no more answers"))
    if state.is_frozen:
        return Answer(Declined(code="FAILED", message="the execution has failed; an operator must decide first"))
    last = CardAnswer(part=card.part, user=card.recipient, data=command.data, on=command.at)
    recipients = [copy.recipient for copy in cards_of(state, card.address)]
    output = card_output((*wait.answers, last), recipients, CARD_SOURCE)
    if reason := over_document(state, wait.step, json_bytes(output), limits, wait.scope):
        return Answer(Unfit(problems=(Problem(path="/data", message=reason),)))
    return Answer(Recorded(), _recorded(state, command, card, wait, output, workflow.steps[wait.step]))


def _recorded(
    state: ExecutionState, command: AnswerCard, card: Card, wait: OpenWait, output: Json, step: Step
) -> tuple[Event, ...]:
    address = parse_address(card.address)
    recorded = AnswerRecorded(
        at=command.at,
        by=card.recipient,
        via=command.via,
        **address.fields,
        part=card.part,
        user=card.recipient,
        data=command.data,
        secret=("/data",) if step.output_secrets else (),
    )
    if len(wait.answers) + 1 < wait.count:
        return (recorded,)
    resumed = Resumed(
        at=command.at,
        by=card.recipient,
        via=command.via,
        **address.fields,
        source=CARD_SOURCE,
        output=output,
        size=json_bytes(output),
        secret=step.output_secrets,
    )
    return (recorded, resumed, *close_cards(state, card.address, "ANSWERED", resumed))
