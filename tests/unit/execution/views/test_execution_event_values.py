"""The whole values of one event: never trimmed, secrets and tokens masked, hidden where the log level hides them."""

from typing import Any

import pytest
from msgspec import UNSET

from kit.definitions import call, chain, delay, wait
from kit.execution.driver import Simulator
from looply.definition import Workflow
from looply.execution.document.masking import MASK
from looply.execution.facts.events import (
    Event,
    ExecutionStarted,
    StepScheduled,
    StepSucceeded,
    TimerFired,
    TimerStarted,
    WaitOpened,
)
from looply.execution.views.event_values import EventValues, event_values
from looply.jsontext import Json

LONG = "x" * 20_000


def simulate(workflow: Workflow, body: Json = None) -> Simulator:
    simulator = Simulator(workflow)
    simulator.start(body)
    return simulator


def values(simulator: Simulator, kind: type[Event]) -> EventValues:
    """Returns the values of the first event of a kind."""
    found = event_values(next(event for event in simulator.history if isinstance(event, kind)))
    assert found is not None
    return found


def test_input_and_output_are_whole() -> None:
    simulator = simulate(chain(call(body={"n": LONG})), {"po": 1})
    simulator.succeed({"status": "200", "data": LONG})
    started = values(simulator, ExecutionStarted)
    assert (started.kind, started.step, started.output) == ("EXECUTION_STARTED", "", UNSET)
    assert started.input == {"po": 1}
    asked: Any = values(simulator, StepScheduled)
    assert (asked.kind, asked.step, asked.input["body"]) == ("STEP_STARTED", "call_1", {"n": LONG})
    answered = values(simulator, StepSucceeded)
    assert answered.output == {"status": "200", "data": LONG}


def test_secrets_are_masked() -> None:
    simulator = simulate(chain(call(body={"pin": "4711", "n": 1}, secret=["/body/pin"])))
    asked: Any = values(simulator, StepScheduled)
    assert asked.input["body"] == {"pin": MASK, "n": 1}


@pytest.mark.parametrize("level", ["errors", "none"])
def test_a_level_of_the_log_hides_values(level: str) -> None:
    simulator = simulate(chain(call(), log=level))
    assert values(simulator, StepScheduled) == EventValues(kind="STEP_STARTED", step="call_1")


def test_an_event_without_values_has_none() -> None:
    opened = values(simulate(chain(wait())), WaitOpened)
    assert (opened.step, opened.input, opened.output) == ("wait_1", UNSET, UNSET)


def test_an_event_without_an_entry_has_no_values() -> None:
    simulator = simulate(chain(delay()))
    simulator.tick(3600)
    (fired,) = [event for event in simulator.history if isinstance(event, TimerFired)]
    assert event_values(fired) is None


def test_a_timer_has_an_entry_and_no_values() -> None:
    found = values(simulate(chain(delay())), TimerStarted)
    assert (found.step, found.input, found.output) == ("delay_1", UNSET, UNSET)
