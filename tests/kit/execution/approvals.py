"""Executions that ask several people for an approval: how they are asked, what they answer, and what was decided."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from kit.execution.driver import EXECUTION_ID, SEED, Simulator
from kit.execution.workflows import step, workflow
from looply.execution.facts.address import Address, card_code, card_token, make_challenge
from looply.execution.facts.commands import AnswerCard, ReassignCard, Reply
from looply.execution.facts.state import Card, cards_of
from looply.limits import DEFAULT_LIMITS, Limits

PEOPLE = ["a@example.com", "b@example.com", "c@example.com"]
A, B, C = PEOPLE
BOSS = "boss@example.com"
DAY = timedelta(days=1).total_seconds()
EXITS = ("approved", "rejected", "timeout", "error")


def asked(
    *,
    recipients: Any = PEOPLE,
    body: Any = None,
    limits: Limits = DEFAULT_LIMITS,
    secret: Sequence[str] = (),
    **settings: Any,
) -> Simulator:
    """Starts an execution that asks for an approval; each exit leads to a step of its name."""
    ask = step("ask", "approval", {"recipients": recipients, **settings}, description="Release the order?")
    if secret:
        ask["secret"] = list(secret)
    ends = [step(f"to_{name}", "overridePayload", {"parameters": [{"name": "took", "value": name}]}) for name in EXITS]
    edges = "start>ask " + " ".join(f"ask:{name}>to_{name}" for name in EXITS)
    simulator = Simulator(workflow(ask, *ends, edges=edges), limits=limits)
    simulator.start(body)
    return simulator


def token(part: int, visit: int = 1) -> str:
    """Returns the token of the card of a part, in the order of recipients."""
    return card_token(EXECUTION_ID, SEED, Address("", "ask", visit), part)


def answer(
    simulator: Simulator, part: int, action: str = "approve", comment: str | None = None, **fields: Any
) -> Reply:
    """Answers the card of a part."""
    data = {"action": action} if comment is None else {"action": action, "comment": comment}
    return simulator.submit(AnswerCard(at=simulator.now, via="INBOX", token=token(part), data=data, **fields))


def code_of(simulator: Simulator, card_id: str, minutes: int = 10) -> tuple[str, str]:
    """Returns the challenge of a code that is asked for now, and the code that the recipient gets by mail."""
    challenge = make_challenge(SEED, card_id, simulator.now + timedelta(minutes=minutes), b"12345678")
    return challenge, card_code(SEED, card_id, challenge)


def open_recipients(simulator: Simulator) -> list[str]:
    """Returns who has an open card, in alphabetical order."""
    return sorted(card.recipient for card in simulator.work.cards.values())


def took(simulator: Simulator) -> Any:
    """Returns the name of the exit that was taken."""
    return simulator.state.payload.get("took")


def decided(simulator: Simulator) -> tuple[str, list[tuple[str, str]]]:
    """Returns the outcome of the approval, and who decided what."""
    output: Any = simulator.state.outputs["ask"]
    return output["outcome"], [(one["user"], one["action"]) for one in output["decisions"]]


def reassign(simulator: Simulator, card_id: str, to: str, reason: str = "on leave") -> Reply:
    """Passes a card on to another person."""
    return simulator.submit(
        ReassignCard(at=simulator.now, by="operator", via="API", card_id=card_id, to=to, reason=reason)
    )


def card_of(simulator: Simulator, recipient: str) -> Card:
    """Returns the last card of a recipient."""
    cards = cards_of(simulator.state, "ask:1")
    return next(card for card in reversed(cards) if card.recipient == recipient)
