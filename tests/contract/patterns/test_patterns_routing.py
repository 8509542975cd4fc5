"""Patterns that choose a way: sequence, choice, merge, loop, cancel."""

from typing import Any

import pytest

from kit.definitions import call, chain, counting, email, function, graph, note, step, stop
from kit.driver import Driver
from looply.definition import START
from looply.errors import Rejected
from looply.testing.world import Answer, Output

LARGE = {"variable": "${payload.output.amount}", "operator": "NumericGreaterThan", "value": 1000}


async def run(engine: Driver, workflow: Any, body: Any = None) -> tuple[str, list[str]]:
    """Returns the final status of an execution and its path without its start."""
    execution_id = await engine.trigger(workflow, body)
    await engine.settle()
    started, *path = await engine.path(execution_id)
    assert started == "ExecutionStarted"
    return await engine.status(execution_id), path


async def test_a_sequence_visits_its_steps_in_order(engine: Driver) -> None:
    assert await run(engine, chain(note("a"), call("b"), note("c"))) == (
        "COMPLETED",
        ["Computed a", "StepScheduled b", "StepSucceeded b", "Computed c", "ExecutionClosed c"],
    )


@pytest.mark.parametrize(("amount", "way"), [(1001, "large"), (1000, "small"), ("1001", "small")])
async def test_an_exclusive_choice_takes_one_way_and_both_meet_again(engine: Driver, amount: Any, way: str) -> None:
    workflow = graph(
        step("choice", "conditional", {"rules": [LARGE]}),
        note("large"),
        note("small"),
        note("merged"),
        edges=(
            (START, "next", "choice"),
            ("choice", "yes", "large"),
            ("choice", "no", "small"),
            ("large", "next", "merged"),
            ("small", "next", "merged"),
        ),
    )
    assert await run(engine, workflow, {"amount": amount}) == (
        "COMPLETED",
        ["Computed choice", f"Computed {way}", "Computed merged", "ExecutionClosed merged"],
    )


@pytest.mark.parametrize(("action", "way"), [("approve", "yes"), ("reject", "no"), ("shrug", "rest"), (None, "rest")])
async def test_a_multiple_choice_takes_the_branch_of_its_value_or_else(engine: Driver, action: Any, way: str) -> None:
    branches = [{"id": "a", "value": "approve"}, {"id": "r", "value": "reject"}]
    settings = {"variable": "${payload.output.action}", "operator": "StringEquals", "branches": branches}
    workflow = graph(
        step("choice", "branchConditional", settings),
        note("yes"),
        note("no"),
        note("rest"),
        edges=((START, "next", "choice"), ("choice", "a", "yes"), ("choice", "r", "no"), ("choice", "else", "rest")),
    )
    assert await run(engine, workflow, {"action": action}) == (
        "COMPLETED",
        ["Computed choice", f"Computed {way}", f"ExecutionClosed {way}"],
    )


@pytest.mark.parametrize(
    ("body", "way"),
    [({"amount": 2000, "kind": "x"}, "big"), ({"kind": "urgent"}, "big"), ({"amount": 5, "kind": "x"}, "rest")],
)
async def test_an_advanced_choice_joins_its_conditions_by_and_and_or(engine: Driver, body: Any, way: str) -> None:
    conditions = [
        {"join": "simple", **LARGE},
        {"join": "and", "variable": "${payload.output.kind}", "operator": "StringEquals", "value": "x"},
        {"join": "or", "variable": "${payload.output.kind}", "operator": "StringEquals", "value": "urgent"},
    ]
    workflow = graph(
        step("choice", "advancedConditional", {"branches": [{"id": "big", "conditions": conditions}]}),
        note("big"),
        note("rest"),
        edges=((START, "next", "choice"), ("choice", "big", "big"), ("choice", "else", "rest")),
    )
    assert await run(engine, workflow, body) == (
        "COMPLETED",
        ["Computed choice", f"Computed {way}", f"ExecutionClosed {way}"],
    )


async def test_an_exit_without_an_edge_ends_the_execution(engine: Driver) -> None:
    workflow = graph(step("choice", "conditional", {"rules": [LARGE]}), edges=((START, "next", "choice"),))
    assert await run(engine, workflow, {"amount": 1}) == ("COMPLETED", ["Computed choice", "ExecutionClosed choice"])


async def test_a_loop_goes_round_until_its_condition_ends_it(engine: Driver) -> None:
    status, path = await run(engine, counting(3))
    rounds = ["Computed count", "Computed more", "Computed again"] * 2
    assert (status, path) == ("COMPLETED", [*rounds, "Computed count", "Computed more", "ExecutionClosed more"])


async def test_a_loop_without_an_end_stops_at_its_limit(engine: Driver) -> None:
    workflow = graph(
        note("work"),
        step("again", "redirect", {"target": "work", "max_visits": 2}),
        note("limit"),
        edges=((START, "next", "work"), ("work", "next", "again"), ("again", "error", "limit")),
    )
    status, path = await run(engine, workflow)
    assert status == "COMPLETED"
    assert path == [
        *["Computed work", "Computed again"] * 2,
        "Computed work",
        "StepFailed again",
        "ErrorCaught again",
        "Computed limit",
        "ExecutionClosed limit",
    ]


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED"])
async def test_a_terminate_step_ends_at_once(engine: Driver, status: str) -> None:
    assert await run(engine, chain(note("a"), stop("end", status))) == (
        status,
        ["Computed a", "Computed end", "ExecutionClosed end"],
    )


async def test_a_failed_step_leaves_by_its_error_exit(engine: Driver) -> None:
    engine.world.script("b", Answer(status=500))
    workflow = chain(note("a"), call("b", fail_on=["5xx"]), note("c"), note("mend"), edges=(("b", "error", "mend"),))
    assert await run(engine, workflow) == (
        "COMPLETED",
        ["Computed a", "StepScheduled b", "StepFailed b", "ErrorCaught b", "Computed mend", "ExecutionClosed mend"],
    )


async def test_a_failed_step_without_an_error_exit_opens_an_incident(engine: Driver) -> None:
    engine.world.script("b", Answer(status=500))
    assert await run(engine, chain(call("b", fail_on=["5xx"]), note("c"))) == (
        "FAILED",
        ["StepScheduled b", "StepFailed b", "IncidentOpened b"],
    )


async def test_an_expression_that_cannot_be_evaluated_fails_its_step(engine: Driver) -> None:
    status, path = await run(engine, chain(note("a", "${div(1, payload.output.zero)}")), {"zero": 0})
    assert (status, path) == ("FAILED", ["StepFailed a", "IncidentOpened a"])


async def test_code_decides_and_a_mail_that_is_refused_takes_another_way(engine: Driver) -> None:
    engine.world.script("rate", Output({"amount": 1001}))
    engine.world.script("tell", Rejected("no such user", code="MAIL_REFUSED", status="550"))
    large = {"variable": "${rate.output.amount}", "operator": "NumericGreaterThan", "value": 1000}
    workflow = graph(
        function("rate"),
        step("choice", "conditional", {"rules": [large]}),
        email("tell"),
        note("call_instead", "${error.code}"),
        edges=(
            (START, "next", "rate"),
            ("rate", "next", "choice"),
            ("choice", "yes", "tell"),
            ("tell", "error", "call_instead"),
        ),
    )
    assert await run(engine, workflow) == (
        "COMPLETED",
        [
            "StepScheduled rate",
            "StepSucceeded rate",
            "Computed choice",
            "StepScheduled tell",
            "StepFailed tell",
            "ErrorCaught tell",
            "Computed call_instead",
            "ExecutionClosed call_instead",
        ],
    )
