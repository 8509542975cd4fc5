"""The forecast of a command, which changes nothing."""

from kit.execution.driver import Simulator
from kit.execution.regions import note, parallel, started, two_calls
from kit.execution.workflows import step
from looply.execution.answering.forecast import Forecast, forecast
from looply.execution.facts.commands import Retry


def of_a_retry(simulator: Simulator) -> Forecast:
    command = Retry(at=simulator.now, by="op", via="API", reason="fixed")
    return forecast(simulator.workflow, simulator.state, command)


def test_a_retry_of_two_steps_that_failed_side_by_side_is_no_new_failure() -> None:
    simulator = two_calls()
    simulator.fail()
    simulator.fail()
    assert (simulator.state.status, len(simulator.state.incidents)) == ("FAILED", 1)
    planned = of_a_retry(simulator)
    assert (planned.status, planned.incident) == ("RUNNING", None)
    assert [(effect.address.step, effect.attempt, effect.keeps_key) for effect in planned.effects] == [
        ("a", 2, True),
        ("b", 2, True),
    ]


def test_the_forecast_of_a_retry_names_the_next_incident() -> None:
    broken = step("o", "overridePayload", {"parameters": [{"name": "x", "value": "${div(1, payload.output.n)}"}]})
    simulator = started(parallel("l", "r"), broken, note("other"), edges="start>p p:l>o p:r>other", body={"n": 0})
    (former,) = simulator.state.incidents
    planned = of_a_retry(simulator)
    assert planned.status == "FAILED"
    assert planned.incident is not None
    assert (planned.incident.step, planned.incident.code) == ("o", "EXPRESSION")
    assert planned.incident.incident_id != former
