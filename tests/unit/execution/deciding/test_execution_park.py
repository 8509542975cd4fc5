"""How long an attempt may wait for its system: `park` of a step, whose timer gives up what was not begun."""

from datetime import timedelta

import pytest

from kit.execution.driver import Simulator, decode_history, encode_history, park
from kit.execution.workflows import call, step, workflow
from looply.errors import IllegalTransition
from looply.execution import fold
from looply.execution.evolving.visits import apply_park_over
from looply.execution.facts.commands import Done, GiveUpEffect, Outage, Retry
from looply.execution.facts.events import (
    ErrorCaught,
    IncidentOpened,
    StepFailed,
    StepParked,
    StepScheduled,
    StepSucceeded,
    StepUnknown,
    TimerFired,
    TimerStarted,
)
from looply.execution.views.holds import holds_of

OUTAGE = Outage("https://shop.example:443", "down since noon")
PARK = "PT4H"
SECONDS = 4 * 3600
RETRY = {"max_attempts": 9, "interval": "PT1S", "on": ["connection", "down", "5xx"]}
OK = {"status": "200", "statusText": "", "headers": {}, "data": None}


def waiting(method="POST", edges="start>c", **fields):
    """Returns an execution whose call waits for a system, for at most `PARK`."""
    simulator = Simulator(workflow(call("c", method, park=PARK, **fields), call("d"), edges=edges))
    simulator.start()
    park(simulator, OUTAGE)
    return simulator


def give_up(simulator):
    """Ends the attempt as the process does that has marked its row."""
    (effect,) = simulator.effects
    return simulator.submit(GiveUpEffect(at=simulator.now, address=effect.address, attempt=effect.attempt))


def of(simulator, kind):
    return [event for event in simulator.history if isinstance(event, kind)]


def timers(simulator):
    return [timer.kind for timer in simulator.state.timers.values()]


def test_a_wait_that_lasts_as_long_as_it_may_is_the_failure_of_its_step():
    simulator = waiting(retry=RETRY)
    (timer,) = of(simulator, TimerStarted)
    (parked,) = of(simulator, StepParked)
    assert (timer.kind, timer.step, timer.attempt) == ("PARK", "c", 1)
    assert timer.due == parked.at + timedelta(hours=4)
    simulator.tick(SECONDS - 1)
    assert not simulator.state.open_steps["c:1"].is_given_up
    simulator.tick(1)
    # Its row stays: only the process that takes the effect from it knows that no other one makes the call.
    assert simulator.state.open_steps["c:1"].is_given_up
    assert len(simulator.effects) == 1
    assert (timers(simulator), of(simulator, StepFailed)) == ([], [])
    assert give_up(simulator) == Done()
    (failed,) = of(simulator, StepFailed)
    assert (failed.code, failed.far.kind, failed.is_retriable) == ("TARGET_DOWN", "down", False)
    assert failed.message == (
        "step 'c': the call has waited for https://shop.example:443 as long as `park` allows and is not made any more: "
        "down since noon"
    )
    (incident,) = of(simulator, IncidentOpened)
    assert (incident.kind, incident.code) == ("FAILED", "TARGET_DOWN")
    assert simulator.effects == []


def test_the_error_exit_of_the_step_is_taken():
    simulator = waiting(edges="start>c c:error>d")
    simulator.tick(SECONDS)
    give_up(simulator)
    (caught,) = of(simulator, ErrorCaught)
    assert (caught.error["code"], caught.error["far"]["kind"]) == ("TARGET_DOWN", "down")
    assert [effect.address for effect in simulator.effects] == ["d:1"]


def test_without_park_a_call_waits_without_a_timer():
    simulator = Simulator(workflow(call("c"), edges="start>c"))
    simulator.start()
    park(simulator, OUTAGE)
    simulator.tick(SECONDS * 1000)
    assert (of(simulator, TimerStarted), simulator.state.status) == ([], "WAITING")


def test_a_probe_that_finds_the_system_down_does_not_prolong_the_wait():
    simulator = waiting()
    simulator.tick(SECONDS / 2)
    simulator.fail(outage=OUTAGE)
    assert [event.again for event in of(simulator, StepParked)] == [False, True]
    (timer,) = of(simulator, TimerStarted)
    simulator.tick(SECONDS / 2)
    assert simulator.now == timer.due
    assert simulator.state.open_steps["c:1"].is_given_up


@pytest.mark.parametrize("first", ["made and failed", "not begun"])
def test_a_wait_begins_also_with_an_attempt_that_was_made(first):
    simulator = Simulator(workflow(call("c", park=PARK), edges="start>c"))
    simulator.start()
    if first == "not begun":
        park(simulator, OUTAGE)
    else:
        simulator.fail(outage=OUTAGE)
    assert timers(simulator) == ["PARK"]


def test_an_attempt_that_is_under_way_when_the_time_is_over_decides():
    simulator = waiting()
    simulator.tick(SECONDS)
    simulator.succeed(OK)
    assert simulator.state.status == "COMPLETED"
    assert of(simulator, StepFailed) == []


@pytest.mark.parametrize("how", ["not sent", "503"])
def test_an_attempt_under_way_that_finds_the_system_down_after_the_time_is_not_made_again(how):
    simulator = waiting("GET", retry=RETRY, fail_on=["5xx"])
    simulator.tick(SECONDS)
    if how == "503":
        simulator.succeed({**OK, "status": "503"}, outage=OUTAGE)
    else:
        simulator.fail(outage=OUTAGE)
    (failed,) = of(simulator, StepFailed)
    assert (failed.code, failed.is_retriable) == ("TARGET_DOWN", False)
    assert (len(of(simulator, StepParked)), simulator.effects) == (1, [])


def test_an_attempt_under_way_with_an_unknown_outcome_stays_unknown():
    simulator = waiting()
    simulator.tick(SECONDS)
    simulator.fail("TIMEOUT", was_sent=True, outage=OUTAGE)
    assert len(of(simulator, StepUnknown)) == 1
    assert of(simulator, StepFailed) == []


def unsettled(**fields):
    """Returns an execution whose first attempt may have arrived, and whose second, which finds out, waits."""
    settings = {"connection": "S4", "service_path": "/sap/opu/odata/sap/X", "entity": "A_Order", "method": "POST"}
    ordering = step("c", "sapRequest", settings, park=PARK, **fields)
    simulator = Simulator(workflow(ordering, call("d"), edges="start>c c:error>d"))
    simulator.start()
    simulator.fail("TIMEOUT", was_sent=True, outage=OUTAGE)
    assert simulator.state.open_steps["c:1"].is_unsettled
    park(simulator, OUTAGE)
    return simulator


def assert_unknown(simulator):
    """Asserts that a person is asked about the earlier attempt, and that the step has not failed."""
    assert of(simulator, StepFailed) == []
    last = of(simulator, StepUnknown)[-1]
    assert (last.cause, last.attempt) == ("UNSETTLED", 2)
    (incident,) = of(simulator, IncidentOpened)
    assert (incident.kind, incident.code) == ("UNKNOWN", "OUTCOME_UNKNOWN")
    assert incident.message == (
        "step 'c': it is unknown whether an earlier attempt took effect: the call has waited for "
        "https://shop.example:443 as long as `park` allows, and could not find out: down since noon; check the other "
        "system, then retry the step or complete it by hand"
    )
    assert (simulator.effects, timers(simulator)) == ([], [])


def test_a_wait_to_find_out_about_an_earlier_attempt_ends_with_its_unknown_outcome():
    simulator = unsettled()
    simulator.tick(SECONDS)
    assert give_up(simulator) == Done()
    assert_unknown(simulator)
    assert of(simulator, ErrorCaught) == []


@pytest.mark.parametrize("how", ["not sent", "sent", "503"])
def test_an_attempt_to_find_out_that_finds_the_system_down_after_the_time_leaves_the_outcome_unknown(how):
    simulator = unsettled(retry=RETRY)
    simulator.tick(SECONDS)
    if how == "503":
        simulator.succeed({**OK, "status": "503"}, outage=OUTAGE)
    else:
        simulator.fail("CONNECTION", was_sent=how == "sent", outage=OUTAGE)
    assert_unknown(simulator)


@pytest.mark.parametrize(("method", "says_so"), [("PUT", True), ("POST", False)])
def test_the_failure_says_where_an_earlier_attempt_may_have_arrived(method, says_so):
    simulator = Simulator(workflow(call("c", method, park=PARK, retry=RETRY), edges="start>c"))
    simulator.start()
    simulator.fail("CONNECTION", was_sent=says_so)
    simulator.tick(2)
    park(simulator, OUTAGE)
    simulator.tick(SECONDS)
    give_up(simulator)
    failed = of(simulator, StepFailed)[-1]
    assert failed.code == "TARGET_DOWN"
    assert failed.message.endswith("; an earlier attempt may have arrived") is says_so


def test_the_failure_says_that_the_attempt_which_found_the_system_down_may_have_arrived():
    simulator = waiting("PUT", retry=RETRY)
    simulator.tick(SECONDS)
    simulator.fail("TIMEOUT", was_sent=True, outage=OUTAGE)
    (failed,) = of(simulator, StepFailed)
    assert (failed.code, failed.message[-36:]) == ("TARGET_DOWN", "; an earlier attempt may have arrived"[-36:])


@pytest.mark.parametrize("end", ["success", "failure", "unknown"])
def test_the_outcome_of_the_attempt_ends_the_wait_and_its_timer(end):
    simulator = waiting(edges="start>c c>d", retry=RETRY)
    if end == "success":
        simulator.succeed(OK)
    elif end == "failure":
        simulator.fail("REJECTED", is_transient=False)
    else:
        simulator.fail("TIMEOUT", was_sent=True)
    assert len(of(simulator, {"success": StepSucceeded, "failure": StepFailed, "unknown": StepUnknown}[end])) == 1
    assert timers(simulator) == []
    simulator.tick(SECONDS)
    assert of(simulator, TimerFired) == []


def test_the_next_wait_of_a_visit_is_counted_from_its_own_begin():
    simulator = waiting(retry=RETRY)
    simulator.tick(SECONDS / 2)
    simulator.fail("CONNECTION")
    simulator.tick(2)
    assert simulator.effects[0].attempt == 2
    park(simulator, OUTAGE)
    first, retry, second = of(simulator, TimerStarted)
    assert [each.kind for each in (first, retry, second)] == ["PARK", "RETRY", "PARK"]
    assert second.due == of(simulator, StepParked)[-1].at + timedelta(hours=4)


def test_a_retry_of_an_operator_waits_as_long_again():
    simulator = waiting()
    simulator.tick(SECONDS)
    give_up(simulator)
    simulator.submit(Retry(at=simulator.now, by="ops", reason="it is back soon"))
    assert of(simulator, StepScheduled)[-1].attempt == 2
    park(simulator, OUTAGE)
    assert timers(simulator) == ["PARK"]
    assert not simulator.state.open_steps["c:1"].is_given_up
    simulator.succeed(OK)
    assert simulator.state.status == "COMPLETED"


def test_what_comes_for_an_attempt_that_is_over_changes_nothing():
    simulator = waiting()
    (effect,) = simulator.effects
    simulator.succeed(OK)
    late = GiveUpEffect(at=simulator.now, address=effect.address, attempt=effect.attempt)
    assert simulator.submit(late) == Done(is_late=True)


def test_only_a_wait_can_be_over():
    simulator = waiting()
    simulator.succeed(OK)
    for address in ("c:1", "d:1"):
        with pytest.raises(IllegalTransition, match=f"the attempt at {address} waits for no system"):
            apply_park_over(simulator.state, address)


def test_a_terminated_execution_has_neither_effect_nor_timer():
    simulator = waiting()
    simulator.terminate()
    assert (simulator.effects, simulator.state.timers) == ([], {})


def test_a_time_after_the_last_instant_is_no_limit():
    simulator = Simulator(workflow(call("c", park="PT99999999H"), edges="start>c"))
    simulator.start()
    park(simulator, OUTAGE)
    assert (timers(simulator), simulator.state.status) == ([], "WAITING")


def test_the_state_is_the_fold_of_the_history_that_was_stored():
    simulator = waiting()
    simulator.tick(SECONDS)
    assert fold(decode_history(encode_history(simulator.history))) == simulator.state


def test_what_holds_the_execution_says_until_when():
    simulator = waiting()
    (timer,) = simulator.state.timers.values()
    (hold,) = holds_of(simulator.state, simulator.now)
    assert (hold.cause, hold.until) == ("TARGET_DOWN", timer.due)
    assert hold.values["park_on"] == int(timer.due.timestamp() * 1000)
