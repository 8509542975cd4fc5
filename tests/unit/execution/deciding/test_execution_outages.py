"""Attempts that wait for their system: they keep their number, and a call that may have arrived is not repeated."""

import pytest

from kit.execution.driver import Simulator, park
from kit.execution.workflows import call, workflow
from looply.errors import IllegalTransition
from looply.execution import evolve
from looply.execution.facts.commands import Done, EffectDone, Outage, ParkEffect
from looply.execution.facts.events import IncidentOpened, StepFailed, StepParked, StepSucceeded, StepUnknown
from looply.execution.facts.values.far import FarError
from looply.execution.views.condensed import condense_logs
from looply.execution.views.logs import event_log

OUTAGE = Outage("https://shop.example:443", "down since noon")
RETRY = {"max_attempts": 3, "interval": "PT1S"}


def started(one):
    simulator = Simulator(workflow(one, edges="start>c"))
    simulator.start()
    return simulator


def answered(status):
    return {"status": status, "statusText": "", "headers": {}, "data": None}


def kinds(simulator):
    return [type(event) for event in simulator.history]


def test_an_attempt_that_waits_makes_the_execution_wait_at_its_step():
    simulator = started(call("c", "POST"))
    seq = simulator.effects[0].seq
    assert park(simulator, OUTAGE) == Done()
    state = simulator.state
    assert (state.status, state.current_state) == ("WAITING", "c")
    parked = state.open_steps["c:1"].parked
    assert (parked.target, parked.reason, parked.since) == (OUTAGE.target, OUTAGE.reason, state.now)
    # Its row stays: another process may be about to begin it.
    assert [effect.seq for effect in simulator.effects] == [seq]
    assert park(simulator, OUTAGE) == Done(is_late=True)
    simulator.succeed(answered("200"))
    assert simulator.state.status == "COMPLETED"


def test_an_attempt_that_was_not_sent_is_scheduled_again_under_its_number():
    simulator = started(call("c", "POST"))
    former = simulator.effects[0]
    simulator.fail(outage=OUTAGE)
    (effect,) = simulator.effects
    assert (effect.attempt, effect.seq > former.seq) == (1, True)
    assert simulator.state.open_steps["c:1"].failures == 0
    assert simulator.state.status == "WAITING"
    simulator.fail()
    assert kinds(simulator)[-2:] == [StepFailed, IncidentOpened]
    assert simulator.state.open_steps["c:1"].parked is None


@pytest.mark.parametrize(("method", "kind"), [("POST", StepUnknown), ("GET", StepParked)])
def test_a_call_that_may_have_arrived_waits_only_where_it_may_be_repeated(method, kind):
    simulator = started(call("c", method))
    simulator.fail("TIMEOUT", was_sent=True, outage=OUTAGE)
    assert kind in kinds(simulator)
    assert (StepUnknown in kinds(simulator)) is (kind is StepUnknown)


def test_a_failure_that_is_no_outage_counts_while_the_system_is_down():
    simulator = started(call("c"))
    simulator.fail("REJECTED", is_transient=False, outage=OUTAGE)
    assert StepFailed in kinds(simulator)


@pytest.mark.parametrize(("was_sent", "kind"), [(False, StepParked), (True, StepFailed)])
def test_a_way_that_is_closed_counts_as_the_outage_where_nothing_was_sent(was_sent, kind):
    # The certificate of the system has expired: no repeat of one call helps, and all calls fail alike.
    simulator = started(call("c", "POST"))
    down = FarError(kind="down")
    simulator.fail("TLS_CERTIFICATE", is_transient=False, was_sent=was_sent, far=down, outage=OUTAGE)
    assert kind in kinds(simulator)


@pytest.mark.parametrize(
    ("method", "fields", "kind"),
    [
        ("GET", {"fail_on": ["5xx"]}, StepParked),
        ("POST", {"fail_on": ["5xx"]}, StepFailed),
        ("POST", {"fail_on": ["5xx"], "retry": RETRY}, StepParked),
        ("GET", {}, StepSucceeded),
    ],
)
def test_an_answer_that_is_an_outage_waits_where_the_step_would_try_again(method, fields, kind):
    simulator = started(call("c", method, **fields))
    simulator.succeed(answered("503"), outage=OUTAGE)
    assert kind in kinds(simulator)


def test_what_comes_for_an_attempt_that_is_over_changes_nothing():
    simulator = started(call("c", retry=RETRY))
    effect = simulator.effects[0]
    simulator.fail()
    late = ParkEffect(at=simulator.now, address=effect.address, attempt=effect.attempt, outage=OUTAGE)
    assert simulator.submit(late) == Done(is_late=True)
    simulator.tick(2)
    done = EffectDone(
        at=simulator.now, address=effect.address, attempt=1, output=answered("503"), size=1, outage=OUTAGE
    )
    assert simulator.submit(done) == Done(is_late=True)
    assert StepParked not in kinds(simulator)


@pytest.mark.parametrize("attempt", [1, 2])
def test_an_event_of_an_attempt_that_is_not_in_flight_is_illegal(attempt):
    simulator = started(call("c", retry=RETRY))
    if attempt == 1:
        simulator.fail()
    event = StepParked(at=simulator.now, step="c", attempt=attempt, target="t", reason="r")
    with pytest.raises(IllegalTransition, match="cannot be parked"):
        evolve(simulator.state, event)


def test_the_log_says_for_which_system_a_step_waits():
    simulator = started(call("c", "POST"))
    simulator.fail(outage=OUTAGE)
    numbered = list(enumerate(simulator.history, 1))
    entry = event_log(numbered)[-1]
    assert (entry.type, entry.target, entry.reason, entry.again) == ("STEP_PARKED", OUTAGE.target, OUTAGE.reason, True)
    visits, _ = condense_logs(numbered, 100_000)
    assert visits["c"][0].status == "WAITING"
