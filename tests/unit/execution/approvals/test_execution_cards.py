"""`adaptiveCard`: recipients, the answers that count, and the closing of cards."""

import pytest

from kit.execution.driver import EXECUTION_ID, SEED, Simulator
from kit.execution.workflows import CARD, call, card, step, workflow
from looply.execution.approvals.cards import find_card
from looply.execution.facts.address import Address, card_token, wait_token
from looply.execution.facts.commands import AlreadyAnswered, Declined, Recorded, Released, Unfit, UnknownToken
from looply.execution.facts.events import AnswerRecorded, CardClosed, CardWanted, Resumed
from looply.execution.facts.state import open_cards
from looply.limits import Limits

PEOPLE = ("a@example.com", "b@example.com", "c@example.com")


def asked(wait, *others, edges="start>ask", recipients=PEOPLE, limits=Limits(), **more):  # noqa: B008  # frozen
    flow = workflow(card("ask", *recipients, wait=wait, **more), *others, edges=edges)
    simulator = Simulator(flow, limits=limits)
    simulator.start({"people": list(PEOPLE)})
    return simulator


def token(part, name="ask", visit=1, seed=SEED):
    return card_token(EXECUTION_ID, seed, Address("", name, visit), part)


def closings(simulator):
    return [event.reason for event in simulator.history if isinstance(event, CardClosed)]


def test_each_recipient_has_a_card_and_one_wait_is_open():
    simulator = asked({})
    cards = list(simulator.work.cards.values())
    assert [(one.recipient, one.part, one.body) for one in cards] == [(name, n, CARD) for n, name in enumerate(PEOPLE)]
    assert len({one.card_id for one in cards}) == 3
    assert simulator.state.status == "WAITING"


def test_the_first_answer_releases_the_wait_and_closes_all_cards():
    simulator = asked({})
    assert simulator.answer_card(token(1), {"action": "approve"}) == Recorded()
    output = simulator.state.outputs["ask"]
    assert output == {
        "response": {"user": "b@example.com", "data": {"action": "approve"}},
        "responses": [
            {"user": "b@example.com", "data": {"action": "approve"}, "answered_on": "2030-01-07T09:00:00.000Z"}
        ],
        "recipients": list(PEOPLE),
        "source": "TEAMS",
    }
    assert closings(simulator) == ["ANSWERED"]
    assert not simulator.work.cards
    assert simulator.state.status == "COMPLETED"


def test_later_answers_get_the_earlier_answer():
    simulator = asked({}, call("c"), edges="start>ask ask>c")
    first = simulator.now
    simulator.answer_card(token(1), {})
    simulator.tick(10)
    decided = AlreadyAnswered(answered_by="b@example.com", answered_on=first)
    assert simulator.answer_card(token(0), {}) == decided
    assert simulator.answer_card(token(1), {}) == decided
    simulator.terminate()
    assert simulator.answer_card(token(2), {}) == decided


def test_all_must_answer_and_the_last_one_releases():
    simulator = asked({"for": "all"})
    assert simulator.answer_card(token(2), {"n": 2}) == Recorded()
    mine = simulator.now
    simulator.tick(1)
    assert simulator.answer_card(token(2), {"n": 9}) == AlreadyAnswered(answered_by=PEOPLE[2], answered_on=mine)
    assert simulator.answer_card(token(0), {"n": 0}) == Recorded()
    assert simulator.state.status == "WAITING"
    assert len([event for event in simulator.history if isinstance(event, AnswerRecorded)]) == 2
    assert simulator.answer_card(token(1), {"n": 1}) == Recorded()
    output = simulator.state.outputs["ask"]
    assert [one["data"]["n"] for one in output["responses"]] == [2, 0, 1]
    assert output["response"]["user"] == PEOPLE[1]
    assert simulator.answer_card(token(2), {}) == AlreadyAnswered(answered_by=PEOPLE[2], answered_on=mine)


def test_a_number_of_answers_releases():
    simulator = asked({"for": 2})
    simulator.answer_card(token(0), {})
    assert simulator.state.status == "WAITING"
    simulator.answer_card(token(2), {})
    assert simulator.state.status == "COMPLETED"
    assert simulator.answer_card(token(1), {}).answered_by == PEOPLE[2]


def test_a_resume_releases_the_whole_wait_and_keeps_the_answers_given():
    simulator = asked({"for": "all"})
    simulator.answer_card(token(0), {"n": 0})
    assert simulator.resume({"action": "go"}, by="erp") == Released()
    output = simulator.state.outputs["ask"]
    assert output["response"] == {"user": "erp", "data": {"action": "go"}}
    assert [one["user"] for one in output["responses"]] == [PEOPLE[0], "erp"]
    assert output["source"] == "SAP"
    assert closings(simulator) == ["ANSWERED"]
    assert simulator.answer_card(token(0), {}).answered_by == PEOPLE[0]
    assert simulator.answer_card(token(1), {}).answered_by == "erp"


def test_a_kept_resume_releases_the_card_at_once_and_closes_it():
    flow = workflow(call("c"), card("ask", *PEOPLE, wait={"timeout": "PT1H"}), call("d"), edges="start>c c>ask ask>d")
    simulator = Simulator(flow)
    simulator.start()
    assert simulator.resume({"action": "go"}, by="erp") == Released(buffered=True)
    simulator.succeed()
    assert simulator.state.outputs["ask"]["response"] == {"user": "erp", "data": {"action": "go"}}
    assert simulator.state.outputs["ask"]["recipients"] == list(PEOPLE)
    assert not simulator.work.cards
    assert not simulator.work.timers
    assert closings(simulator) == ["ANSWERED"]
    assert simulator.state.current_state == "d"


def test_an_answer_that_comes_before_its_card_was_sent_is_unknown_and_not_kept():
    flow = workflow(call("c"), card("ask", *PEOPLE, wait={}), edges="start>c c>ask")
    simulator = Simulator(flow)
    simulator.start()
    before = simulator.state
    assert simulator.answer_card(token(1), {"action": "approve"}) == UnknownToken()
    assert simulator.state == before
    simulator.succeed()
    assert simulator.state.status == "WAITING"
    assert simulator.answer_card(token(1), {"action": "approve"}) == Recorded()


def test_an_answer_that_is_kept_until_others_come_is_checked_like_the_last_one():
    shown = {**CARD, "actions": [{"type": "Action.Submit", "data": {"action": "approve", "limit": 100}}]}
    simulator = asked({"for": 2}, card=shown)
    for part in (0, 1):
        before = simulator.state
        refused = simulator.answer_card(token(part), {"action": "approve", "limit": 999})
        assert isinstance(refused, Unfit)
        assert simulator.state == before
        assert simulator.answer_card(token(part), {"action": "approve"}) == Recorded()
    responses = simulator.state.outputs["ask"]["responses"]
    assert [one["data"] for one in responses] == [{"action": "approve", "limit": 100}] * 2


def test_after_the_timeout_the_cards_are_closed_and_the_exit_timeout_is_taken():
    simulator = asked({"for": "all", "timeout": "PT1H"}, call("late"), edges="start>ask ask:timeout>late")
    simulator.answer_card(token(0), {})
    simulator.tick(3600)
    assert simulator.state.current_state == "late"
    assert closings(simulator) == ["TIMED_OUT"]
    late = Declined(code="CLOSED", message="the time to answer is over; the card takes no more answers")
    assert simulator.answer_card(token(1), {}) == late
    assert isinstance(simulator.answer_card(token(0), {}), AlreadyAnswered)


def test_terminate_closes_the_cards():
    simulator = asked({})
    simulator.terminate()
    assert closings(simulator) == ["TERMINATED"]
    assert simulator.answer_card(token(0), {}).code == "CLOSED"


def test_a_failed_execution_takes_no_answer_and_keeps_its_cards():
    simulator = Simulator(workflow(card("ask", *PEOPLE, wait={}), edges="start>ask", settings={"timeout": "PT1H"}))
    simulator.start()
    simulator.tick(3600)
    assert simulator.answer_card(token(0), {}).code == "FAILED"
    assert len(simulator.work.cards) == 3


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        token(9),
        token(0, visit=2),
        token(0, name="other"),
        token(0, seed=bytes(16)),
        wait_token(EXECUTION_ID, SEED, Address("", "ask", 1)),
        card_token("01944ca1-1c00-7000-8000-000000000002", SEED, Address("", "ask", 1), 0),
    ],
)
def test_a_token_that_this_execution_never_made_is_unknown(text):
    simulator = asked({})
    before = list(simulator.history)
    assert simulator.answer_card(text, {}) == UnknownToken()
    assert find_card(simulator.state, text) is None
    assert simulator.history == before


def test_an_answer_that_would_make_the_document_too_large_is_unfit():
    simulator = asked({}, limits=Limits(document_bytes=500))
    assert isinstance(simulator.answer_card(token(0), {"text": "x" * 500}), Unfit)
    assert simulator.answer_card(token(0), {"text": "x"}) == Recorded()


def test_a_card_that_does_not_wait_continues_at_once_and_stays_open_until_the_end():
    simulator = asked(None, call("c"), edges="start>ask ask>c")
    assert simulator.state.current_state == "c"
    assert simulator.state.outputs["ask"] == {
        "response": None,
        "responses": [],
        "recipients": list(PEOPLE),
        "source": "",
    }
    assert len(open_cards(simulator.state)) == 3
    assert not simulator.work.cards  # it asks nothing, so that it is not listed as open
    assert simulator.answer_card(token(0), {}).code == "CLOSED"
    simulator.succeed()
    assert closings(simulator) == ["ENDED"]


def test_recipients_may_be_a_list_that_an_expression_gives():
    simulator = asked({}, recipients=("${payload.output.people}", " a@example.com "))
    assert [one.recipient for one in simulator.work.cards.values()] == list(PEOPLE)


def test_one_recipient_may_be_a_text():
    settings = {"recipients": "${payload.output}", "card": CARD, "wait": {}}
    simulator = Simulator(workflow(step("ask", "adaptiveCard", settings), edges="start>ask"))
    simulator.start()
    assert simulator.state.status == "FAILED"
    settings = {**settings, "recipients": "${first(payload.output.people)}"}
    simulator = Simulator(workflow(step("ask", "adaptiveCard", settings), edges="start>ask"))
    simulator.start({"people": list(PEOPLE)})
    assert [one.recipient for one in simulator.work.cards.values()] == [PEOPLE[0]]


@pytest.mark.parametrize(
    ("wait", "recipients", "code", "text"),
    [
        ({}, ["${payload.output.nobody}"], "BAD_INPUT", "not None"),
        ({}, ["${createArray()}"], "BAD_INPUT", "no recipients"),
        ({"for": "all"}, ["${createArray()}"], "BAD_INPUT", "no recipients"),
        (None, ["x" * 321], "BAD_INPUT", "320"),
        ({}, ["${' '}"], "BAD_INPUT", "texts of 1"),
        ({"for": 4}, ["${payload.output.people}"], "BAD_INPUT", "asks for 4 answers"),
        (None, [f"{n}@example.com" for n in range(101)], "LIMIT", "limit recipients is 100"),
    ],
)
def test_recipients_that_cannot_be_asked_fail_the_step(wait, recipients, code, text):
    simulator = asked(wait, recipients=recipients)
    (incident,) = simulator.state.incidents.values()
    assert incident.code == code
    assert text in incident.message
    assert not simulator.state.cards


def test_a_card_may_be_updated_and_deleted_later():
    changed = {"type": "AdaptiveCard", "version": "1.5", "fallbackText": "${payload.output.people[0]}"}
    flow = workflow(
        card("ask", *PEOPLE),
        step("change", "adaptiveCard", {"action": "update", "target": "ask", "card": changed}),
        call("c"),
        step("take", "adaptiveCard", {"action": "delete", "target": "ask"}),
        edges="start>ask ask>change change>c c>take",
    )
    simulator = Simulator(flow)
    simulator.start({"people": list(PEOPLE)})
    assert {one.revision for one in open_cards(simulator.state)} == {2}
    assert {one.body["fallbackText"] for one in open_cards(simulator.state)} == {PEOPLE[0]}
    sent = [event for event in simulator.history if isinstance(event, CardWanted)][-1]
    assert (sent.step, sent.target, sent.revision) == ("change", "ask", 2)
    simulator.succeed()
    assert closings(simulator) == ["DELETED"]
    assert {one.status for one in simulator.state.cards.values()} == {"DELETED"}


@pytest.mark.parametrize("settings", [{"action": "update", "card": CARD}, {"action": "delete"}])
def test_a_card_that_was_never_sent_cannot_be_changed(settings):
    flow = workflow(
        step("if", "conditional", {"rules": [{"variable": "${payload.output.no}", "operator": "IsPresent"}]}),
        card("ask", *PEOPLE),
        step("change", "adaptiveCard", {**settings, "target": "ask"}),
        edges="start>if if:yes>ask if:no>change ask>change",
    )
    simulator = Simulator(flow)
    simulator.start()
    (incident,) = simulator.state.incidents.values()
    assert incident.code == "BAD_INPUT"
    assert "'ask' has sent no card" in incident.message


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**CARD, "$when": "${false}"}, "BAD_INPUT"),
        ({**CARD, "$data": "${payload.output.people}"}, "BAD_INPUT"),
        ({**CARD, "body": [{"$data": "${payload.output.people}", "type": "TextBlock", "text": "x" * 500}]}, "LIMIT"),
    ],
)
def test_content_that_is_no_card_or_too_large_fails_the_step(body, code):
    simulator = asked({}, card=body, limits=Limits(body_bytes=1000))
    (incident,) = simulator.state.incidents.values()
    assert incident.code == code


def test_a_card_without_content_fails_the_step():
    settings = {"recipients": list(PEOPLE), "card_id": "card-1"}
    simulator = Simulator(workflow(step("ask", "adaptiveCard", settings), edges="start>ask"))
    simulator.start()
    (incident,) = simulator.state.incidents.values()
    assert "set its card" in incident.message


def test_a_card_in_a_loop_asks_again_with_new_tokens():
    simulator = asked({}, step("again", "redirect", {"target": "ask"}), edges="start>ask ask>again")
    simulator.answer_card(token(0), {})
    assert isinstance(simulator.answer_card(token(0), {}), AlreadyAnswered)
    assert simulator.answer_card(token(0, visit=2), {}) == Recorded()
    released = [event.address.text for event in simulator.history if isinstance(event, Resumed)]
    assert released == ["ask:1", "ask:2"]


def test_the_open_waits_of_an_execution_are_bounded():
    simulator = asked({}, limits=Limits(open_waits=0))
    (incident,) = simulator.state.incidents.values()
    assert "open_waits is 0" in incident.message


def test_the_wait_token_of_a_card_can_be_handed_on_in_the_card_itself():
    body = {**CARD, "fallbackText": "${waits.ask}"}
    simulator = asked({}, card=body)
    expected = wait_token(EXECUTION_ID, SEED, Address("", "ask", 1))
    assert {one.body["fallbackText"] for one in simulator.work.cards.values()} == {expected}
    assert simulator.resume(token=expected) == Released()


def test_an_answer_closes_the_cards_of_its_own_step_alone():
    flow = workflow(
        card("note", "x@example.com"), card("ask", *PEOPLE, wait={}), call("c"), edges="start>note note>ask ask>c"
    )
    simulator = Simulator(flow)
    simulator.start()
    simulator.answer_card(token(0), {})
    assert [one.address for one in open_cards(simulator.state)] == ["note:1"]


def test_a_recipient_with_a_line_break_fails_the_step():
    simulator = asked(None, recipients=("a@example.com\nBcc: b@example.com",))
    (incident,) = simulator.state.incidents.values()
    assert (incident.code, simulator.work.cards) == ("BAD_INPUT", {})
