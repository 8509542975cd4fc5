"""Datastores: what one execution keeps, another one reads; every change counts, once."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from kit.definitions import adding, chain, datastore, note, repeating, side_by_side, stop
from kit.driver import ORGANIZATION, Driver
from looply.definition import Workflow
from looply.engine.records.datastores import change_of
from looply.errors import StoreUnreachable
from looply.execution.facts.commands import Terminated
from looply.execution.facts.datastores import DatastoreWrite
from looply.execution.facts.events import (
    Discarded,
    IncidentOpened,
    StepFailed,
    StepScheduled,
    StepSucceeded,
    StepUnknown,
)
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS

BEFORE_INTENTION = "before-the-intention-is-stored"
IN_FLIGHT = "after-the-intention-is-stored"
BEFORE_OUTCOME = "before-the-outcome-is-stored"
AFTER_OUTCOME = "after-the-outcome-is-stored"

OTHER_ORGANIZATION = "01900000-0000-7000-8000-0000000000ff"
SECOND = timedelta(seconds=1)


async def stored(engine: Driver, name: str = "prices") -> tuple[Json, int]:
    """Returns value and revision of a datastore; (None, 0) when there is none."""
    known = (await engine.shell.datastores.find(ORGANIZATION, name)).known
    return known.value, known.revision


async def keep(engine: Driver, value: Json, name: str = "prices") -> None:
    """Stores a datastore as a caller does, whatever is there."""
    known = (await engine.shell.datastores.find(ORGANIZATION, name)).known
    write = DatastoreWrite(name=name, expected=known.revision, revision=known.next_revision, value=value)
    await engine.shell.datastores.put(change_of(ORGANIZATION, write, engine.clock.now(), "caller", DEFAULT_LIMITS))


async def run(engine: Driver, workflow: Workflow, body: Json = None) -> str:
    """Runs a workflow until it rests, and returns the id of its execution."""
    execution_id = await engine.trigger(workflow, body)
    await engine.settle()
    return execution_id


async def output(engine: Driver, execution_id: str, step: str) -> Json:
    """Returns what a step gave."""
    return (await engine.state(execution_id)).outputs[step]


def setting(**settings: Any) -> Workflow:
    """Returns a workflow that sets `/seen` of a datastore to the caller's key."""
    facts = {"path": "/seen", "value": "${payload.output.key}", **settings}
    return chain(datastore("set", **facts), note())


async def bring_to(engine: Driver, workflow: Workflow, point: str) -> None:
    """Starts the workflow and brings its first step to this point."""
    engine.faults.hold()
    engine.call(engine.trigger(workflow, {"key": "k"}))
    await engine.settle()
    if point == IN_FLIGHT:
        engine.faults.lost_answers = 1
    if point != BEFORE_INTENTION:
        engine.faults.let_go()
    if point in (BEFORE_OUTCOME, AFTER_OUTCOME):
        engine.faults.hold()
        await engine.faults.holding(1)
        await engine.settle()
    if point == AFTER_OUTCOME:
        engine.faults.lost_answers = 1
        engine.faults.let_go()
    await engine.settle()


async def delayed(engine: Driver) -> None:
    """Starts an execution whose change is computed, and stored only when half a second has passed."""
    await bring_to(engine, setting(), BEFORE_OUTCOME)
    engine.faults.fails = [StoreUnreachable("the store is away")]
    engine.faults.let_go()
    await engine.settle()


class DatastoreStories:
    """What steps read and change."""

    async def test_what_one_execution_sets_another_one_gets(self, engine: Driver) -> None:
        first = await run(engine, chain(datastore("set", value={"bolt": 3, "nut": [1, 2]}), note()))
        second = await run(engine, chain(datastore("get"), datastore("get", "get_2", path="/nut/1"), note()))
        assert await output(engine, first, "set_1") == {"value": {"bolt": 3, "nut": [1, 2]}, "revision": 1}
        assert await output(engine, second, "get_1") == {"value": {"bolt": 3, "nut": [1, 2]}, "revision": 1}
        assert await output(engine, second, "get_2") == {"value": 2, "revision": 1}
        assert [await engine.status(each) for each in (first, second)] == ["COMPLETED", "COMPLETED"]

    async def test_each_change_has_the_next_revision(self, engine: Driver) -> None:
        steps = (
            datastore("set", "first", path="/a/b", value=1),
            datastore("merge", "second", value={"a": {"c": 2}, "gone": None}),
            datastore("delete", "third", path="/a/b"),
            datastore("delete", "fourth", path="/a/b"),
        )
        execution_id = await run(engine, chain(*steps))
        assert await output(engine, execution_id, "first") == {"value": 1, "revision": 1}
        assert await output(engine, execution_id, "second") == {"value": {"a": {"b": 1, "c": 2}}, "revision": 2}
        assert await output(engine, execution_id, "third") == {"value": 1, "revision": 3}
        assert await output(engine, execution_id, "fourth") == {"value": None, "revision": 3}
        assert await stored(engine) == ({"a": {"c": 2}}, 3)

    async def test_what_is_not_there_is_null_at_revision_0(self, engine: Driver) -> None:
        execution_id = await run(engine, chain(datastore("get"), datastore("delete")))
        assert await output(engine, execution_id, "get_1") == {"value": None, "revision": 0}
        assert await output(engine, execution_id, "delete_1") == {"value": None, "revision": 0}

    async def test_a_datastore_that_is_created_again_does_not_reuse_a_revision(self, engine: Driver) -> None:
        steps = (datastore("set", value=1), datastore("delete"), datastore("set", "again", value=2))
        execution_id = await run(engine, chain(*steps))
        assert await output(engine, execution_id, "delete_1") == {"value": 1, "revision": 0}
        assert await output(engine, execution_id, "again") == {"value": 2, "revision": 3}

    async def test_another_revision_than_the_expected_one_fails_the_step(self, engine: Driver) -> None:
        await keep(engine, {"bolt": 3})
        execution_id = await run(engine, setting(if_revision=7))
        (failed,) = await engine.events(execution_id, StepFailed)
        assert failed.code == "CONFLICT"
        assert await engine.status(execution_id) == "FAILED"
        assert await stored(engine) == ({"bolt": 3}, 1)

    async def test_a_conflict_leads_to_the_exit_for_errors(self, engine: Driver) -> None:
        await keep(engine, 1)
        handled = chain(
            datastore("set", value=2, if_revision=0),
            stop(reason="${error.code}"),
            edges=(("set_1", "error", "stop_1"),),
        )
        execution_id = await run(engine, handled)
        closed = (await engine.state(execution_id)).closed
        assert closed is not None
        assert closed.reason == "CONFLICT"

    async def test_a_path_through_a_value_without_members_fails_the_step(self, engine: Driver) -> None:
        await keep(engine, {"seen": 3})
        execution_id = await run(engine, setting(path="/seen/by"))
        (failed,) = await engine.events(execution_id, StepFailed)
        assert failed.code == "BAD_INPUT"
        assert await stored(engine) == ({"seen": 3}, 1)

    async def test_a_computed_part_of_a_path_is_one_name(self, engine: Driver) -> None:
        await run(engine, setting(path="/seen/${payload.output.key}"), {"key": "a/b~c"})
        assert await stored(engine) == ({"seen": {"a/b~c": "a/b~c"}}, 1)

    async def test_a_document_over_the_limit_fails_the_step_and_changes_nothing(self, engine: Driver) -> None:
        engine.limits = replace(engine.limits, datastore_bytes=100)
        await engine.restart()
        await run(engine, setting(), {"key": "a" * 60})
        execution_id = await run(engine, setting(path="/more"), {"key": "b" * 60})
        (failed,) = await engine.events(execution_id, StepFailed)
        assert failed.code == "LIMIT"
        assert await stored(engine) == ({"seen": "a" * 60}, 1)

    async def test_an_organization_has_no_more_datastores_than_it_may(self, engine: Driver) -> None:
        engine.limits = replace(engine.limits, datastores=3)
        await engine.restart()
        ids = [await engine.trigger(setting(name=f"d{n}"), {"key": n}) for n in range(5)]
        await engine.settle()
        assert Counter([await engine.status(each) for each in ids]) == {"COMPLETED": 3, "FAILED": 2}
        failures = [event.code for each in ids for event in await engine.events(each, StepFailed)]
        assert failures == ["DATASTORES_FULL", "DATASTORES_FULL"]
        assert len(await engine.shell.datastores.list(ORGANIZATION, "", 10)) == 3

    async def test_what_another_organization_keeps_is_not_there(self, engine: Driver) -> None:
        await keep(engine, {"bolt": 3})
        execution_id = await engine.trigger(chain(datastore("get")), organization_id=OTHER_ORGANIZATION)
        await engine.settle()
        assert await output(engine, execution_id, "get_1") == {"value": None, "revision": 0}

    async def test_a_datastore_survives_restarts(self, engine: Driver) -> None:
        await run(engine, setting(), {"key": "k"})
        await engine.restart()
        assert await stored(engine) == ({"seen": "k"}, 1)
        await engine.crash()
        execution_id = await run(engine, chain(datastore("get")))
        assert await output(engine, execution_id, "get_1") == {"value": {"seen": "k"}, "revision": 1}


class DatastoreRaceStories:
    """Many executions want one datastore at the same moment."""

    async def test_of_64_merges_at_once_none_is_lost(self, engine: Driver) -> None:
        workflow = chain(
            datastore("set", path="/${payload.output.key}", value=1), datastore("merge", value={"on": True})
        )
        ids = await engine.together(*(engine.trigger(workflow, {"key": f"k{n}"}) for n in range(64)))
        await engine.settle()
        assert {await engine.status(each) for each in ids} == {"COMPLETED"}
        value, revision = await stored(engine)
        assert value == {**{f"k{n}": 1 for n in range(64)}, "on": True}
        assert revision == 128

    async def test_64_counters_that_expect_a_revision_count_to_64(self, engine: Driver) -> None:
        ids = await engine.together(*(engine.trigger(adding()) for _ in range(64)))
        await engine.settle()
        assert {await engine.status(each) for each in ids} == {"COMPLETED"}
        assert await stored(engine) == ({"count": 64}, 64)

    async def test_iterations_and_branches_of_one_execution_lose_nothing(self, engine: Driver) -> None:
        looping = repeating(datastore("set", path="/${item}", value="${index}"), concurrency=8)
        first = await run(engine, looping, {"items": [f"i{n}" for n in range(40)]})
        branches = [datastore("merge", f"b{n}", value={f"b{n}": n}) for n in range(8)]
        second = await run(engine, side_by_side(*branches))
        assert [await engine.status(each) for each in (first, second)] == ["COMPLETED", "COMPLETED"]
        value = {**{f"i{n}": n for n in range(40)}, **{f"b{n}": n for n in range(8)}}
        assert await stored(engine) == (value, 48)

    async def test_of_32_that_expect_one_revision_one_wins(self, engine: Driver) -> None:
        await keep(engine, {"seen": None})
        ids = await engine.together(*(engine.trigger(setting(if_revision=1), {"key": n}) for n in range(32)))
        await engine.settle()
        assert Counter([await engine.status(each) for each in ids]) == {"COMPLETED": 1, "FAILED": 31}
        (winner,) = [n for n, each in enumerate(ids) if await engine.status(each) == "COMPLETED"]
        assert await stored(engine) == ({"seen": winner}, 2)

    async def test_of_32_that_make_a_datastore_one_wins(self, engine: Driver) -> None:
        ids = await engine.together(*(engine.trigger(setting(if_revision=0), {"key": n}) for n in range(32)))
        await engine.settle()
        assert Counter([await engine.status(each) for each in ids]) == {"COMPLETED": 1, "FAILED": 31}
        assert (await stored(engine))[1] == 1

    async def test_a_caller_that_is_faster_costs_a_step_nothing(self, engine: Driver) -> None:
        await bring_to(engine, setting(), BEFORE_OUTCOME)
        await keep(engine, {"bolt": 3})
        engine.faults.let_go()
        await engine.settle()
        assert await stored(engine) == ({"bolt": 3, "seen": "k"}, 2)
        (item,) = await engine.newest()
        assert await output(engine, item.head.execution_id, "set_1") == {"value": "k", "revision": 2}

    async def test_a_caller_that_is_faster_is_a_conflict_where_a_revision_is_expected(self, engine: Driver) -> None:
        await bring_to(engine, setting(if_revision=0), BEFORE_OUTCOME)
        await keep(engine, {"bolt": 3})
        engine.faults.let_go()
        await engine.settle()
        (item,) = await engine.newest()
        (failed,) = await engine.events(item.head.execution_id, StepFailed)
        assert failed.code == "CONFLICT"
        assert await stored(engine) == ({"bolt": 3}, 1)


class DatastoreCrashStories:
    """A change and the outcome of its step are both there, or neither is."""

    @pytest.mark.parametrize("point", [IN_FLIGHT, BEFORE_OUTCOME, AFTER_OUTCOME])
    async def test_after_a_crash_at_each_point_the_change_is_made_once(self, engine: Driver, point: str) -> None:
        merging = chain(datastore("merge", value={"a": 1}), datastore("set", path="/seen", value="k"), note())
        await bring_to(engine, merging, point)
        await engine.crash()
        await engine.settle()
        (item,) = await engine.newest()
        execution_id = item.head.execution_id
        assert item.head.status == "COMPLETED"
        assert await stored(engine) == ({"a": 1, "seen": "k"}, 2)
        assert len(await engine.events(execution_id, StepSucceeded)) == 2
        # After the outcome it is the second step that was in flight.
        assert [event.cause for event in await engine.events(execution_id, StepUnknown)] == ["CRASH"]
        assert await engine.events(execution_id, IncidentOpened) == []
        assert len(await engine.events(execution_id, StepScheduled)) == 3

    @pytest.mark.parametrize("point", [IN_FLIGHT, BEFORE_OUTCOME, AFTER_OUTCOME])
    async def test_at_each_point_of_a_crash_the_change_is_there_exactly_when_the_outcome_is(
        self, engine: Driver, point: str
    ) -> None:
        await bring_to(engine, setting(), point)
        units = [unit for unit in engine.faults.units if unit.datastore is not None]
        assert len(units) == (1 if point == AFTER_OUTCOME else 0)
        assert (await stored(engine))[1] == len(units)
        (item,) = await engine.newest()
        assert len(await engine.events(item.head.execution_id, StepSucceeded)) == len(units)
        await engine.crash()
        await engine.settle()
        assert await stored(engine) == ({"seen": "k"}, 1)

    async def test_a_crash_before_the_intention_is_stored_leaves_nothing(self, engine: Driver) -> None:
        await bring_to(engine, setting(), BEFORE_INTENTION)
        await engine.crash()
        await engine.settle()
        assert (await engine.newest(), await stored(engine)) == ([], (None, 0))

    async def test_a_full_disk_delays_the_change_and_doubles_nothing(self, engine: Driver) -> None:
        await bring_to(engine, setting(), BEFORE_OUTCOME)
        engine.faults.is_full = True
        engine.faults.let_go()
        await engine.settle()
        assert (engine.faults.refused, (await stored(engine))[1]) == (1, 0)
        engine.faults.is_full = False
        await engine.advance(SECOND)
        (item,) = await engine.newest()
        assert item.head.status == "COMPLETED"
        assert await stored(engine) == ({"seen": "k"}, 1)

    async def test_what_is_terminated_while_others_have_their_turn_changes_nothing(self, engine: Driver) -> None:
        await delayed(engine)
        late = await run(engine, setting(path="/late"), {"key": "late"})
        assert await engine.terminate(late) == Terminated()
        await engine.advance(SECOND)
        assert await stored(engine) == ({"seen": "k"}, 1)
        assert await engine.events(late, StepSucceeded) == []

    async def test_what_is_terminated_before_its_outcome_is_stored_changes_nothing(self, engine: Driver) -> None:
        await delayed(engine)
        (item,) = await engine.newest()
        execution_id = item.head.execution_id
        assert await engine.terminate(execution_id) == Terminated()
        await engine.advance(SECOND)
        assert await stored(engine) == (None, 0)
        assert await engine.events(execution_id, StepSucceeded) == []
        assert len(await engine.events(execution_id, Discarded)) == 1
