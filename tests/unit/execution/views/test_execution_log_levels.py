"""The setting `log`: shown entries and values, stored events, and the state, which never depends on it."""

from typing import get_args

import msgspec
import pytest
from msgspec import to_builtins

from kit.execution.driver import Simulator, encode_history
from kit.execution.workflows import call, step, workflow
from looply.definition import LogLevel
from looply.execution import fold
from looply.execution.facts.commands import Redrive
from looply.execution.facts.events import Computed, Discarded, StepFailed
from looply.execution.facts.log_levels import levels_of, shows_entry
from looply.execution.views.logs import condense_logs, event_log, incidents_of, mask_document

LEVELS = get_args(LogLevel)
RULES = [{"variable": "${payload.output.n}", "operator": "NumericGreaterThan", "value": 1}]
STORY = (
    step("if", "conditional", {"rules": RULES}),
    call("c", "PUT", retry={"max_attempts": 2}),
    step("w", "wait"),
    call("d", fail_on=["5xx"]),
)
EDGES = "start>if if:yes>c c>w w>d"


def story(level, *steps, edges=EDGES):
    """Returns an execution with a retry, an answer and a final failure."""
    simulator = Simulator(workflow(*(steps or STORY), edges=edges, settings={"log": level}))
    simulator.start({"n": 2, "text": "in"})
    simulator.fail()
    simulator.tick(1)
    simulator.succeed({"status": "200", "data": "out"})
    simulator.resume({"answer": "yes"})
    simulator.succeed({"status": "500", "data": "broken"})
    return simulator


def types(simulator):
    return [entry["type"] for entry in to_builtins(event_log(enumerate(simulator.history, 1)))]


def unlogged(events):
    """Returns events without the fields that depend on the level."""
    plain = [msgspec.structs.replace(event, log="full") for event in events]
    return [msgspec.structs.replace(event, input=None) if isinstance(event, Computed) else event for event in plain]


def test_every_level_shows_more_than_the_next_one():
    full, errors, none = ([*types(story(level))] for level in LEVELS)
    assert full == [
        "EXECUTION_STARTED",
        "STEP_SUCCEEDED",
        "STEP_STARTED",
        "STEP_FAILED",
        "STEP_RETRY_SCHEDULED",
        "STEP_STARTED",
        "STEP_SUCCEEDED",
        "WAIT_OPENED",
        "WAIT_RESUMED",
        "STEP_STARTED",
        "STEP_FAILED",
        "INCIDENT_OPENED",
        "EXECUTION_FAILED",
    ]
    assert errors == [name for name in full if name not in ("STEP_STARTED", "STEP_SUCCEEDED", "WAIT_OPENED")]
    assert none == ["EXECUTION_STARTED", "WAIT_RESUMED", "INCIDENT_OPENED", "EXECUTION_FAILED"]


def test_values_are_shown_with_errors_where_they_are_the_error():
    shown = {}
    for level in LEVELS:
        log = to_builtins(event_log(enumerate(story(level).history, 1)))
        shown[level] = {entry["type"] for entry in log if {"input", "output"} & set(entry)}
    assert shown["full"] == {"EXECUTION_STARTED", "STEP_STARTED", "STEP_SUCCEEDED", "WAIT_RESUMED", "STEP_FAILED"}
    assert shown["errors"] == {"STEP_FAILED"}
    assert shown["none"] == set()


def test_condensed_logs_have_the_visits_that_the_level_shows():
    visits = {level: to_builtins(condense_logs(enumerate(story(level).history, 1), 10**6))[0] for level in LEVELS}
    assert list(visits["full"]) == ["WorkflowStartState", "if", "c", "w", "d"]
    assert visits["errors"] == {"d": visits["full"]["d"]}
    assert visits["errors"]["d"][0]["output"] == {"status": "500", "data": "broken"}
    assert visits["none"] == {}


def test_a_visit_that_is_retried_or_timed_out_is_shown_with_errors():
    simulator = Simulator(workflow(*STORY, edges=EDGES, settings={"log": "errors"}))
    simulator.start({"n": 2})
    simulator.fail()
    visits, _ = to_builtins(condense_logs(enumerate(simulator.history, 1), 10**6))
    assert [(name, found[0]["status"], found[0]["error"]["code"]) for name, found in visits.items()] == [
        ("c", "RUNNING", "CONNECTION")
    ]
    late = Simulator(workflow(step("w", "wait", {"timeout": "PT1H"}), edges="start>w", settings={"log": "errors"}))
    late.start()
    late.tick(3600)
    assert types(late) == ["EXECUTION_STARTED", "WAIT_TIMED_OUT", "EXECUTION_COMPLETED"]
    visits, _ = to_builtins(condense_logs(enumerate(late.history, 1), 10**6))
    assert [found[0]["status"] for found in visits.values()] == ["TIMED_OUT"]


@pytest.mark.parametrize("level", ["errors", "none"])
def test_the_state_is_the_same_at_every_level(level):
    full, other = story("full"), story(level)
    assert unlogged(other.history[1:]) == unlogged(full.history[1:])
    assert fold(other.history) == other.state
    for read in (incidents_of, lambda state: mask_document(full.workflow, state)):
        assert read(other.state) == read(full.state)
    for simulator in (full, other):
        simulator.submit(Redrive(at=simulator.now, by="operator"))
        simulator.succeed({"status": "200", "data": "fixed"})
    assert other.state.status == "COMPLETED"
    assert mask_document(full.workflow, other.state) == mask_document(full.workflow, full.state)


def test_values_that_only_the_log_shows_are_not_stored():
    ends = {}
    for level in LEVELS:
        simulator = story(level)
        (computed,) = [event for event in simulator.history if isinstance(event, Computed)]
        ends[level] = computed.input
        assert {event.log for event in simulator.history} == {level}
        assert [event.output for event in simulator.history if isinstance(event, StepFailed)][-1]["data"] == "broken"
    (shown,) = ends["full"]
    assert (shown["variable"], shown["value"]) == ("${payload.output.n}", 2)
    assert ends["errors"] is None
    assert ends["none"] is None


@pytest.mark.parametrize(("level", "result"), [("full", "late"), ("errors", "late"), ("none", None)])
def test_a_late_result_is_stored_where_the_level_shows_it(level, result):
    simulator = Simulator(workflow(call("c"), edges="start>c", settings={"log": level}))
    simulator.start()
    (effect,) = simulator.effects
    simulator.terminate()
    simulator.report(effect, "late")
    assert [event.result for event in simulator.history if isinstance(event, Discarded)] == [result]
    assert ("STEP_RESULT_DISCARDED" in types(simulator)) == (level != "none")


def test_a_workflow_of_conditions_stores_about_half():
    checks = [step(f"if_{n}", "conditional", {"rules": RULES * 3}) for n in range(20)]
    edges = " ".join(["start>if_0", *(f"if_{n}:yes>if_{n + 1}" for n in range(19))])
    sizes = {}
    for level in ("full", "none"):
        simulator = Simulator(workflow(*checks, edges=edges, settings={"log": level}))
        simulator.start({"n": 2})
        assert simulator.state.status == "COMPLETED"
        sizes[level] = len(encode_history(simulator.history))
    assert sizes["none"] < 0.55 * sizes["full"]


def test_a_secret_that_a_condition_looked_at_is_no_longer_named_where_it_is_not_stored():
    simulator = Simulator(
        workflow(
            step("if", "conditional", {"rules": RULES}),
            edges="start>if",
            settings={"log": "errors"},
            trigger={"secret": ["/output/n"]},
        )
    )
    simulator.start({"n": 2})
    (computed,) = [event for event in simulator.history if isinstance(event, Computed)]
    assert (computed.input, computed.secret) == (None, ())


def test_each_level_shows_fewer_types():
    for name in ("STEP_STARTED", "STEP_FAILED", "EXECUTION_EDITED"):
        assert [level for level in LEVELS if shows_entry(level, name)] == list(levels_of(name))
    assert levels_of("STEP_STARTED") == ("full",)
    assert levels_of("STEP_FAILED") == ("full", "errors")
    assert levels_of("EXECUTION_EDITED") == ("full", "errors", "none")
