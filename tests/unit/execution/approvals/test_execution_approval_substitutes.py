"""`approval`: substitutes, other levels, and cards that an operator passes on."""

from datetime import timedelta

from kit.execution.approvals import BOSS, DAY, A, B, C, answer, asked, card_of, decided, open_recipients, reassign, took
from looply.execution.approvals.absent import has_new_cards
from looply.execution.facts.absences import Absence
from looply.execution.facts.commands import Declined, PassOnAbsent, Reassigned, Recorded, UnknownToken
from looply.execution.facts.events import AnswerRecorded, CardClosed


def test_a_substitute_takes_over_all_open_decisions_with_their_seats():
    simulator = asked(escalation=[{"after": "P2D", "to": BOSS}])
    answer(simulator, 0)
    simulator.tick(2 * DAY)
    assert open_recipients(simulator) == [BOSS]
    reply = answer(simulator, 1)
    assert isinstance(reply, Declined)
    assert (reply.code, BOSS in reply.message) == ("CLOSED", True)
    assert answer(simulator, 3) == Recorded()
    assert decided(simulator) == ("approved", [(A, "approved"), (BOSS, "approved")])
    recorded = [event for event in simulator.history if isinstance(event, AnswerRecorded)]
    assert [event.seats for event in recorded] == [1, 2]


def test_several_substitutes_share_the_open_decisions():
    simulator = asked(
        recipients=[A, B, C, "d@example.com"], escalation=[{"after": "P1D", "to": ["x@e.com", "y@e.com"]}]
    )
    simulator.tick(DAY)
    assert [(card.recipient, card.seats) for card in simulator.work.cards.values()] == [("x@e.com", 2), ("y@e.com", 2)]


def test_a_substitute_who_was_asked_anyway_keeps_one_card_that_counts_for_more():
    simulator = asked(escalation=[{"after": "P1D", "to": B}])
    simulator.tick(DAY)
    (card,) = simulator.work.cards.values()
    assert (card.recipient, card.part, card.seats, card.revision) == (B, 1, 3, 1)
    answer(simulator, 1)
    assert took(simulator) == "approved"


def test_who_has_decided_takes_nothing_over():
    simulator = asked(escalation=[{"after": "P1D", "to": A}])
    answer(simulator, 0)
    simulator.tick(DAY)
    assert open_recipients(simulator) == [B, C]


def test_a_second_level_takes_over_from_the_first():
    simulator = asked(recipients=[A], escalation=[{"after": "P1D", "to": B}, {"after": "P2D", "to": BOSS}])
    simulator.tick(DAY)
    assert open_recipients(simulator) == [B]
    simulator.tick(DAY)
    assert open_recipients(simulator) == [BOSS]
    assert "passed on to boss@example.com" in answer(simulator, 1).message
    answer(simulator, 2)
    assert took(simulator) == "approved"


def test_an_operator_passes_a_card_on_and_the_history_says_who_and_why():
    simulator = asked()
    former = card_of(simulator, A)
    reply = reassign(simulator, former.card_id, BOSS)
    assert isinstance(reply, Reassigned)
    assert reply.part == 3
    assert open_recipients(simulator) == [B, BOSS, C]
    closed = next(event for event in simulator.history if isinstance(event, CardClosed))
    assert (closed.by, closed.reason, closed.to, closed.note) == ("operator", "REASSIGNED", BOSS, "on leave")
    reply = answer(simulator, 0)
    assert reply == Declined(code="CLOSED", message="the request was passed on to boss@example.com: on leave")
    for part in (1, 2, 3):
        answer(simulator, part)
    assert decided(simulator) == ("approved", [(B, "approved"), (C, "approved"), (BOSS, "approved")])


def test_a_card_is_passed_on_only_while_it_is_open_and_to_a_person_without_one():
    simulator = asked()
    first, second = card_of(simulator, A).card_id, card_of(simulator, B).card_id
    assert "already" in reassign(simulator, first, B).problems[0].message
    answer(simulator, 1)
    assert "decided already" in reassign(simulator, first, B.upper()).problems[0].message
    assert isinstance(reassign(simulator, second, BOSS), Declined)
    assert reassign(simulator, "nothing", BOSS) == UnknownToken()


def test_in_a_sequence_a_card_is_not_passed_on_to_a_person_whose_turn_is_to_come():
    simulator = asked(order="sequence")
    refused = reassign(simulator, card_of(simulator, A).card_id, B)
    assert refused.problems[0].message == f"{B} is asked later by this step, and would decide twice"


def test_the_former_recipient_of_a_card_learns_who_decides_instead_of_an_absent_person():
    simulator = asked()
    absence = Absence(person=A, substitute=BOSS, begins_on=simulator.now, ends_on=simulator.now + timedelta(days=1))
    simulator.submit(PassOnAbsent(at=simulator.now, via="ABSENCE", absences=(absence,)))
    assert answer(simulator, 0).message == f"{A} is absent; {BOSS} decides instead"


def test_people_who_were_sent_cards_are_new_once():
    simulator = asked()
    assert has_new_cards(None, simulator.state)
    assert not has_new_cards(simulator.state, simulator.state)
    before = simulator.state
    reassign(simulator, card_of(simulator, A).card_id, BOSS)
    assert has_new_cards(before, simulator.state)
    for part in (1, 2, 3):
        answer(simulator, part)
    assert not has_new_cards(before, simulator.state)
