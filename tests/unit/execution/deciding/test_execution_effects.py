"""Outcomes of attempts, and the handling of failures."""

import pytest

from kit.execution.driver import EXECUTION_ID, Simulator
from kit.execution.workflows import call, step, workflow
from looply.execution.facts.address import idempotency_key, parse_address
from looply.execution.facts.commands import Done, EffectDone, EffectFailed, EffectLost, Retry
from looply.execution.facts.events import (
    Discarded,
    StepFailed,
    StepScheduled,
    StepUnknown,
    TimerStarted,
)
from looply.limits import Limits


def answered(status, data=None, **headers):
    return {"status": status, "statusText": "Text", "headers": headers, "data": data}


def started(one, edges="start>c", *others, limits=Limits(), **options):  # noqa: B008  # frozen
    simulator = Simulator(workflow(one, *others, edges=edges, **options), limits=limits)
    simulator.start()
    return simulator


def last(simulator, kind):
    return [event for event in simulator.history if isinstance(event, kind)][-1]


def test_a_call_is_scheduled_with_its_input_before_it_leaves():
    simulator = started(call("c", "POST", timeout="PT5S"))
    scheduled = last(simulator, StepScheduled)
    assert scheduled.operation == "http.request"
    assert scheduled.input == {"method": "POST", "url": "https://example.com/c"}
    assert scheduled.timeout_seconds == 5
    assert [effect.attempt for effect in simulator.effects] == [1]
    assert simulator.state.status == "RUNNING"
    assert simulator.state.current_state == "c"


def test_a_sap_call_is_another_operation_with_the_default_timeout():
    settings = {"connection": "S4", "service_path": "/sap/opu/odata/sap/X", "entity": "A_Order('1')"}
    simulator = started(step("c", "sapRequest", settings))
    assert simulator.effects[0].operation == "sap.odata"
    assert last(simulator, StepScheduled).timeout_seconds == 30


def test_a_success_is_the_output_of_the_step():
    simulator = started(call("c"))
    assert simulator.succeed(answered("200")) == Done()
    assert simulator.state.outputs["c"]["status"] == "200"
    assert simulator.state.status == "COMPLETED"
    assert not simulator.state.open_steps


RETRY = {"max_attempts": 2, "interval": "PT1S"}


@pytest.mark.parametrize(
    ("status", "fail_on", "retry", "expected"),
    [
        ("200", None, None, "COMPLETED"),
        ("404", None, None, "COMPLETED"),
        ("503", None, None, "COMPLETED"),
        ("404", ["404"], None, "FAILED"),
        ("404", ["4xx"], None, "FAILED"),
        ("404", ["5xx"], None, "COMPLETED"),
        ("503", None, RETRY, "RUNNING"),
        ("503", ["5xx"], RETRY, "RUNNING"),
        ("404", ["4xx"], RETRY, "FAILED"),
        ("404", ["4xx"], {**RETRY, "on": ["404"]}, "RUNNING"),
        ("404", None, {**RETRY, "on": ["4xx"]}, "RUNNING"),
        ("503", ["5xx"], {**RETRY, "on": ["429"]}, "FAILED"),
        ("503", None, {**RETRY, "max_attempts": 1}, "COMPLETED"),
        ("503", ["503"], {**RETRY, "max_attempts": 1}, "FAILED"),
    ],
)
def test_a_status_is_data_unless_fail_on_or_retry_name_it(status, fail_on, retry, expected):
    beside = {} if retry is None else {"retry": retry}
    simulator = started(call("c", fail_on=fail_on, **beside))
    simulator.succeed(answered(status))
    assert simulator.state.status == expected


@pytest.mark.parametrize(("fail_on", "expected"), [(None, "COMPLETED"), (["5xx"], "FAILED")])
def test_a_status_that_is_left_after_the_last_attempt_is_data_unless_fail_on_names_it(fail_on, expected):
    simulator = started(call("c", fail_on=fail_on, retry=RETRY))
    simulator.succeed(answered("503"))
    assert simulator.state.outputs["c"]["status"] == "503"
    assert simulator.tick(1) == [Done()]
    assert [effect.attempt for effect in simulator.effects] == [2]
    simulator.succeed(answered("503", "last"))
    assert simulator.state.status == expected
    assert simulator.state.outputs["c"]["data"] == "last"


def test_the_failure_of_a_status_quotes_the_answer():
    simulator = started(call("c", fail_on=["4xx"]))
    simulator.succeed(answered("404", {"error": "no such order"}))
    (incident,) = simulator.state.incidents.values()
    assert (incident.kind, incident.code, incident.step) == ("FAILED", "STATUS", "c")
    assert "404 Text" in incident.message
    assert "no such order" in incident.message
    assert last(simulator, StepFailed).status == "404"


def test_a_long_answer_is_cut_in_the_message():
    simulator = started(call("c", fail_on=["4xx"]))
    simulator.succeed(answered("404", "x" * 2000))
    assert len(last(simulator, StepFailed).message) < 600


@pytest.mark.parametrize(("output", "expected"), [(None, "COMPLETED"), ("text", "COMPLETED"), ({}, "COMPLETED")])
def test_an_answer_without_a_status_is_data(output, expected):
    simulator = started(call("c", fail_on=["4xx"]))
    simulator.succeed(output)
    assert simulator.state.status == expected


@pytest.mark.parametrize(
    ("code", "fields", "retry", "expected"),
    [
        ("CONNECTION", {}, None, "FAILED"),
        ("CONNECTION", {}, RETRY, "RUNNING"),
        ("TIMEOUT", {}, RETRY, "RUNNING"),
        ("CONNECTION", {"is_transient": False}, RETRY, "FAILED"),
        ("TIMEOUT", {}, {**RETRY, "on": ["connection"]}, "FAILED"),
        ("RATE_LIMITED", {"status": "429", "was_sent": True}, RETRY, "RUNNING"),
        ("RATE_LIMITED", {"status": "429", "was_sent": True}, {**RETRY, "on": ["503"]}, "FAILED"),
        ("BAD_INPUT", {"is_transient": False}, RETRY, "FAILED"),
    ],
)
def test_a_failed_attempt_is_repeated_when_the_policy_names_it(code, fields, retry, expected):
    beside = {} if retry is None else {"retry": retry}
    simulator = started(call("c", "POST", **beside))
    simulator.fail(code, **fields)
    assert simulator.state.status == expected
    if expected == "FAILED":
        (incident,) = simulator.state.incidents.values()
        assert (incident.kind, incident.code) == ("FAILED", code)


@pytest.mark.parametrize(
    ("method", "stated", "code", "was_sent", "retry", "expected"),
    [
        ("POST", None, "TIMEOUT", True, None, "UNKNOWN"),
        ("POST", None, "TIMEOUT", True, {**RETRY, "on": ["timeout"]}, "UNKNOWN"),
        ("PATCH", None, "CONNECTION", True, None, "UNKNOWN"),
        ("POST", None, "CONNECTION", False, RETRY, "RETRY"),
        ("POST", None, "CONNECTION", False, None, "FAILED"),
        ("POST", None, "REJECTED", True, None, "FAILED"),
        ("POST", "retry", "TIMEOUT", True, RETRY, "RETRY"),
        ("POST", "retry", "TIMEOUT", True, None, "FAILED"),
        ("GET", None, "TIMEOUT", True, RETRY, "RETRY"),
        ("PUT", None, "CONNECTION", True, RETRY, "RETRY"),
        ("DELETE", None, "CONNECTION", True, None, "FAILED"),
        ("GET", "incident", "TIMEOUT", True, RETRY, "UNKNOWN"),
    ],
)
def test_a_call_that_may_have_got_through_is_unknown_where_repeating_it_is_not_safe(
    method, stated, code, was_sent, retry, expected
):
    beside = {name: value for name, value in (("on_unknown", stated), ("retry", retry)) if value is not None}
    simulator = started(call("c", method, **beside))
    simulator.fail(code, was_sent=was_sent)
    kinds = [incident.kind for incident in simulator.state.incidents.values()]
    assert kinds == ([] if expected == "RETRY" else [expected])
    assert bool(simulator.work.timers) == (expected == "RETRY")


@pytest.mark.parametrize(("method", "again"), [("GET", True), ("PUT", True), ("POST", False)])
def test_an_attempt_that_died_with_its_process_is_repeated_at_once_or_becomes_an_incident(method, again):
    simulator = started(call("c", method), "start>c c:error>e", call("e"))
    assert simulator.lose() == Done()
    assert last(simulator, StepUnknown).cause == "CRASH"
    if again:
        assert [effect.attempt for effect in simulator.effects] == [2]
        assert simulator.state.status == "RUNNING"
    else:
        (incident,) = simulator.state.incidents.values()
        assert (incident.kind, incident.code) == ("UNKNOWN", "OUTCOME_UNKNOWN")
        assert "crash" in incident.message
        assert not simulator.effects


def test_lost_attempts_do_not_use_up_the_retries():
    simulator = started(call("c", retry=RETRY))
    for _ in range(5):
        simulator.lose()
    simulator.fail()
    simulator.tick(1)
    assert [effect.attempt for effect in simulator.effects] == [7]
    simulator.fail()
    assert simulator.state.status == "FAILED"


def test_a_retry_sends_the_same_input_under_the_same_key():
    settings = {"method": "PUT", "url": "https://example.com/", "body": {"id": "${newGuid()}", "on": "${utcNow()}"}}
    simulator = started(step("c", "httpRequest", settings, retry=RETRY))
    before = simulator.state.open_steps["c:1"]
    simulator.fail()
    simulator.tick(1)
    after = simulator.state.open_steps["c:1"]
    assert after.input == before.input
    assert after.attempt == 2
    assert idempotency_key(EXECUTION_ID, parse_address(after.address)) == f"{EXECUTION_ID}:c:1"


def test_the_error_exit_is_taken_after_the_last_attempt():
    simulator = started(call("c", retry=RETRY), "start>c c:error>e", step("e", "wait"))
    simulator.fail()
    simulator.tick(1)
    simulator.fail("TIMEOUT", status="504")
    assert simulator.state.current_state == "wait_for_response_state"
    assert simulator.state.error == {
        "state": "c",
        "code": "TIMEOUT",
        "message": "step 'c': it failed",
        "status": "504",
        "attempts": 2,
        "on": "2030-01-07T09:00:01.000Z",
    }
    assert not simulator.state.open_steps


def ends(simulator, times, minutes=2.0):
    """Crashes so many processes during the call, each so long after the one before."""
    for _ in range(times):
        simulator.tick(60 * minutes)
        simulator.lose(ended_process=True)


def test_a_call_that_ends_process_after_process_is_suspect_and_then_parked():
    simulator = started(call("c"))
    for count in range(1, 5):
        ends(simulator, 1)
        opened = simulator.state.open_steps["c:1"]
        assert (opened.process_ends, opened.is_suspect, opened.attempt) == (count, count > 1, count + 1)
    ends(simulator, 1)
    (incident,) = simulator.state.incidents.values()
    assert (incident.kind, incident.code, incident.step) == ("POISON", "POISONED", "c")
    assert "5 processes in a row ended" in incident.message
    assert simulator.effects == []


@pytest.mark.parametrize(("minutes", "is_parked"), [(1.0, False), (1.24, False), (1.25, True)])
def test_a_call_is_parked_only_when_its_processes_ended_over_five_minutes(minutes, is_parked):
    simulator = started(call("c"))
    ends(simulator, 5, minutes)
    assert bool(simulator.state.incidents) == is_parked
    ends(simulator, 0 if is_parked else 1, 10)
    assert bool(simulator.state.incidents)


@pytest.mark.parametrize(
    "outlived",
    [
        lambda simulator: simulator.lose(),
        lambda simulator: simulator.fail(),
        lambda simulator: simulator.fail("TIMEOUT", was_sent=True),
    ],
    ids=["an-end-in-order", "a-failure", "a-timeout"],
)
def test_an_attempt_that_its_process_outlives_clears_the_call(outlived):
    simulator = started(call("c", retry={"max_attempts": 9, "interval": "PT0S"}))
    ends(simulator, 4)
    outlived(simulator)
    simulator.tick()
    opened = simulator.state.open_steps["c:1"]
    assert (opened.process_ends, opened.ending_since, opened.is_suspect) == (0, None, False)
    ends(simulator, 4)
    assert simulator.state.incidents == {}


def test_a_call_of_unknown_outcome_that_may_not_be_repeated_is_an_incident_of_that_kind():
    simulator = started(call("c", "POST"))
    ends(simulator, 1)
    assert [incident.kind for incident in simulator.state.incidents.values()] == ["UNKNOWN"]


def ordering(**beside):
    settings = {"connection": "S4", "service_path": "/sap/opu/odata/sap/X", "entity": "A_Order", "method": "POST"}
    return started(step("c", "sapRequest", settings, **beside))


def test_a_call_that_can_find_out_is_made_again_at_once_and_then_ever_more_slowly():
    simulator = ordering()
    simulator.lose()
    opened = simulator.state.open_steps["c:1"]
    assert (opened.attempt, opened.unknowns, opened.is_unsettled, len(simulator.effects)) == (2, 1, True, 1)
    waits = []
    while True:
        simulator.fail("TIMEOUT", was_sent=True)
        if simulator.state.incidents:
            break
        before = simulator.now
        simulator.tick((last(simulator, TimerStarted).due - before).total_seconds())
        waits.append((simulator.now - before).total_seconds())
    assert [round(wait / 3**number) for number, wait in enumerate(waits)] == [5, 5, 5, 5, 5] or waits[0] <= 5
    assert (len(waits), waits == sorted(waits)) == (5, True)
    (incident,) = simulator.state.incidents.values()
    assert (incident.kind, incident.code) == ("UNKNOWN", "OUTCOME_UNKNOWN")


def test_a_call_that_cannot_find_out_opens_the_incident_with_its_reason():
    simulator = ordering()
    simulator.fail("CONNECTION", was_sent=True)
    simulator.fail("UNSETTLED")
    (incident,) = simulator.state.incidents.values()
    assert (incident.kind, incident.code, incident.message) == ("UNKNOWN", "OUTCOME_UNKNOWN", "step 'c': it failed")
    assert [event.cause for event in simulator.history if isinstance(event, StepUnknown)] == ["CONNECTION", "UNSETTLED"]


def test_a_call_that_finds_out_succeeds_and_remembers_nothing():
    simulator = ordering()
    simulator.lose()
    assert simulator.succeed(answered("201")) == Done()
    assert simulator.state.status == "COMPLETED"


def test_an_attempt_that_was_to_find_out_and_reached_nothing_is_made_again():
    simulator = ordering()
    simulator.lose()
    simulator.fail("CONNECTION")
    assert simulator.state.incidents == {}
    assert [event.cause for event in simulator.history if isinstance(event, StepUnknown)] == ["CRASH", "CONNECTION"]


@pytest.mark.parametrize(("code", "is_unsettled"), [("UNSETTLED", False), ("AUTH_FAILED", True)])
def test_a_retry_of_an_operator_settles_only_what_the_incident_was_about(code, is_unsettled):
    simulator = ordering()
    simulator.lose()
    simulator.fail(code)
    simulator.submit(Retry(at=simulator.now, by="op", via="API", reason="looked it up"))
    opened = simulator.state.open_steps["c:1"]
    assert (opened.attempt, opened.is_unsettled) == (3, is_unsettled)


def test_a_retry_of_a_call_whose_success_could_not_be_read_finds_out_first():
    simulator = ordering(retry=RETRY)
    simulator.fail("SAP_METADATA", was_sent=True, status="201")
    (incident,) = simulator.state.incidents.values()
    assert (incident.kind, incident.code) == ("FAILED", "SAP_METADATA")
    assert "took effect: the other system answered 201" in incident.message
    assert "a retry first finds out what it made" in incident.message
    simulator.submit(Retry(at=simulator.now, by="op", via="API", reason="it was asked to"))
    opened = simulator.state.open_steps["c:1"]
    assert (opened.attempt, opened.is_unsettled) == (2, True)
    simulator.fail("UNSETTLED")
    (incident,) = simulator.state.incidents.values()
    assert (incident.kind, incident.code) == ("UNKNOWN", "OUTCOME_UNKNOWN")


@pytest.mark.parametrize(("was_sent", "status"), [(False, "200"), (True, "400"), (True, "")])
def test_a_call_that_was_not_answered_by_a_success_took_no_effect_that_is_known(was_sent, status):
    simulator = ordering()
    simulator.fail("REJECTED", was_sent=was_sent, status=status)
    (incident,) = simulator.state.incidents.values()
    assert "took effect" not in incident.message
    assert simulator.state.open_steps["c:1"].unknowns == 0


def test_the_incident_of_a_call_that_cannot_find_out_says_that_a_retry_makes_it_again():
    simulator = started(call("c", "POST"))
    simulator.fail("BAD_RESPONSE", was_sent=True, status="200")
    (incident,) = simulator.state.incidents.values()
    assert "a retry of the step makes it again" in incident.message


def test_a_failure_that_was_not_sent_is_no_unknown_outcome():
    simulator = ordering(retry=RETRY)
    simulator.fail("CONNECTION")
    assert simulator.state.open_steps["c:1"].unknowns == 0


@pytest.mark.parametrize(("stated", "attempts"), [("retry", 2), ("incident", 1)])
def test_what_the_author_states_about_unknown_outcomes_takes_precedence(stated, attempts):
    simulator = ordering(on_unknown=stated)
    simulator.lose()
    opened = simulator.state.open_steps["c:1"]
    assert (opened.attempt, opened.is_unsettled) == (attempts, False)


def test_a_late_result_is_discarded_and_moves_nothing():
    simulator = started(call("c"), "start>c c>d", call("d"))
    simulator.lose()
    before = simulator.state.paths
    reply = simulator.submit(EffectDone(at=simulator.now, address="c:1", attempt=1, output={"late": 1}, size=9))
    assert reply == Done(is_late=True)
    assert last(simulator, Discarded).result == {"late": 1}
    failed = EffectFailed(at=simulator.now, address="c:1", attempt=1, code="TIMEOUT", message="late")
    assert simulator.submit(failed) == Done(is_late=True)
    assert last(simulator, Discarded).result == {"code": "TIMEOUT"}
    seq = simulator.state.seq
    assert simulator.submit(EffectLost(at=simulator.now, address="c:1", attempt=1)) == Done(is_late=True)
    assert simulator.state.seq == seq
    assert simulator.state.paths == before
    assert [effect.attempt for effect in simulator.effects] == [2]


def test_a_result_after_the_end_is_discarded():
    simulator = started(call("c"))
    simulator.terminate()
    late = EffectDone(at=simulator.now, address="c:1", attempt=1, output="x", size=3, secret=("/output",))
    assert simulator.submit(late) == Done(is_late=True)
    assert last(simulator, Discarded).secret == ("/result",)
    assert simulator.state.status == "TERMINATED"
    assert "c" not in simulator.state.outputs


def test_an_output_that_would_make_the_document_too_large_fails_the_step():
    simulator = started(call("c", retry=RETRY), limits=Limits(document_bytes=100))
    simulator.succeed({"text": "x" * 200})
    failed = last(simulator, StepFailed)
    assert failed.code == "DOCUMENT_TOO_LARGE"
    assert "document_bytes is 100" in failed.message
    assert simulator.state.status == "FAILED"


def test_a_step_that_is_visited_again_releases_the_bytes_of_its_former_output():
    again = step("again", "redirect", {"target": "c"})
    simulator = started(call("c"), "start>c c>again", again, limits=Limits(document_bytes=500))
    for _ in range(20):
        simulator.succeed({"status": "200", "text": "x" * 200})
    assert simulator.state.status == "RUNNING"
    assert simulator.state.document_bytes < 500


def test_an_input_that_is_larger_than_any_document_fails_the_step():
    settings = {"method": "PUT", "url": "https://example.com/", "body": {"a": "${payload}", "b": "${payload}"}}
    simulator = Simulator(
        workflow(step("c", "httpRequest", settings), edges="start>c"), limits=Limits(document_bytes=900)
    )
    simulator.start("x" * 400)
    (incident,) = simulator.state.incidents.values()
    assert (incident.code, incident.step) == ("LIMIT", "c")


def test_an_input_that_cannot_be_evaluated_fails_the_step():
    settings = {"method": "PUT", "url": "https://example.com/", "body": "${div(1, 0)}"}
    simulator = started(step("c", "httpRequest", settings, retry=RETRY), "start>c c:error>e", step("e", "wait"))
    assert simulator.state.error["code"] == "EXPRESSION"
    assert simulator.state.error["attempts"] == 1
    assert simulator.state.error["status"] is None
