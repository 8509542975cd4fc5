"""`approval`: recipients, the count of decisions, turns, reminders and comments."""

import pytest
from immutables import Map
from msgspec.structs import replace

from kit.execution.approvals import (
    BOSS,
    DAY,
    PEOPLE,
    A,
    B,
    C,
    answer,
    asked,
    card_of,
    decided,
    open_recipients,
    reassign,
    token,
    took,
)
from kit.execution.driver import Simulator
from looply.execution import answer as answer_command
from looply.execution.approvals.default_card import COMMENT_CHARACTERS
from looply.execution.approvals.turns import remind
from looply.execution.facts.commands import (
    AnswerCard,
    Declined,
    QuarantineExecution,
    Recorded,
    RemindCard,
    Reminded,
    Reply,
    Unfit,
    UnknownToken,
)
from looply.execution.facts.events import CardWanted, TimerFired


def test_all_recipients_must_approve_without_a_quorum():
    simulator = asked()
    for part in (2, 0):
        assert answer(simulator, part) == Recorded()
        assert simulator.state.status == "WAITING"
    answer(simulator, 1, comment="  fine ")
    assert took(simulator) == "approved"
    assert simulator.state.outputs["ask"]["decisions"][2] == {
        "user": B,
        "action": "approved",
        "comment": "fine",
        "at": "2030-01-07T09:00:00.000Z",
        "via": "INBOX",
        "card_revision": 1,
    }
    assert not simulator.work.cards


def test_the_approval_is_rejected_as_soon_as_the_quorum_cannot_be_met():
    simulator = asked(quorum=2)
    answer(simulator, 0, "reject")
    assert simulator.state.status == "WAITING"
    answer(simulator, 1, "reject")
    assert (took(simulator), decided(simulator)) == ("rejected", ("rejected", [(A, "rejected"), (B, "rejected")]))


def test_of_any_the_first_approval_decides_and_a_rejection_does_not():
    simulator = asked(quorum="any")
    answer(simulator, 0, "reject")
    assert simulator.state.status == "WAITING"
    answer(simulator, 1)
    assert took(simulator) == "approved"


def test_a_veto_decides_alone():
    simulator = asked(quorum="any", veto=True)
    answer(simulator, 0, "reject")
    assert took(simulator) == "rejected"


def test_in_a_sequence_one_is_asked_after_the_other():
    simulator = asked(order="sequence")
    assert open_recipients(simulator) == [A]
    for part, person in enumerate(PEOPLE):
        assert open_recipients(simulator) == [person]
        assert answer(simulator, part) == Recorded()
    assert took(simulator) == "approved"


def test_a_sequence_ends_with_the_first_rejection_when_all_must_approve():
    simulator = asked(order="sequence")
    answer(simulator, 0, "reject")
    assert took(simulator) == "rejected"
    assert len([event for event in simulator.history if isinstance(event, CardWanted)]) == 1


def test_a_sequence_continues_after_a_rejection_while_the_quorum_can_be_met():
    simulator = asked(order="sequence", quorum=1)
    answer(simulator, 0, "reject")
    answer(simulator, 1)
    assert decided(simulator) == ("approved", [(A, "rejected"), (B, "approved")])


def test_each_turn_of_a_sequence_has_reminders_of_its_own():
    simulator = asked(order="sequence", reminders=["P1D"])
    simulator.tick(DAY / 2)
    answer(simulator, 0)
    simulator.tick(DAY / 2)
    assert not [event for event in simulator.history if isinstance(event, TimerFired)]
    simulator.tick(DAY / 2)
    (reminder,) = [event for event in simulator.history if isinstance(event, CardWanted) and event.reminder]
    assert [copy.recipient for copy in reminder.copies] == [B]


def test_a_reminder_goes_to_those_who_have_not_decided_and_leaves_the_card_as_it_is():
    simulator = asked(reminders=["PT1H", "PT2H"])
    body = card_of(simulator, B).body
    answer(simulator, 0)
    simulator.tick(3600)
    card = card_of(simulator, B)
    assert (card.reminders, card.revision, card.body, card.status) == (1, 1, body, "OPEN")
    assert card_of(simulator, A).reminders == 0
    simulator.tick(3600)
    assert card_of(simulator, C).reminders == 2


def test_an_invalid_decision_is_refused_with_its_path():
    simulator = asked()
    for data in ({}, {"action": "maybe"}, {"action": 7}, {"action": "Approve"}):
        reply = simulator.answer_card(token(0), data)
        assert isinstance(reply, Unfit)
        assert reply.problems[0].path == "/data"


def test_a_card_of_ones_own_may_say_its_decision_in_other_letters_but_no_other_decision():
    said = [{"type": "Action.Submit", "title": word, "data": {"action": word}} for word in ("maybe", "Rejected")]
    simulator = asked(card={"type": "AdaptiveCard", "version": "1.5", "body": [], "actions": said}, quorum="all")
    (problem,) = answer(simulator, 0, "maybe").problems
    assert problem.path == "/data/action"
    assert "'maybe'" in problem.message
    answer(simulator, 0, "Rejected")
    assert took(simulator) == "rejected"


@pytest.mark.parametrize(
    ("rule", "action", "is_refused"),
    [("always", "approve", True), ("always", "reject", True), ("reject", "approve", False), ("reject", "reject", True)],
)
def test_a_comment_is_asked_for_where_it_is_required(rule, action, is_refused):
    simulator = asked(comment_required=rule)
    reply = answer(simulator, 0, action, comment="  ")
    assert isinstance(reply, Unfit) == is_refused
    if is_refused:
        assert reply.problems[0].path == "/data/comment"
        assert answer(simulator, 0, action, comment="because") == Recorded()


def test_a_comment_is_a_text_of_bounded_length():
    simulator = asked()
    for comment in (7, "x" * 4001):
        reply = simulator.answer_card(token(0), {"action": "approve", "comment": comment})
        assert isinstance(reply, Unfit)
        assert reply.problems[0].path == "/data/comment"


def test_a_card_is_not_passed_on_to_the_person_who_has_it():
    simulator = asked()
    refused = reassign(simulator, card_of(simulator, A).card_id, f" {A.upper()} ")
    assert isinstance(refused, Unfit)
    assert "has this card already" in refused.problems[0].message
    assert open_recipients(simulator) == [A, B, C]


def test_the_requester_is_not_asked_and_may_not_decide():
    simulator = asked(requester="${payload.output.by}", self_approval=False, body={"by": " B@Example.com"})
    assert open_recipients(simulator) == [A, C]
    refused = reassign(simulator, card_of(simulator, A).card_id, "b@example.com")
    assert isinstance(refused, Unfit)
    assert "may not decide" in refused.problems[0].message
    answer(simulator, 0)
    answer(simulator, 1)
    assert took(simulator) == "approved"


SPELLINGS = (
    "A@EXAMPLE.COM",
    " a@example.com ",
    "Ann <a@example.com>",
    "\N{FULLWIDTH LATIN SMALL LETTER A}@example.com",
    "a\N{ZERO WIDTH SPACE}@example.com",
    "a@example.com\N{SOFT HYPHEN}",
)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_however_often_a_person_is_named_they_have_one_seat(spelling):
    simulator = asked(recipients="${payload.output.people}", quorum=2, body={"people": [A, spelling, B]})
    assert open_recipients(simulator) == [A, B]
    assert answer(simulator, 0) == Recorded()
    assert took(simulator) is None
    assert answer(simulator, 1) == Recorded()
    assert took(simulator) == "approved"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_of_their_address_does_not_let_the_requester_decide(spelling):
    simulator = asked(recipients=[spelling, B], requester="${payload.output.by}", self_approval=False, body={"by": A})
    assert open_recipients(simulator) == [B]
    refused = reassign(simulator, card_of(simulator, B).card_id, spelling)
    assert isinstance(refused, Unfit)
    assert refused.problems[0].path == "/to"


def test_an_approval_without_recipients_fails_with_a_message():
    alone = asked(recipients=[A], requester="${payload.output.by}", self_approval=False, body={"by": A})
    assert (took(alone), alone.state.error["code"]) == ("error", "NO_APPROVER")
    unknown = asked(requester="${payload.output.by}", self_approval=False, body={})
    assert (unknown.state.error["code"], "self_approval" in unknown.state.error["message"]) == ("BAD_INPUT", True)
    few = asked(recipients="${payload.output.people}", quorum=3, body={"people": [A, B]})
    assert "the quorum is 3" in few.state.error["message"]


@pytest.mark.parametrize(
    ("kind", "comment", "message"),
    [
        ("Number", 5, "the comment must be a text"),
        ("Text", "x" * (COMMENT_CHARACTERS + 1), f"the comment has {COMMENT_CHARACTERS + 1} characters"),
    ],
)
def test_a_comment_is_a_text_of_bounded_length_whatever_the_input_of_the_card(kind, comment, message):
    submit = {"type": "Action.Submit", "title": "Approve", "data": {"action": "approve"}}
    body = [{"type": f"Input.{kind}", "id": "comment"}]
    simulator = asked(card={"type": "AdaptiveCard", "version": "1.5", "body": body, "actions": [submit]})
    reply = answer(simulator, 0, comment=comment)
    assert isinstance(reply, Unfit)
    assert (reply.problems[0].path, message in reply.problems[0].message) == ("/data/comment", True)


def test_without_a_requester_who_may_decide_the_approval_begins_all_the_same():
    assert len(open_recipients(asked(requester="${payload.output.who}", self_approval=True))) == 3


def test_a_calendar_without_a_name_fails_the_step():
    simulator = asked(calendar="${payload.output.none}")
    assert took(simulator) == "error"
    assert "calendar must be a text" in simulator.state.error["message"]


def test_a_requester_takes_over_no_decision_of_the_own_request():
    simulator = asked(
        requester="${payload.output.by}",
        body={"by": BOSS},
        self_approval=False,
        escalation=[{"after": "P1D", "to": BOSS}],
    )
    simulator.tick(DAY)
    assert open_recipients(simulator) == [A, B, C]


def test_a_card_of_the_requester_decides_nothing():
    simulator = asked(requester="${payload.output.by}", body={"by": BOSS}, self_approval=False)
    wait = simulator.state.waits["ask:1"]
    barred = replace(wait, approval=replace(wait.approval, barred=A))
    state = replace(simulator.state, waits={"ask:1": barred})
    command = AnswerCard(at=simulator.now, via="INBOX", token=token(0), data={"action": "approve"})
    reply = answer_command(simulator.workflow, state, command).reply
    assert (reply.code, A in reply.message) == ("SELF_APPROVAL", True)


def test_an_operator_reminds_of_one_card_and_later_reminders_have_greater_numbers():
    simulator = asked(reminders=["P1D"])
    card = card_of(simulator, B)
    assert remind_now(simulator, card.card_id) == Reminded(reminders=1)
    (event,) = [each for each in simulator.history if isinstance(each, CardWanted) and each.reminder]
    assert ([copy.recipient for copy in event.copies], event.by, event.body) == ([B], "operator", None)
    assert (card_of(simulator, B).reminders, card_of(simulator, C).reminders) == (1, 0)
    assert (card_of(simulator, B).body, card_of(simulator, B).revision) == (card.body, card.revision)
    simulator.tick(DAY)
    assert (card_of(simulator, B).reminders, card_of(simulator, C).reminders) == (2, 2)


def test_a_card_that_takes_no_answer_is_not_reminded_of():
    simulator = asked()
    assert remind_now(simulator, "unknown") == UnknownToken()
    answered = card_of(simulator, A).card_id
    answer(simulator, 0)
    refused = remind_now(simulator, answered)
    assert isinstance(refused, Declined)
    assert refused.code == "CLOSED"
    simulator.submit(QuarantineExecution(at=simulator.now, message="it ended the process"))
    refused = remind_now(simulator, card_of(simulator, B).card_id)
    assert isinstance(refused, Declined)
    assert refused.code == "FAILED"
    assert [event for event in simulator.history if isinstance(event, CardWanted) and event.reminder] == []


def remind_now(simulator: Simulator, card_id: str) -> Reply:
    return simulator.submit(RemindCard(at=simulator.now, by="operator", via="API", card_id=card_id))


def test_when_every_card_is_answered_no_reminder_goes_out():
    simulator = asked(reminders=["PT1H"])
    (timer,) = [timer for timer in simulator.state.timers.values() if timer.kind == "REMINDER"]
    answered = replace(simulator.state, cards=Map())
    cause = TimerFired(at=simulator.now, timer=timer.seq)
    assert remind(answered, timer, cause) == ()
