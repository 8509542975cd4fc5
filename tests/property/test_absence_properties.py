"""Absences of any people, in any order between answers and escalations: every seat stays, each person votes once."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kit.execution.approvals import A, B, C, asked
from kit.execution.driver import Simulator
from looply.execution.approvals.turns import pending_cards
from looply.execution.facts.absences import Absence
from looply.execution.facts.commands import AnswerCard, PassOnAbsent, ReassignCard
from looply.execution.facts.state import OpenWait
from looply.execution.facts.values.actor import Actor
from looply.execution.facts.values.approval_terms import is_same_person

D, E = "d@example.com", "e@example.com"
EVERYBODY = st.sampled_from([A, B, C, D, E])
ABSENCES = st.lists(st.tuples(EVERYBODY, EVERYBODY), min_size=1, max_size=4)
ACTS = st.one_of(
    st.tuples(st.just("absent"), ABSENCES),
    st.tuples(st.just("answer"), st.tuples(st.integers(0, 4), st.sampled_from(["approve", "reject"]))),
    st.tuples(st.just("reassign"), st.tuples(st.integers(0, 4), EVERYBODY)),
    st.tuples(st.just("tick"), st.just(None)),
)


def perform(simulator: Simulator, wait: OpenWait, act: str, facts: Any) -> None:
    now, cards = simulator.now, pending_cards(simulator.state, wait)
    match act:
        case "absent":
            span: Any = {"begins_on": now, "ends_on": now + timedelta(days=1)}
            absences = tuple(Absence(person=one, substitute=other, **span) for one, other in facts)
            simulator.submit(PassOnAbsent(at=now, via="ABSENCE", absences=absences))
        case "answer":
            card = cards[facts[0] % len(cards)]
            actor = Actor(kind="session", user_id=card.recipient, email=card.recipient)
            data: Any = {"action": facts[1]}
            simulator.submit(AnswerCard(at=now, card_id=card.card_id, data=data, actor=actor))
        case "reassign":
            card = cards[facts[0] % len(cards)]
            simulator.submit(ReassignCard(at=now, by="operator", card_id=card.card_id, to=facts[1]))
        case _:
            simulator.tick(3600)


@given(
    st.lists(ACTS, max_size=12),
    st.sampled_from(["any", "all", 2]),
    st.sampled_from(["parallel", "sequence"]),
)
def test_every_seat_stays_and_each_person_votes_once(acts: list[tuple[str, Any]], quorum: Any, order: str) -> None:
    escalation = [{"after": "PT2H", "to": [D, E]}]
    simulator = asked(
        body={"who": E}, quorum=quorum, order=order, escalation=escalation, requester="${payload.output.who}"
    )
    for act, facts in acts:
        wait = simulator.state.waits.get("ask:1")
        if wait is None:
            break
        perform(simulator, wait, act, facts)
        now = simulator.state.waits.get("ask:1")
        if now is not None:
            check(simulator, now, order)
    simulator.crash()


def check(simulator: Simulator, wait: OpenWait, order: str) -> None:
    cards = pending_cards(simulator.state, wait)
    people = [card.recipient for card in cards] + [answer.user for answer in wait.answers]
    assert not [
        (one, other) for index, one in enumerate(people) for other in people[index + 1 :] if is_same_person(one, other)
    ]
    seats = sum(card.seats for card in cards) + sum(answer.seats for answer in wait.answers)
    assert seats == 3 if order == "parallel" else 1 <= seats <= 3
    assert not [card for card in cards if card.substitute_for and is_same_person(card.recipient, card.substitute_for)]
