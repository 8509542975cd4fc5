"""Scenarios of approvals: decisions, substitutes, reminders and timeouts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from golden.scenarios.tools import PEOPLE, Simulator, started, step, token
from looply.execution.facts.absences import Absence
from looply.execution.facts.commands import AnswerCard, PassOnAbsent, ReassignCard, RemindCard, SkipStep
from looply.execution.facts.state import cards_of
from looply.execution.facts.values.actor import LINK, Actor
from looply.jsontext import Json

APPROVE: Final = {"action": "approve"}
REJECT: Final = {"action": "reject", "comment": "too dear"}
HOUR: Final = 3600.0


def _asked(**settings: Json) -> Simulator:
    ask = step("ask", "approval", {"recipients": list(PEOPLE), **settings})
    ends = [step(f"to_{exit_}", "redirect", {"target": "over"}) for exit_ in _EXITS]
    edges = "start>ask " + " ".join(f"ask:{exit_}>to_{exit_}" for exit_ in _EXITS)
    return started(ask, *ends, step("over", "terminate"), edges=edges, body={"po": "4500000101"})


_EXITS: Final = ("approved", "rejected", "timeout", "error")


def approval_by_two_of_three() -> Simulator:
    simulator = _asked(quorum=2, timeout="P3D", requester="${payload.output.po}")
    simulator.answer_card(token("ask", part=0), REJECT)
    for part in (2, 1, 0):
        simulator.answer_card(token("ask", part=part), APPROVE)
    return simulator


def approval_in_a_sequence() -> Simulator:
    simulator = _asked(order="sequence", quorum=1, reminders=["PT1H"], comment_required="reject")
    simulator.tick(HOUR)
    simulator.answer_card(token("ask", part=0), REJECT)
    simulator.tick(HOUR)
    simulator.answer_card(token("ask", part=1), REJECT)
    simulator.answer_card(token("ask", part=2), REJECT)
    return simulator


def approval_passed_on() -> Simulator:
    simulator = _asked(escalation=[{"after": "PT1H", "to": ["boss@example.com", PEOPLE[2]]}])
    first = cards_of(simulator.state, "ask:1")[0]
    passed = ReassignCard(
        at=simulator.now, by="operator", via="API", card_id=first.card_id, to="x@example.com", reason="on leave"
    )
    simulator.submit(passed)
    simulator.tick(HOUR)
    return simulator


def approval_reminded_by_an_operator() -> Simulator:
    simulator = _asked(timeout="P1D")
    first = cards_of(simulator.state, "ask:1")[0]
    simulator.submit(RemindCard(at=simulator.now, by="operator", via="API", card_id=first.card_id))
    return simulator


def approval_by_the_substitute_of_an_absent_person() -> Simulator:
    simulator = _asked(quorum=2)
    absence = Absence(
        person=PEOPLE[0],
        substitute="x@example.com",
        begins_on=simulator.now,
        ends_on=simulator.now + timedelta(days=7),
    )
    simulator.submit(PassOnAbsent(at=simulator.now, via="ABSENCE", absences=(absence,)))
    card = next(card for card in cards_of(simulator.state, "ask:1") if card.substitute_for)
    actor = Actor(kind="session", user_id="x", email="x@example.com")
    facts: dict[str, Any] = {"at": simulator.now, "via": "INBOX", "data": APPROVE}
    simulator.submit(AnswerCard(**facts, card_id=card.card_id, revision=1, actor=actor))
    simulator.submit(AnswerCard(**facts, token=token("ask", part=1), actor=LINK))
    return simulator


def approval_timed_out_after_an_answer() -> Simulator:
    simulator = _asked(timeout="PT1H")
    simulator.answer_card(token("ask", part=0), APPROVE)
    simulator.tick(HOUR)
    return simulator


def approval_decided_by_a_resume() -> Simulator:
    simulator = _asked(api=True)
    simulator.answer_card(token("ask", part=0), APPROVE)
    simulator.resume({"outcome": "rejected"})
    return simulator


def approval_overridden_by_an_operator() -> Simulator:
    simulator = _asked(quorum="any")
    simulator.answer_card(token("ask", part=0), REJECT)
    output = {"outcome": "approved", "decisions": []}
    skip = SkipStep(
        at=simulator.now,
        by="operator",
        via="API",
        reason="the board has decided",
        may_override=True,
        action="complete",
        branch="approved",
        output=output,
    )
    simulator.submit(skip)
    return simulator


def approval_with_a_calendar() -> Simulator:
    simulator = _asked(calendar="office", timeout="P1D")
    simulator.succeed({"office": {"timezone": "Europe/Berlin", "hours": {"tue": ["08:00-17:00"]}}})
    return simulator


def approval_of_nobody() -> Simulator:
    return _asked(recipients=[PEOPLE[0]], requester="${'A@example.com'}", self_approval=False)


def approval_with_secret_comments() -> Simulator:
    ask = {**step("ask", "approval", {"recipients": list(PEOPLE)}), "secret": ["/output/decisions"]}
    simulator = started(ask, edges="start>ask")
    for part in (0, 1, 2):
        simulator.answer_card(token("ask", part=part), {**APPROVE, "comment": f"secret {part}"})
    return simulator


APPROVALS: Final[tuple[Callable[[], Simulator], ...]] = (
    approval_by_two_of_three,
    approval_in_a_sequence,
    approval_passed_on,
    approval_reminded_by_an_operator,
    approval_by_the_substitute_of_an_absent_person,
    approval_timed_out_after_an_answer,
    approval_decided_by_a_resume,
    approval_overridden_by_an_operator,
    approval_with_a_calendar,
    approval_of_nobody,
    approval_with_secret_comments,
)
