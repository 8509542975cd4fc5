"""`approval`: recipients, the count of decisions, reminders and escalations, and replies."""

from datetime import timedelta

import pytest

from kit.execution.driver import EXECUTION_ID, SEED, Simulator
from kit.execution.workflows import step, workflow
from looply.execution.facts.address import Address, card_token, wait_token
from looply.execution.facts.commands import (
    AlreadyAnswered,
    AnswerCard,
    Declined,
    ReassignCard,
    Reassigned,
    Recorded,
    Restarted,
    Unfit,
    UnknownToken,
)
from looply.execution.facts.events import (
    AnswerRecorded,
    CardClosed,
    CardWanted,
    IncidentClosed,
    IncidentOpened,
    ResumeIgnored,
    StepScheduled,
    TimerFired,
)
from looply.execution.facts.state import cards_of
from looply.limits import Limits

PEOPLE = ["a@example.com", "b@example.com", "c@example.com"]
A, B, C = PEOPLE
BOSS = "boss@example.com"
DAY = timedelta(days=1).total_seconds()


def asked(*, recipients=PEOPLE, body=None, limits=Limits(), secret=(), **settings):  # noqa: B008  # frozen
    """Starts an execution that asks for an approval; each exit leads to a step of its name."""
    ask = step("ask", "approval", {"recipients": recipients, **settings}, description="Release the order?")
    if secret:
        ask["secret"] = list(secret)
    ends = [step(f"to_{name}", "overridePayload", {"parameters": [{"name": "took", "value": name}]}) for name in EXITS]
    edges = "start>ask " + " ".join(f"ask:{name}>to_{name}" for name in EXITS)
    simulator = Simulator(workflow(ask, *ends, edges=edges), limits=limits)
    simulator.start(body)
    return simulator


EXITS = ("approved", "rejected", "timeout", "error")


def token(part, visit=1):
    return card_token(EXECUTION_ID, SEED, Address("", "ask", visit), part)


def answer(simulator, part, action="approve", comment=None, **fields):
    data = {"action": action} if comment is None else {"action": action, "comment": comment}
    return simulator.submit(AnswerCard(at=simulator.now, via="INBOX", token=token(part), data=data, **fields))


def open_recipients(simulator):
    return sorted(card.recipient for card in simulator.work.cards.values())


def took(simulator):
    return simulator.state.payload.get("took")


def decided(simulator):
    output = simulator.state.outputs["ask"]
    return output["outcome"], [(one["user"], one["action"]) for one in output["decisions"]]


def reassign(simulator, card_id, to, reason="on leave"):
    return simulator.submit(
        ReassignCard(at=simulator.now, by="operator", via="API", card_id=card_id, to=to, reason=reason)
    )


def card_of(simulator, recipient):
    cards = cards_of(simulator.state, "ask:1")
    return next(card for card in reversed(cards) if card.recipient == recipient)


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
    assert (card.reminders, card.revision, card.body, card.wanted) == (1, 1, body, "OPEN")
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


def test_after_the_timeout_the_output_tells_who_had_decided():
    simulator = asked(timeout="P3D")
    answer(simulator, 0)
    simulator.tick(3 * DAY)
    assert (took(simulator), decided(simulator)) == ("timeout", ("timeout", [(A, "approved")]))
    late = answer(simulator, 1)
    assert isinstance(late, Declined)
    assert "time to answer is over" in late.message


def test_later_answers_get_the_earlier_decision():
    simulator = asked(quorum="any")
    answer(simulator, 1)
    assert answer(simulator, 1, "reject") == AlreadyAnswered(
        answered_by=B, answered_on=simulator.now, decision="approved"
    )
    simulator.tick(5)
    assert answer(simulator, 0, "reject").decision == "approved"


def test_an_answer_on_an_older_card_is_refused_and_one_on_the_shown_card_counts():
    simulator = asked()
    reply = answer(simulator, 0, revision=7)
    assert isinstance(reply, Declined)
    assert reply.code == "CARD_CHANGED"
    assert answer(simulator, 0, revision=1) == Recorded()


def test_a_resume_decides_for_all_where_the_settings_say_so_and_the_record_says_so():
    simulator = asked(api=True)
    answer(simulator, 0)
    refused = simulator.resume({"outcome": "perhaps"})
    assert isinstance(refused, Unfit)
    assert refused.problems[0].path == "/payload/outcome"
    assert simulator.resume({"outcome": "rejected", "comment": "released in SAP"}) == Restarted()
    assert took(simulator) == "rejected"
    assert simulator.state.outputs["ask"]["decisions"][1] == {
        "user": "caller",
        "action": "rejected",
        "comment": "released in SAP",
        "at": "2030-01-07T09:00:00.000Z",
        "via": "",
        "card_revision": None,
    }
    assert answer(simulator, 2) == AlreadyAnswered(answered_by="caller", answered_on=simulator.now, decision="rejected")


def test_a_resume_that_came_before_decides_at_once():
    token_ = wait_token(EXECUTION_ID, SEED, Address("", "ask", 1))
    ask = step("ask", "approval", {"recipients": [A], "api": True, "timeout": "P1D", "reminders": ["PT1H"]})
    for payload, status in (({"outcome": "approved"}, "COMPLETED"), ({"outcome": "so so"}, "WAITING"), ({}, "WAITING")):
        simulator = Simulator(workflow(step("d", "delay", {"for": "PT1H"}), ask, edges="start>d d>ask"))
        simulator.start()
        assert simulator.resume(payload, token=token_) == Restarted(buffered=True)
        simulator.tick(3600)
        assert simulator.state.status == status
        unfit = [event.reason for event in simulator.history if isinstance(event, ResumeIgnored)]
        assert unfit == ([] if status == "COMPLETED" else ["UNFIT"])
        assert bool(simulator.work.timers) == (status == "WAITING")


def test_the_calendar_and_the_people_are_read_before_anybody_is_asked():
    calendar = {"timezone": "Europe/Berlin", "hours": {day: ["09:00-17:00"] for day in ("mon", "tue", "wed")}}
    simulator = asked(
        recipients={"datastore": "people-${payload.output.plant}", "path": "/approvers/0"},
        calendar="working-time",
        reminders=["PT9H"],
        timeout="P3D",
        body={"plant": "1000"},
    )
    (scheduled,) = [event for event in simulator.history if isinstance(event, StepScheduled)]
    assert (scheduled.operation, scheduled.input) == ("datastore.read", {"names": ["people-1000", "working-time"]})
    simulator.tick(60)
    simulator.succeed({"people-1000": {"approvers": [[A, B]]}, "working-time": calendar})
    assert open_recipients(simulator) == [A, B]
    due = sorted((timer.kind, timer.due.isoformat()) for timer in simulator.work.timers.values())
    # Monday 10:01 in Berlin: nine hours of work end on Tuesday, three working days on the next Monday.
    assert due == [("REMINDER", "2030-01-08T10:01:00+00:00"), ("WAIT", "2030-01-14T09:01:00+00:00")]


@pytest.mark.parametrize(
    ("stored", "code", "word"),
    [
        ({"people": None, "cal": {}}, "NOT_FOUND", "no datastore 'people'"),
        ({"people": {"x": []}, "cal": {}}, "NOT_FOUND", "nothing at 'list'"),
        ({"people": {"list": [A]}, "cal": None}, "NOT_FOUND", "no datastore 'cal'"),
        ({"people": {"list": [A]}, "cal": {"hours": {"mon": ["9-5"]}}}, "CALENDAR", "08:00-17:00"),
        ({"people": {"list": [3]}, "cal": {}}, "BAD_INPUT", "recipients must be texts"),
    ],
)
def test_missing_datastore_values_fail_the_step_with_a_message(stored, code, word):
    simulator = asked(recipients={"datastore": "people", "path": "list"}, calendar="cal")
    simulator.succeed(stored)
    assert took(simulator) == "error"
    assert simulator.state.error["code"] == code
    assert word in simulator.state.error["message"]


def test_a_reading_that_was_lost_is_made_again():
    simulator = asked(calendar="cal")
    simulator.lose()
    assert len(simulator.effects) == 1
    simulator.terminate()
    assert simulator.state.status == "TERMINATED"


def test_without_a_card_one_is_made_of_description_and_payload():
    simulator = asked(
        body={"po": "45*001", "lines": [1, 2], "token": "hidden"},
        requester="${payload.output.po}",
        comment_required="reject",
    )
    body = card_of(simulator, A).body
    assert body["body"][0]["text"] == "Release the order?"
    facts = {fact["title"]: fact["value"] for fact in body["body"][1]["facts"]}
    assert facts == {"Requested by": r"45\*001", "po": r"45\*001", "lines": r"\[1,2\]", "token": "hidden"}
    assert "required when you reject" in body["body"][2]["label"]
    assert [action["data"]["action"] for action in body["actions"]] == ["approve", "reject"]


def test_the_default_card_shows_no_secret():
    ask = step("ask", "approval", {"recipients": [A]})
    flow = workflow(ask, edges="start>ask")
    simulator = Simulator(flow)
    simulator.start({"pin": "1234", "po": "1"}, secret=("/output/pin",))
    facts = card_of(simulator, A).body["body"][1]["facts"]
    assert [fact["title"] for fact in facts] == ["po"]


def test_terminate_closes_every_card_and_drops_every_timer():
    simulator = asked(timeout="P3D", reminders=["P1D"], escalation=[{"after": "P2D", "to": BOSS}])
    simulator.terminate()
    assert not simulator.work.timers
    assert not simulator.work.cards
    assert "terminated" in answer(simulator, 0).message


def test_a_duration_that_is_none_fails_the_step_before_anybody_is_asked():
    for settings in ({"reminders": ["${payload.output.x}"]}, {"escalation": [{"after": "${'soon'}", "to": BOSS}]}):
        simulator = asked(order="sequence", body={"x": "P"}, **settings)
        assert took(simulator) == "error"
        assert simulator.state.error["code"] == "BAD_INPUT"
        assert not simulator.state.cards


def test_a_frozen_approval_takes_no_answer_and_no_timer():
    simulator = asked(reminders=["PT1H"])
    simulator.history.append(
        IncidentOpened(at=simulator.now, incident_id="i", kind="POISON", code="POISONED", message="it", step="")
    )
    simulator.crash()
    assert answer(simulator, 0).code == "FAILED"
    assert simulator.tick(3600) == []


def test_an_answer_that_does_not_fit_into_the_document_is_refused():
    simulator = asked(limits=Limits(document_bytes=300))
    reply = answer(simulator, 0, comment="x" * 400)
    assert isinstance(reply, Unfit)
    assert reply.problems[0].path == "/data"


def test_secret_comments_are_masked():
    simulator = asked(quorum="any", secret=["/output/decisions/0/comment"])
    answer(simulator, 0, comment="between us")
    (recorded,) = [event for event in simulator.history if isinstance(event, AnswerRecorded)]
    assert recorded.secret == ("/data", "/comment")
    assert answer(simulator, 1).decision == ""


def test_no_card_is_sent_while_an_incident_is_open_and_the_datastore_is_read_again_after_it():
    simulator = asked(calendar="cal")
    simulator.history.append(
        IncidentOpened(at=simulator.now, incident_id="i", kind="POISON", code="POISONED", message="it", step="")
    )
    simulator.crash()
    simulator.succeed({"cal": {"hours": {"mon": ["08:00-17:00"]}}})
    assert not simulator.state.cards
    simulator.history.append(IncidentClosed(at=simulator.now, incident_id="i", action="retry"))
    simulator.crash()
    assert simulator.work.continues
