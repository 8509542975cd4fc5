"""Patterns of several paths: split, synchronize, discriminate, repeat, cancel."""

from typing import Any

import pytest

from kit.definitions import (
    call,
    delay,
    for_each,
    graph,
    join,
    note,
    parallel,
    repeating,
    side_by_side,
    step,
    wait,
)
from kit.driver import Driver
from looply.definition import START
from looply.testing.world import HANG, Answer


async def run(engine: Driver, workflow: Any, body: Any = None) -> tuple[str, list[str]]:
    """Returns the final status of an execution and its path without its start."""
    execution_id = await engine.trigger(workflow, body)
    await engine.settle()
    return await engine.status(execution_id), await path(engine, execution_id)


async def path(engine: Driver, execution_id: str) -> list[str]:
    """Returns the path of an execution without its start; an event of a branch or an iteration has its scope too."""
    started, *events = await engine.events(execution_id)
    assert type(started).__name__ == "ExecutionStarted"
    return [
        " ".join(filter(None, (type(event).__name__, getattr(event, "scope", ""), getattr(event, "step", ""))))
        for event in events
    ]


async def test_a_parallel_split_and_its_synchronization(engine: Driver) -> None:
    assert await run(engine, side_by_side(note("a"), note("b"))) == (
        "COMPLETED",
        [
            "ScopeOpened split",
            "Computed split[a] a",
            "ScopeClosed split[a]",
            "Computed split[b] b",
            "ScopeClosed split[b]",
            "StepSucceeded split",
            "Computed meet",
            "Computed last",
            "ExecutionClosed last",
        ],
    )


async def test_a_discriminator_takes_the_first_and_cancels_the_others(engine: Driver) -> None:
    engine.world.always("b", HANG)
    execution_id = await engine.trigger(side_by_side(wait("a"), call("b"), count="any"))
    b = await engine.world.wait_for_call("b")
    await engine.resume(execution_id)
    b.release(Answer())
    await engine.settle()
    assert await path(engine, execution_id) == [
        "ScopeOpened split",
        "WaitOpened split[a] a",
        "StepScheduled split[b] b",
        "Resumed split[a] a",
        "ScopeClosed split[a]",
        "Cancelled",
        "StepSucceeded split",
        "Computed meet",
        "Computed last",
        "ExecutionClosed last",
        "Discarded split[b] b",
    ]


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_a_partial_join_continues_after_so_many(engine: Driver, count: int) -> None:
    execution_id = await engine.trigger(side_by_side(wait("a"), wait("b"), wait("c"), count=count))
    for number, name in enumerate(("b", "c", "a")[:count], 1):
        assert await engine.status(execution_id) == "WAITING"
        await engine.resume(execution_id, {"n": number}, state=name)
    assert (await engine.state(execution_id)).payload["last"] == ["b", "c", "a"][:count]


async def test_an_implicit_end_of_branches_that_never_meet(engine: Driver) -> None:
    workflow = graph(
        parallel("a", "b"),
        note("a"),
        note("b"),
        edges=((START, "next", "split"), ("split", "a", "a"), ("split", "b", "b")),
    )
    assert await run(engine, workflow) == (
        "COMPLETED",
        [
            "ScopeOpened split",
            "Computed split[a] a",
            "ScopeClosed split[a]",
            "Computed split[b] b",
            "ScopeClosed split[b]",
            "StepSucceeded split",
            "ExecutionClosed split",
        ],
    )


async def test_a_choice_within_a_branch_may_end_it_before_the_join(engine: Driver) -> None:
    rule = {"variable": "${payload.output.go}", "operator": "BooleanEquals", "value": True}
    workflow = graph(
        parallel("a", "b"),
        step("if", "conditional", {"rules": [rule]}),
        note("b"),
        join("any"),
        note("last"),
        edges=(
            (START, "next", "split"),
            ("split", "a", "if"),
            ("if", "yes", "meet"),
            ("split", "b", "b"),
            ("b", "next", "meet"),
            ("meet", "next", "last"),
        ),
    )
    for go, arrived in ((True, ["a"]), (False, ["b"])):
        execution_id = await engine.trigger(workflow, {"go": go})
        assert (await engine.state(execution_id)).outputs["meet"]["arrived"] == arrived


async def test_several_instances_one_after_the_other(engine: Driver) -> None:
    assert await run(engine, repeating(note("a", "${item}")), {"items": ["x", "y"]}) == (
        "COMPLETED",
        [
            "ScopeOpened loop",
            "ScopeEntered loop",
            "Computed loop[0] a",
            "ScopeClosed loop[0]",
            "ScopeEntered loop",
            "Computed loop[1] a",
            "ScopeClosed loop[1]",
            "StepSucceeded loop",
            "Computed last",
            "ExecutionClosed last",
        ],
    )


async def test_several_instances_side_by_side(engine: Driver) -> None:
    status, events = await run(engine, repeating(call("a"), concurrency=2), {"items": [1, 2]})
    assert status == "COMPLETED"
    assert events[:5] == [
        "ScopeOpened loop",
        "ScopeEntered loop",
        "ScopeEntered loop",
        "StepScheduled loop[0] a",
        "StepScheduled loop[1] a",
    ]


async def test_a_loop_within_an_iteration_counts_its_visits_by_itself(engine: Driver) -> None:
    rule = {"variable": "${payload.output.n}", "operator": "NumericLessThan", "value": "${item}"}
    workflow = graph(
        for_each(),
        note("n", "${add(coalesce(payload.output.n, 0), 1)}"),
        step("more", "conditional", {"rules": [rule]}),
        step("again", "redirect", {"target": "n", "max_visits": 5}),
        note("done", "${payload.output.n}"),
        note("last", "${loop.output.items}"),
        edges=(
            (START, "next", "loop"),
            ("loop", "each", "n"),
            ("n", "next", "more"),
            ("more", "yes", "again"),
            ("more", "no", "done"),
            ("loop", "next", "last"),
        ),
    )
    execution_id = await engine.trigger(workflow, {"items": [1, 3, 2]})
    state = await engine.state(execution_id)
    assert (state.status, state.payload["last"]) == ("COMPLETED", [{"done": 1}, {"done": 3}, {"done": 2}])


async def test_cancelling_the_execution_cancels_every_branch(engine: Driver) -> None:
    execution_id = await engine.trigger(side_by_side(wait("a"), delay("b")))
    await engine.terminate(execution_id)
    assert (await path(engine, execution_id))[-2:] == ["Cancelled", "ExecutionClosed"]
    assert await engine.status(execution_id) == "TERMINATED"
