"""Patterns over several executions: a call of another workflow, its failure, a line before a narrow place."""

from contract.engine.steps.children import CALLEE, calling_child, caught, child_of
from kit.definitions import asking, chain, note, stop, wait
from kit.driver import Driver


async def test_a_parent_continues_where_its_child_has_ended(engine: Driver) -> None:
    engine.callees.put(CALLEE, asking())
    parent = await engine.trigger(calling_child())
    await engine.deliver()
    child = await child_of(engine, parent)
    await engine.resume(child)
    await engine.deliver()
    assert await engine.path(parent) == [
        "ExecutionStarted",
        "ChildStarted subworkflow_1",
        "ChildClosed subworkflow_1",
        "StepSucceeded subworkflow_1",
        "Computed note_1",
        "ExecutionClosed note_1",
    ]
    assert await engine.path(child) == [
        "ExecutionStarted",
        "Continued",
        "WaitOpened wait_1",
        "Resumed wait_1",
        "Computed note_1",
        "ExecutionClosed note_1",
    ]


async def test_a_child_that_fails_for_good_is_caught(engine: Driver) -> None:
    engine.callees.put(CALLEE, chain(stop()))
    parent = await engine.trigger(caught())
    await engine.deliver()
    assert await engine.path(parent) == [
        "ExecutionStarted",
        "ChildStarted subworkflow_1",
        "ChildClosed subworkflow_1",
        "StepFailed subworkflow_1",
        "ErrorCaught subworkflow_1",
        "Computed rescue",
        "ExecutionClosed rescue",
    ]


async def test_of_a_workflow_that_is_limited_one_runs_and_one_waits(engine: Driver) -> None:
    workflow = chain(wait(), note(), max_concurrency=1)
    first, second = await engine.trigger(workflow), await engine.trigger(workflow)
    await engine.deliver()
    assert await engine.path(first) == ["ExecutionStarted", "Queued", "Admitted", "WaitOpened wait_1"]
    assert await engine.path(second) == ["ExecutionStarted", "Queued"]
    await engine.resume(first)
    await engine.deliver()
    assert await engine.path(second) == ["ExecutionStarted", "Queued", "Admitted", "WaitOpened wait_1"]
