"""Who answered a card: a person who has signed in, or a holder of its link; each person decides once."""

from typing import Any

from kit.execution.approvals import A, B, C, answer, asked, card_of, decided, reassign, token
from kit.execution.driver import Simulator
from looply.execution.approvals.decisions import decisions_of
from looply.execution.facts.commands import AlreadyAnswered, AnswerCard, Declined, Recorded, Reply, UnknownToken
from looply.execution.facts.events import AnswerRecorded
from looply.execution.facts.values.actor import LINK, Actor


def session(email: str, user_id: str = "") -> Actor:
    return Actor(kind="session", user_id=user_id or f"user of {email}", email=email)


def sign(simulator: Simulator, card_id: str, actor: Actor | None, action: str = "approve", revision: int = 1) -> Reply:
    """Answers a card by its id, as a person who has signed in."""
    facts: Any = {"at": simulator.now, "via": "INBOX", "card_id": card_id, "revision": revision}
    return simulator.submit(AnswerCard(**facts, data={"action": action}, actor=actor))


def actors(simulator: Simulator) -> list[Actor | None]:
    return [event.actor for event in simulator.history if isinstance(event, AnswerRecorded)]


def test_an_answer_by_a_session_names_the_person_in_the_event_and_in_the_decision() -> None:
    simulator = asked(quorum="all")
    ann = session(A)
    assert sign(simulator, card_of(simulator, A).card_id, ann) == Recorded()
    assert actors(simulator) == [ann]
    (decision,) = decisions_of(simulator.workflow, simulator.state)
    assert (decision.user, decision.actor) == (A, ann)


def test_an_answer_by_a_link_says_so_and_names_no_person() -> None:
    simulator = asked(quorum="all")
    assert answer(simulator, 0, actor=LINK) == Recorded()
    (decision,) = decisions_of(simulator.workflow, simulator.state)
    assert (decision.actor, decision.user) == (LINK, A)


def test_the_loser_of_a_race_reads_how_the_winner_answered() -> None:
    simulator = asked(quorum="any")
    ann = session(A)
    sign(simulator, card_of(simulator, A).card_id, ann)
    late = answer(simulator, 1, "reject", actor=LINK)
    assert late == AlreadyAnswered(answered_by=A, answered_on=simulator.now, decision="approved", actor=ann)
    assert decided(simulator) == ("approved", [(A, "approved")])


def test_a_person_answers_their_own_cards_however_their_address_is_spelled_and_no_other() -> None:
    simulator = asked(recipients=["Ann <A@Example.com>", B], quorum="all")
    mine, theirs = card_of(simulator, "Ann <A@Example.com>").card_id, card_of(simulator, B).card_id
    assert sign(simulator, theirs, session(A)) == UnknownToken()
    assert sign(simulator, "no card", session(A)) == UnknownToken()
    assert sign(simulator, mine, session("a@example.com")) == Recorded()


def test_an_id_without_a_person_opens_no_card() -> None:
    simulator = asked()
    assert sign(simulator, card_of(simulator, A).card_id, None) == UnknownToken()
    assert sign(simulator, card_of(simulator, A).card_id, LINK) == UnknownToken()


def test_a_person_who_asks_for_an_approval_may_not_decide_by_another_seat() -> None:
    simulator = asked(recipients=[A, B], body={"who": C}, requester="${payload.output.who}", self_approval=False)
    refused = simulator.submit(
        AnswerCard(at=simulator.now, token=token(0), data={"action": "approve"}, actor=session(C))
    )
    assert isinstance(refused, Declined)
    assert refused.code == "SELF_APPROVAL"
    assert actors(simulator) == []


def test_a_person_who_has_decided_does_not_decide_again_by_another_seat() -> None:
    simulator = asked(quorum="all")
    assert sign(simulator, card_of(simulator, A).card_id, session(A, "user-1")) == Recorded()
    again = simulator.submit(
        AnswerCard(at=simulator.now, token=token(1), data={"action": "approve"}, actor=session(A, "user-1"))
    )
    assert isinstance(again, Declined)
    assert again.code == "DECIDED_ALREADY"


def test_a_person_who_decided_for_another_one_by_an_escalation_still_has_their_own_turn() -> None:
    simulator = asked(recipients=[A, B], order="sequence", quorum="all", escalation=[{"after": "PT1H", "to": [B]}])
    simulator.tick(3600)
    for _ in range(2):
        (card_id,) = simulator.work.cards
        assert sign(simulator, card_id, session(B)) == Recorded()
    assert decided(simulator) == ("approved", [(B, "approved"), (B, "approved")])


def test_an_escalation_to_those_who_have_the_cards_changes_nothing() -> None:
    simulator = asked(recipients=[A], escalation=[{"after": "PT1H", "to": [A]}])
    (before,) = simulator.work.cards
    simulator.tick(3600)
    assert list(simulator.work.cards) == [before]


def test_a_new_address_gives_a_person_no_second_vote() -> None:
    simulator = asked(quorum="all")
    assert sign(simulator, card_of(simulator, A).card_id, session(A, "user-1")) == Recorded()
    again = sign(simulator, card_of(simulator, B).card_id, session(B, "user-1"))
    assert isinstance(again, Declined)
    assert again.code == "DECIDED_ALREADY"
    assert sign(simulator, card_of(simulator, B).card_id, session(B, "user-2")) == Recorded()


def test_an_answer_on_an_older_revision_is_refused_before_anything_else_is_checked() -> None:
    simulator = asked()
    refused = sign(simulator, card_of(simulator, A).card_id, session(A), revision=7)
    assert isinstance(refused, Declined)
    assert refused.code == "CARD_CHANGED"


def test_the_former_recipient_of_a_card_that_was_passed_on_reads_where_it_is() -> None:
    simulator = asked(recipients=[A])
    card = card_of(simulator, A)
    reassign(simulator, card.card_id, C)
    late = sign(simulator, card.card_id, session(A))
    assert isinstance(late, Declined)
    assert (late.code, C in late.message) == ("CLOSED", True)
