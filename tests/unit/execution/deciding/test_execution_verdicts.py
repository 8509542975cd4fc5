"""Delays before further attempts, and what the verdict on an answer decides."""

from datetime import timedelta

import pytest

from kit.execution.driver import Simulator
from kit.execution.workflows import call, step, workflow
from looply.definition import RetryPolicy
from looply.execution.deciding.decide import retry_delay
from looply.execution.facts.events import (
    IncidentOpened,
    StepFailed,
    TimerStarted,
)
from looply.execution.facts.values.far import FarDetail, FarError, Verdict
from looply.limits import Limits


def answered(status, data=None, **headers):
    return {"status": status, "statusText": "Text", "headers": headers, "data": data}


def started(one, edges="start>c", *others, limits=Limits(), **options):  # noqa: B008  # frozen
    simulator = Simulator(workflow(one, *others, edges=edges, **options), limits=limits)
    simulator.start()
    return simulator


def last(simulator, kind):
    return [event for event in simulator.history if isinstance(event, kind)][-1]


RETRY = {"max_attempts": 2, "interval": "PT1S"}


@pytest.mark.parametrize(
    ("given", "failures", "asked", "randomness", "seconds"),
    [
        ({}, 1, 0, 0, 2),
        ({}, 2, 0, 0, 6),
        ({}, 3, 0, 0, 18),
        ({"max_interval": timedelta(seconds=10)}, 3, 0, 0, 10),
        ({"jitter": 0.5}, 1, 0, 1 - 2**-53, 1),
        ({"jitter": 1.0}, 1, 0, 0.25, 1.5),
        ({}, 1, 60, 0, 60),
        ({"max_interval": timedelta(seconds=10)}, 1, 60, 0, 10),
        ({"max_interval": timedelta(hours=5)}, 1, 1e12, 0, 5 * 3600),
        ({}, 1, 1e12, 0, 3600),
        ({"interval": timedelta(hours=2)}, 1, 1e12, 0, 7200),
        ({"backoff": 100.0}, 999, 0, 0, 365 * 86400),
        ({"backoff": 100.0, "interval": timedelta(0)}, 999, 0, 0, 0),
        ({"backoff": 1.0}, 999, 0, 0, 2),
    ],
)
def test_the_delay_before_the_next_attempt(given, failures, asked, randomness, seconds):
    policy = RetryPolicy(**{"interval": timedelta(seconds=2), "backoff": 3.0, **given})
    assert retry_delay(policy, failures, asked, randomness) == timedelta(seconds=seconds)


def test_jitter_is_the_same_whenever_it_is_computed():
    one, two = (started(call("c", retry={**RETRY, "jitter": 1, "interval": "PT1H"})) for _ in range(2))
    one.fail()
    two.fail()
    assert last(one, TimerStarted).due == last(two, TimerStarted).due
    assert timedelta(0) < last(one, TimerStarted).due - one.now < timedelta(hours=1)


def judged(kind, failure="", seconds=0.0, **said):
    return Verdict(far=FarError(kind=kind, **said), failure=failure, retry_after_seconds=seconds)


def test_the_delay_of_the_verdict_is_a_lower_bound():
    simulator = started(call("c", retry=RETRY))
    simulator.succeed(answered("503"), verdict=judged("down", seconds=30))
    assert last(simulator, TimerStarted).due - simulator.now == timedelta(seconds=30)


def test_an_answer_without_a_verdict_has_no_delay_of_its_own():
    simulator = started(call("c", retry=RETRY))
    simulator.succeed({"status": "503"})
    assert last(simulator, TimerStarted).due - simulator.now == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("kind", "status", "retry", "expected"),
    [
        ("locked", "400", None, "COMPLETED"),
        ("locked", "400", RETRY, "RUNNING"),
        ("locked", "423", RETRY, "RUNNING"),
        ("locked", "400", {**RETRY, "on": ["503"]}, "COMPLETED"),
        ("rejected", "400", RETRY, "COMPLETED"),
        ("conflict", "412", {**RETRY, "on": ["conflict"]}, "RUNNING"),
        ("auth", "401", {**RETRY, "on": ["auth", "down"]}, "RUNNING"),
        ("locked", "400", {**RETRY, "max_attempts": 1}, "COMPLETED"),
    ],
)
def test_an_answer_is_retried_by_the_kind_of_its_verdict(kind, status, retry, expected):
    beside = {} if retry is None else {"retry": retry}
    simulator = started(call("c", **beside))
    simulator.succeed(answered(status), verdict=judged(kind))
    assert simulator.state.status == expected


@pytest.mark.parametrize(
    ("kind", "on", "expected"),
    [("auth", ["auth"], "RUNNING"), ("auth", ["down"], "FAILED"), (None, ["auth"], "FAILED")],
)
def test_a_failed_call_is_retried_by_its_kind_also_where_its_class_is_permanent(kind, on, expected):
    simulator = started(call("c", retry={**RETRY, "on": on}))
    far = FarError(kind=kind) if kind is not None else None
    simulator.fail("AUTH_FAILED", is_transient=False, was_sent=True, far=far)
    assert simulator.state.status == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "FAILED"), ({"ok_on": ["302"]}, "COMPLETED"), ({"ok_on": ["302"], "fail_on": ["3xx"]}, "FAILED")],
)
def test_an_answer_that_its_connector_judged_a_failure_is_data_only_where_the_step_says_so(given, expected):
    settings = {"method": "PATCH", "url": "https://example.com/c", **given}
    simulator = started(step("c", "httpRequest", settings))
    simulator.succeed(answered("302"), verdict=judged("rejected", "REDIRECT_REFUSED"))
    assert simulator.state.status == expected
    if expected == "FAILED":
        code = "STATUS" if "ok_on" in given else "REDIRECT_REFUSED"
        assert (last(simulator, StepFailed).code, last(simulator, StepFailed).status) == (code, "302")


def test_what_the_other_system_said_is_in_the_event_the_incident_and_the_message():
    simulator = started(call("c", fail_on=["4xx"]))
    said = {"code": "ME/006", "message": "User MUELLER processes order 4711", "locked_by": "MUELLER"}
    simulator.succeed(answered("400", {"error": {}}), verdict=judged("locked", **said))
    far = FarError(kind="locked", **said)
    assert last(simulator, StepFailed).far == last(simulator, IncidentOpened).far == far
    (incident,) = simulator.state.incidents.values()
    assert "answered 400 Text: ME/006: User MUELLER processes order 4711" in incident.message


def test_the_error_exit_reads_what_the_other_system_said():
    said = "${error.far.code} ${error.far.details[0].message}"
    note = step("n", "overridePayload", {"parameters": [{"name": "said", "value": said}]})
    simulator = started(call("c", fail_on=["4xx"]), "start>c c:error>n", note)
    details = (FarDetail(code="A", message="no such plant"),)
    simulator.succeed(answered("400"), verdict=judged("rejected", code="V1/302", details=details))
    assert simulator.state.error["far"] == {
        "kind": "rejected",
        "code": "V1/302",
        "details": [{"code": "A", "message": "no such plant"}],
    }
    assert simulator.state.payload["said"] == "V1/302 no such plant"


def test_an_error_without_a_word_of_the_other_system_has_no_far_error():
    simulator = started(call("c"), "start>c c:error>e", step("e", "wait"))
    simulator.fail()
    assert "far" not in simulator.state.error


def test_of_an_answer_with_a_secret_only_the_kind_is_shown():
    simulator = started(call("c", fail_on=["4xx"], secret=["/output/data"]))
    simulator.succeed(answered("400"), verdict=judged("rejected", code="X", message="no token hunter2"))
    failed = last(simulator, StepFailed)
    assert failed.far == FarError(kind="rejected")
    assert "hunter2" not in failed.message


def test_long_texts_of_the_other_system_are_cut_before_they_are_stored():
    simulator = started(call("c", fail_on=["4xx"]))
    many = tuple(FarDetail(message="y" * 5000) for _ in range(100))
    simulator.succeed(answered("400"), verdict=judged("rejected", code="c" * 500, message="x" * 5000, details=many))
    far = last(simulator, StepFailed).far
    assert (len(far.code), len(far.message), len(far.details), len(far.details[0].message)) == (203, 1003, 20, 303)


def test_retry_after_is_a_lower_bound_of_a_failure_too():
    simulator = started(call("c", retry=RETRY))
    simulator.fail("RATE_LIMITED", status="429", was_sent=True, retry_after_seconds=90)
    assert last(simulator, TimerStarted).due - simulator.now == timedelta(seconds=90)
