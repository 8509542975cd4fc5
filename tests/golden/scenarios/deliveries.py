"""Scenarios of cards on their way: what channels report, fallbacks, and answers in conversations of several people."""

from collections.abc import Callable
from typing import Any, Final, Literal

from golden.scenarios.tools import PEOPLE, Simulator, card, started, step, token
from kit.execution.approvals import code_of
from looply.execution.facts.commands import AnswerCard, CopyReported
from looply.execution.facts.state import cards_of
from looply.execution.facts.values.actor import LINK, Actor
from looply.jsontext import Json

FALLBACK: Final[Json] = [
    {"after": "PT15M", "channel": "email", "app": "mail"},
    {"after": "PT1H", "channel": "inbox", "when": "unanswered"},
]
QUARTER: Final = 900.0
APPROVE: Final = {"action": "approve"}
TEAM: Final = "teams:channel/19:purchasing@thread.tacv2"


def _asked(**settings: Json) -> Simulator:
    ask = step("ask", "approval", {"recipients": list(PEOPLE), "channel": "teams", **settings})
    return started(ask, step("over", "terminate"), edges="start>ask ask:approved>over")


def _report(simulator: Simulator, part: int, delivery: Literal["SHOWN", "BLOCKED", "FAILED"], code: str = "") -> None:
    sent = cards_of(simulator.state, "ask:1")[part]
    message = "the channel says so" if code else ""
    report = CopyReported(at=simulator.now, card_id=sent.card_id, state=delivery, code=code, message=message)
    simulator.submit(report)


def _answer_as(simulator: Simulator, part: int, user_id: str, email: str, *addresses: str, data: Any = None) -> None:
    answer = AnswerCard(
        at=simulator.now,
        via="TEAMS",
        token=token("ask", part=part),
        data=data or APPROVE,
        actor=Actor(kind="channel", user_id=user_id, email=email, name="A Person"),
        addresses=addresses,
    )
    simulator.submit(answer)


def approval_sent_by_other_channels() -> Simulator:
    simulator = _asked(fallback=FALLBACK, app="approvals", reminders=["PT30M"])
    _report(simulator, 0, "SHOWN")
    _report(simulator, 1, "BLOCKED", "BLOCKED_BY_USER")
    _report(simulator, 2, "FAILED", "TOO_LARGE")
    simulator.tick(QUARTER)  # two of three are sent by mail
    _report(simulator, 3, "SHOWN")
    _answer_as(simulator, 0, "one", PEOPLE[0])
    _answer_as(simulator, 3, "one", PEOPLE[0])  # not their card
    _answer_as(simulator, 3, "two", "b.person@example.com", PEOPLE[1])
    simulator.tick(3 * QUARTER)  # the third is in the inbox
    simulator.answer_card(token("ask", part=5), APPROVE)
    return simulator


def approval_blocked_after_its_fallback() -> Simulator:
    simulator = _asked(fallback=FALLBACK, recipients=[PEOPLE[0]])
    _report(simulator, 0, "SHOWN")
    simulator.tick(QUARTER)
    _report(simulator, 0, "BLOCKED", "BLOCKED_BY_USER")
    return simulator


def card_answered_in_a_conversation() -> Simulator:
    ask = card("ask", TEAM, wait={"for": "all"}, channel="teams", may_answer=list(PEOPLE))
    simulator = started(ask, edges="start>ask")
    _answer_as(simulator, 0, "stranger", "stranger@example.com", data={"n": 1})
    _answer_as(simulator, 0, "two", PEOPLE[1], data={"n": 2})
    _answer_as(simulator, 0, "three", PEOPLE[2], data={"n": 3})
    return simulator


def approval_confirmed_by_a_code() -> Simulator:
    simulator = _asked(recipients=[PEOPLE[0]], channel="email", confirm="code")
    simulator.submit(_by_link(simulator))  # the link alone is not enough
    simulator.submit(_by_link(simulator, with_code=True))
    return simulator


def approval_answered_after_signing_in() -> Simulator:
    simulator = _asked(recipients=[PEOPLE[0]], channel="email", confirm="sign_in")
    simulator.submit(_by_link(simulator, with_code=True))  # no link is enough
    (sent,) = cards_of(simulator.state, "ask:1")
    signed_in = Actor(kind="session", user_id="one", email=PEOPLE[0])
    simulator.submit(AnswerCard(at=simulator.now, via="INBOX", card_id=sent.card_id, data=APPROVE, actor=signed_in))
    return simulator


def _by_link(simulator: Simulator, *, with_code: bool = False) -> AnswerCard:
    (sent,) = cards_of(simulator.state, "ask:1")
    challenge, code = code_of(simulator, sent.card_id) if with_code else ("", "")
    facts: Any = {"token": token("ask", part=0), "challenge": challenge, "code": code}
    return AnswerCard(at=simulator.now, via="INBOX", data=APPROVE, actor=LINK, **facts)


DELIVERIES: Final[tuple[Callable[[], Simulator], ...]] = (
    approval_sent_by_other_channels,
    approval_blocked_after_its_fallback,
    card_answered_in_a_conversation,
    approval_confirmed_by_a_code,
    approval_answered_after_signing_in,
)
