"""The forecast of a command, which changes nothing."""

from kit.execution.driver import Simulator
from kit.execution.regions import note, parallel, started, two_calls
from kit.execution.repairs import failed
from kit.execution.workflows import call, step, workflow
from looply.execution.answering.forecast import Forecast, forecast
from looply.execution.facts.commands import Declined, Redrive, Retry, SkipStep


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


def test_of_a_command_that_changes_nothing_there_is_nothing_to_forecast() -> None:
    planned = of_a_retry(two_calls())
    assert isinstance(planned.reply, Declined)
    assert (planned.status, planned.events, planned.effects) == ("RUNNING", (), ())


def test_the_forecast_names_the_steps_that_would_be_visited_and_the_key_of_a_renamed_call() -> None:
    simulator = failed()
    skip = SkipStep(at=simulator.now, by="op", via="API", reason="done by hand")
    planned = forecast(simulator.workflow, simulator.state, skip)
    assert [address.step for address in planned.visits] == ["d"]

    settings = simulator.workflow.definition["workflow_steps"][1]["settings"]
    renamed = workflow(step("c2", "httpRequest", settings), call("d"), edges="start>c2 c2>d")
    command = Redrive(at=simulator.now, by="op", workflow=renamed, workflow_version=2, steps={"c": "c2"})
    (effect,) = forecast(simulator.workflow, simulator.state, command).effects
    assert (effect.address.text, effect.attempt, effect.keeps_key) == ("c2:1", 2, True)
    assert effect.key.endswith(":c:1")
