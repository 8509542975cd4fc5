"""`approval`: timeouts, repeated and late answers, resumes, readings of datastores, incidents and ends."""

import pytest

from kit.execution.approvals import BOSS, DAY, A, B, answer, asked, card_of, decided, open_recipients, took
from kit.execution.driver import EXECUTION_ID, SEED, Simulator
from kit.execution.workflows import step, workflow
from looply.execution.facts.address import Address, wait_token
from looply.execution.facts.commands import AlreadyAnswered, Declined, Recorded, Released, Unfit
from looply.execution.facts.events import AnswerRecorded, IncidentClosed, IncidentOpened, ResumeIgnored, StepScheduled
from looply.limits import Limits


def test_after_the_timeout_the_output_shows_who_had_decided():
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
    assert simulator.resume({"outcome": "rejected", "comment": "released in SAP"}) == Released()
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
        assert simulator.resume(payload, token=token_) == Released(buffered=True)
        simulator.tick(3600)
        assert simulator.state.status == status
        unfit = [event.reason for event in simulator.history if isinstance(event, ResumeIgnored)]
        assert unfit == ([] if status == "COMPLETED" else ["UNFIT"])
        assert bool(simulator.work.timers) == (status == "WAITING")


def test_the_calendar_and_the_people_are_read_before_any_person_is_asked():
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
    assert facts == {"Requested by": r"45\*001", "Po": r"45\*001", "Lines": r"\[1,2\]", "Token": "hidden"}
    assert "required when you reject" in body["body"][2]["label"]
    assert [action["data"]["action"] for action in body["actions"]] == ["approve", "reject"]


def test_the_default_card_shows_no_secret():
    ask = step("ask", "approval", {"recipients": [A]})
    flow = workflow(ask, edges="start>ask")
    simulator = Simulator(flow)
    simulator.start({"pin": "1234", "po": "1"}, secret=("/output/pin",))
    facts = card_of(simulator, A).body["body"][1]["facts"]
    assert [fact["title"] for fact in facts] == ["Po"]


def test_terminate_closes_every_card_and_drops_every_timer():
    simulator = asked(timeout="P3D", reminders=["P1D"], escalation=[{"after": "P2D", "to": BOSS}])
    simulator.terminate()
    assert not simulator.work.timers
    assert not simulator.work.cards
    assert "terminated" in answer(simulator, 0).message


def test_a_duration_that_is_none_fails_the_step_before_any_person_is_asked():
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
