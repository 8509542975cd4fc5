"""The rules of `resumeWorkflow`, in their documented order."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from kit.execution.driver import EXECUTION_ID, SEED, Simulator
from kit.execution.workflows import call, card, step, workflow
from looply.execution import answer
from looply.execution.facts.address import Address, card_token, wait_token
from looply.execution.facts.commands import AlreadyReleased, Declined, Released, Resume, Unfit
from looply.execution.facts.events import ResumeBuffered, Resumed, ResumeIgnored, WaitOpened
from looply.limits import Limits

TWO_WAITS = workflow(step("a", "wait"), call("between"), step("b", "wait"), edges="start>a a>between between>b")
ONE_WAIT = workflow(step("a", "wait"), edges="start>a")
CALL_THEN_WAIT = workflow(call("c"), step("a", "wait"), edges="start>c c>a")
TIMED = workflow(step("a", "wait", {"timeout": "PT1H"}), call("c"), edges="start>a a>c a:timeout>c")


def started(flow=ONE_WAIT, **options):
    simulator = Simulator(flow, **options)
    simulator.start()
    return simulator


def token(name, visit=1):
    return wait_token(EXECUTION_ID, SEED, Address("", name, visit))


def kinds(simulator):
    return [type(event).__name__ for event in simulator.history]


def test_the_first_resume_releases_the_wait():
    simulator = started()
    assert simulator.state.status == "WAITING"
    assert simulator.state.current_state == "wait_for_response_state"
    assert simulator.resume({"ok": True}) == Released()
    assert simulator.state.outputs["a"] == {"source": "SAP", "ok": True}
    assert simulator.state.status == "COMPLETED"


def test_a_token_of_a_released_wait_is_already_restarted_in_every_status():
    simulator = started(TWO_WAITS)
    first = simulator.now
    simulator.resume({"n": 1}, token=token("a"), by="first")
    expected = AlreadyReleased(answered_by="first", answered_on=first)
    assert simulator.resume({"n": 2}, token=token("a")) == expected
    simulator.succeed()
    assert simulator.resume({"n": 2}, token=token("a")) == expected
    assert list(simulator.state.waits) == ["b:1"]
    simulator.terminate()
    assert simulator.resume({"n": 2}, token=token("a")) == expected


def test_the_same_body_is_the_same_call_for_a_minute_while_another_wait_is_open():
    simulator = started(workflow(step("a", "wait"), step("b", "wait"), edges="start>a a>b"))
    simulator.resume({"n": 1}, by="first")
    simulator.tick(60)
    assert isinstance(simulator.resume({"n": 1}), AlreadyReleased)
    assert list(simulator.state.waits) == ["b:1"]
    simulator.tick(0.001)
    assert simulator.resume({"n": 1}) == Released()


def test_the_same_body_is_the_same_call_at_any_time_when_no_wait_is_open():
    simulator = started()
    simulator.resume({"n": 1})
    simulator.tick(1_000_000)
    assert isinstance(simulator.resume({"n": 1}), AlreadyReleased)
    simulator = started(TWO_WAITS)
    simulator.resume({"n": 1})
    simulator.terminate()
    assert isinstance(simulator.resume({"n": 1}), AlreadyReleased)
    assert simulator.resume({"n": 2}) == Declined(code="TERMINATED", message="not found")


def test_another_body_within_the_minute_answers_the_next_wait():
    simulator = started(workflow(step("a", "wait"), step("b", "wait"), edges="start>a a>b"))
    simulator.resume({"n": 1})
    assert simulator.resume({"n": 2}) == Released()
    assert simulator.state.status == "COMPLETED"


def test_a_terminated_execution_is_not_found():
    simulator = started()
    simulator.terminate()
    before = list(simulator.history)
    assert simulator.resume() == Declined(code="TERMINATED", message="not found")
    assert simulator.resume(token=token("a")) == Declined(code="TERMINATED", message="not found")
    assert simulator.history == before


def test_a_failed_execution_is_not_found_and_keeps_its_wait():
    simulator = started(workflow(step("a", "wait"), edges="start>a", settings={"timeout": "PT1H"}))
    simulator.tick(3600)
    assert simulator.state.status == "FAILED"
    assert simulator.resume(token=token("a")) == Declined(code="FAILED", message="not found")
    assert list(simulator.state.waits) == ["a:1"]


def test_a_step_that_ends_as_failed_is_not_found_either():
    flow = workflow(
        step("if", "conditional", {"rules": [{"variable": "${payload.output.no}", "operator": "IsPresent"}]}),
        step("a", "wait"),
        step("t", "terminate", {"status": "FAILED"}),
        edges="start>if if:yes>a if:no>t",
    )
    simulator = started(flow)
    assert simulator.resume() == Declined(code="FAILED", message="not found")


def test_a_released_wait_takes_its_timer_along():
    simulator = started(TIMED)
    assert len(simulator.work.timers) == 1
    simulator.resume()
    assert not simulator.work.timers
    assert simulator.tick(7200) == []


def test_a_token_of_a_wait_that_timed_out_says_so():
    simulator = started(TIMED)
    simulator.tick(3600)
    assert simulator.resume(token=token("a")) == Declined(code="TIMED_OUT", message="not found")


def test_without_a_token_a_wait_that_timed_out_last_says_so():
    simulator = started(TIMED)
    simulator.tick(3600)
    assert simulator.resume().code == "TIMED_OUT"
    simulator.succeed()
    assert simulator.state.status == "COMPLETED"
    assert simulator.resume().code == "TIMED_OUT"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "not a token",
        "ü" * 60,
        token("nothing"),
        token("a", 3),
        wait_token(EXECUTION_ID, bytes(16), Address("", "a", 1)),
        wait_token("01944ca1-1c00-7000-8000-000000000002", SEED, Address("", "a", 1)),
        card_token(EXECUTION_ID, SEED, Address("", "a", 1), 0),
    ],
)
def test_a_token_of_no_wait_is_not_waiting(text):
    simulator = started()
    if text:
        assert simulator.resume(token=text) == Declined(code="NOT_WAITING", message="not found")
        assert list(simulator.state.waits) == ["a:1"]
    simulator.terminate()
    assert simulator.resume(token=text).code == "TERMINATED"


def test_a_token_of_a_wait_that_was_never_reached_is_not_waiting_after_the_end():
    flow = workflow(
        step("if", "conditional", {"rules": [{"variable": "${payload.output.no}", "operator": "IsPresent"}]}),
        step("a", "wait"),
        edges="start>if if:yes>a",
    )
    simulator = started(flow)
    assert simulator.state.status == "COMPLETED"
    assert simulator.resume(token=token("a")) == Declined(code="NOT_WAITING", message="not found")
    assert simulator.resume() == Declined(code="COMPLETED", message="not found")


def test_a_source_that_the_wait_does_not_take_is_declined():
    simulator = started(workflow(step("a", "wait", {"sources": ["TEAMS"]}), edges="start>a"))
    assert simulator.resume() == Declined(code="SOURCE_NOT_ACCEPTED", message="the wait takes TEAMS, not SAP")
    assert simulator.resume(token=token("a")).code == "SOURCE_NOT_ACCEPTED"
    assert simulator.resume(source="TEAMS") == Released()


def test_a_payload_that_does_not_fit_the_schema_is_unfit():
    schema = {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}}
    simulator = started(workflow(step("a", "wait", {"schema": schema}), edges="start>a"))
    reply = simulator.resume({"amount": "many"})
    assert isinstance(reply, Unfit)
    assert reply.problems[0].path == "/payload/amount"
    assert simulator.state.status == "WAITING"
    assert simulator.resume({"amount": 5}) == Released()


def test_a_state_that_does_not_wait_is_named():
    simulator = started()
    assert simulator.resume(state="b") == Declined(code="NOT_WAITING", message="step 'b' does not wait")
    assert simulator.resume(state="a") == Released()


def test_a_resume_between_two_waits_is_ignored_and_recorded_and_never_kept():
    simulator = started(TWO_WAITS)
    simulator.resume({"n": 1}, by="first")
    assert simulator.resume({"n": 2}).answered_by == "first"
    assert isinstance(simulator.history[-1], ResumeIgnored)
    assert simulator.history[-1].reason == "DUPLICATE"
    simulator.succeed()
    assert list(simulator.state.waits) == ["b:1"]


def test_duplicates_are_recorded_up_to_a_bound():
    simulator = started(TWO_WAITS)
    simulator.resume({"n": 1})
    for number in range(150):
        assert isinstance(simulator.resume({"n": number + 2}), AlreadyReleased)
    assert kinds(simulator).count("ResumeIgnored") == 100


def test_a_completed_execution_was_already_restarted():
    simulator = started()
    simulator.resume({"n": 1}, by="first")
    before = list(simulator.history)
    assert simulator.resume({"n": 2}).answered_by == "first"
    assert simulator.history == before


def test_a_timeout_after_a_release_says_timed_out():
    flow = workflow(
        step("a", "wait"), step("b", "wait", {"timeout": "PT1H"}), call("c"), edges="start>a a>b b:timeout>c"
    )
    simulator = started(flow)
    simulator.resume({"n": 1})
    simulator.tick(3600)
    assert simulator.resume({"n": 2}).code == "TIMED_OUT"
    assert isinstance(simulator.resume({"n": 1}), AlreadyReleased)


def test_an_early_resume_is_kept_for_the_first_wait():
    simulator = started(CALL_THEN_WAIT)
    kept_on = simulator.now
    assert simulator.resume({"n": 1}, by="early") == Released(buffered=True)
    assert simulator.resume({"n": 2}) == AlreadyReleased(answered_by="early", answered_on=kept_on)
    assert simulator.resume({"n": 1}) == AlreadyReleased(answered_by="early", answered_on=kept_on)
    simulator.succeed()
    assert simulator.state.status == "COMPLETED"
    assert simulator.state.outputs["a"] == {"source": "SAP", "n": 1}
    assert simulator.resume({"n": 1}).answered_by == "early"
    released = next(event for event in simulator.history if isinstance(event, Resumed))
    assert (released.by, released.via) == ("early", "BUFFER")


def test_a_kept_resume_that_does_not_fit_becomes_a_dead_letter():
    flow = workflow(call("c"), step("a", "wait", {"sources": ["TEAMS"], "timeout": "PT1H"}), edges="start>c c>a")
    simulator = started(flow)
    simulator.resume({"n": 1})
    simulator.succeed()
    letter = next(event for event in simulator.history if isinstance(event, ResumeIgnored))
    assert (letter.reason, letter.payload) == ("UNFIT", {"source": "SAP", "n": 1})
    assert "TEAMS" in letter.message
    assert simulator.state.status == "WAITING"
    assert len(simulator.work.timers) == 1
    assert not simulator.state.buffered
    assert simulator.resume(source="TEAMS") == Released()


def test_a_kept_resume_that_meets_no_wait_becomes_a_dead_letter_at_the_end():
    flow = workflow(call("c"), step("a", "wait"), edges="start>c c:error>a")
    simulator = started(flow)
    simulator.resume({"n": 1}, by="early")
    simulator.succeed()
    letter = simulator.history[-2]
    assert (letter.reason, letter.by, letter.payload) == ("UNUSED", "early", {"source": "SAP", "n": 1})
    assert simulator.state.status == "COMPLETED"


def test_a_kept_resume_becomes_a_dead_letter_when_the_execution_is_terminated():
    simulator = started(CALL_THEN_WAIT)
    simulator.resume({"n": 1})
    simulator.terminate()
    assert kinds(simulator)[-3:] == ["ResumeIgnored", "Cancelled", "ExecutionClosed"]


def test_the_token_of_a_wait_to_come_keeps_the_resume_for_exactly_that_wait():
    simulator = started(TWO_WAITS)
    assert simulator.resume({"for": "b"}, token=token("b")) == Released(buffered=True)
    assert isinstance(simulator.resume({"for": "b"}, token=token("b")), AlreadyReleased)
    assert list(simulator.state.waits) == ["a:1"]
    simulator.resume({"for": "a"})
    simulator.succeed()
    assert simulator.state.outputs["b"] == {"source": "SAP", "for": "b"}
    assert simulator.state.status == "COMPLETED"


@pytest.mark.parametrize("names", [("", "a"), ("a", ""), ("", ""), ("a", "a")])
def test_the_first_of_several_resumes_for_one_future_wait_is_kept(names):
    simulator = started(CALL_THEN_WAIT)
    first, second = (token(name) if name else "" for name in names)
    assert simulator.resume({"n": 1}, by="early", token=first) == Released(buffered=True)
    assert simulator.resume({"n": 2}, token=second).answered_by == "early"
    simulator.succeed()
    assert simulator.state.outputs["a"] == {"source": "SAP", "n": 1}


def test_of_two_kept_resumes_the_one_that_names_the_wait_releases_it_and_the_other_is_a_dead_letter():
    flow = workflow(
        call("c"), step("a", "wait", {"timeout": "PT1H"}), call("d"), step("b", "wait"), edges="start>c c>a a>d d>b"
    )
    simulator = started(flow)
    assert simulator.resume({"n": 1}) == Released(buffered=True)
    assert simulator.resume({"n": 2}, token=token("a")) == Released(buffered=True)
    simulator.succeed()
    assert simulator.state.outputs["a"] == {"source": "SAP", "n": 2}
    assert kinds(simulator)[-4:] == ["WaitOpened", "Resumed", "ResumeIgnored", "StepScheduled"]
    assert not simulator.work.timers
    simulator.tick(7200)
    simulator.succeed()
    assert list(simulator.state.waits) == ["b:1"]


def test_a_workflow_without_a_wait_is_not_waiting():
    simulator = started(workflow(call("c"), edges="start>c"))
    assert simulator.resume() == Declined(code="NOT_WAITING", message="not found")
    simulator.succeed()
    assert simulator.resume() == Declined(code="COMPLETED", message="not found")


def test_a_card_that_waits_is_a_wait_too():
    simulator = started(workflow(call("c"), card("a", "x@example.com", wait={}), edges="start>c c>a"))
    assert simulator.resume() == Released(buffered=True)


def test_a_wait_in_a_loop_has_a_token_for_each_visit():
    flow = workflow(
        step("a", "wait"),
        step("again", "redirect", {"target": "a", "max_visits": 5}),
        edges="start>a a>again",
    )
    simulator = started(flow)
    assert simulator.resume({"n": 1}, token=token("a", 1)) == Released()
    assert list(simulator.state.waits) == ["a:2"]
    assert isinstance(simulator.resume({"n": 2}, token=token("a", 1)), AlreadyReleased)
    assert simulator.resume({"n": 2}, token=token("a", 2)) == Released()
    opened = [event.visit for event in simulator.history if isinstance(event, WaitOpened)]
    assert opened == [1, 2, 3]


def test_an_answer_that_would_make_the_document_too_large_is_unfit():
    limits = Limits(document_bytes=100)
    simulator = started(limits=limits)
    reply = simulator.resume({"text": "x" * 200})
    assert isinstance(reply, Unfit)
    assert "document_bytes is 100" in reply.problems[0].message
    assert simulator.resume({"text": "x"}) == Released()


def test_a_kept_answer_that_would_make_the_document_too_large_becomes_a_dead_letter():
    limits = Limits(document_bytes=100)
    simulator = started(CALL_THEN_WAIT, limits=limits)
    simulator.resume({"text": "x" * 200})
    simulator.succeed()
    assert simulator.state.status == "WAITING"
    letter = next(event for event in simulator.history if isinstance(event, ResumeIgnored))
    assert "document_bytes is 100" in letter.message


def test_several_open_waits_without_a_token_are_ambiguous():
    simulator = started(TWO_WAITS)
    wait = simulator.state.waits["a:1"]
    second = replace(wait, address="b:1", step="b", seq=wait.seq + 5)
    state = replace(simulator.state, waits={"b:1": second, "a:1": wait})
    command = Resume(at=simulator.now, source="SAP", payload={"source": "SAP"}, request=b"r")
    reply = answer(TWO_WAITS, state, command).reply
    assert isinstance(reply, Declined)
    assert (reply.code, reply.states) == ("AMBIGUOUS", ("a", "b"))
    assert answer(TWO_WAITS, state, replace(command, state="a")).reply == Released()
    assert answer(TWO_WAITS, state, replace(command, token=token("b"))).reply == Released()


def test_the_event_of_a_kept_resume_names_the_wait():
    simulator = started(TWO_WAITS)
    simulator.resume({"for": "b"}, token=token("b"))
    kept = simulator.history[-1]
    assert isinstance(kept, ResumeBuffered)
    assert kept.wait == "b:1"
    assert kept.at - simulator.history[0].at == timedelta(0)
