"""Executions that start executions: what each is notified of about the other, in every order and over every crash."""

import asyncio
from typing import Any

import pytest

from contract.engine.upkeep.proofs import stored_text
from kit.definitions import asking, call, chain, graph, note, step, stop, wait
from kit.driver import Driver
from looply.definition import START, Workflow
from looply.errors import StoreFull
from looply.execution.facts.commands import Declined, Released, Terminated
from looply.execution.facts.events import ChildClosed, ChildStarted, ErrorCaught, ExecutionStarted, StepFailed
from looply.jsontext import Json
from looply.testing.world import HANG, Answer

CALLEE = "01900000-0000-7000-8000-0000000000c1"
OTHER = "01900000-0000-7000-8000-0000000000c2"


def sub(id_: str = "subworkflow_1", workflow_id: str = CALLEE, **settings: Json) -> dict[str, Json]:
    """Returns a `subworkflow` step."""
    return step(id_, "subworkflow", {"workflow_id": workflow_id, **settings})


def calling_child(**settings: Json) -> Workflow:
    """Returns a workflow that starts an execution and continues when it has ended."""
    return chain(sub(payload={"po": "${payload.output.po}"}, **settings), note())


def caught(**settings: Json) -> Workflow:
    """Returns a workflow whose step with a child has an error exit."""
    return chain(sub(**settings), note(), note("rescue"), edges=(("subworkflow_1", "error", "rescue"),))


async def child_of(engine: Driver, parent: str, number: int = 0) -> str:
    """Returns the id of an execution that another one wants."""
    requests = await engine.events(parent, ChildStarted)
    found: str = requests[number].child_id
    return found


async def statuses(engine: Driver, *execution_ids: str) -> list[str]:
    """Returns the status of each execution."""
    return [await engine.status(execution_id) for execution_id in execution_ids]


async def output_of(engine: Driver, execution_id: str, name: str = "subworkflow_1") -> Any:
    """Returns the output of a step."""
    return (await engine.state(execution_id)).outputs[name]


class ChildStories:
    """A step starts an execution of another workflow, and ends with it."""

    async def test_a_child_that_ends_gives_its_output_to_the_step(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, chain(note("done", "${concat(payload.output.po, '!')}")))
        parent = await engine.trigger(calling_child(), {"po": "4711"})
        assert (await engine.status(parent), (await engine.state(parent)).current_state) == ("WAITING", "subworkflow_1")
        await engine.deliver()
        child = await child_of(engine, parent)
        assert await statuses(engine, parent, child) == ["COMPLETED", "COMPLETED"]
        output = await output_of(engine, parent)
        assert (output["execution_id"], output["status"]) == (child, "COMPLETED")
        assert (output["output"]["po"], output["output"]["done"]) == ("4711", "4711!")

    async def test_a_child_is_an_execution_of_its_own_that_names_its_parent(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        parent = await engine.trigger(calling_child(), {"po": "4711"})
        await engine.deliver()
        child = await child_of(engine, parent)
        (head,) = await engine.find(child)
        assert (head.parent, head.workflow_id, head.process_id) == (parent, CALLEE, child)
        (first,) = await engine.events(child, ExecutionStarted)
        assert (first.depth, first.by, first.via) == (1, "caller", "PARENT")
        assert await statuses(engine, parent, child) == ["WAITING", "WAITING"]
        assert await engine.resume(child) == Released()
        await engine.deliver()
        assert await statuses(engine, parent, child) == ["COMPLETED", "COMPLETED"]

    async def test_without_wait_the_step_ends_when_the_child_is_stored(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        parent = await engine.trigger(calling_child(wait=False))
        await engine.deliver()
        child = await child_of(engine, parent)
        assert await statuses(engine, parent, child) == ["COMPLETED", "WAITING"]
        assert await output_of(engine, parent) == {"execution_id": child, "status": "RUNNING", "output": None}
        await engine.resume(child)
        await engine.deliver()
        assert len(await engine.events(parent, ChildClosed)) == 1

    @pytest.mark.parametrize("status", ["COMPLETED", "FAILED"])
    async def test_a_child_that_ends_itself_decides_how_the_step_ends(self, engine: Driver, status: str) -> None:
        engine.callees.put(CALLEE, chain(stop(status=status, reason="no budget")))
        parent = await engine.trigger(caught())
        await engine.deliver()
        child = await child_of(engine, parent)
        assert await statuses(engine, parent, child) == ["COMPLETED", status]
        failures = [(event.code, "no budget" in event.message) for event in await engine.events(parent, StepFailed)]
        assert failures == ([("CHILD_FAILED", True)] if status == "FAILED" else [])
        assert (await output_of(engine, parent))["status"] == status

    async def test_a_child_that_is_terminated_fails_the_step(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        parent = await engine.trigger(calling_child())
        await engine.deliver()
        child = await child_of(engine, parent)
        assert await engine.terminate(child, "not needed") == Terminated()
        await engine.deliver()
        (incident,) = (await engine.state(parent)).incidents.values()
        assert (incident.code, "not needed" in incident.message) == ("CHILD_TERMINATED", True)

    async def test_a_child_with_an_incident_keeps_its_parent_waiting(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=500))
        engine.callees.put(CALLEE, chain(call("call_1", fail_on=["5xx"])))
        parent = await engine.trigger(calling_child())
        await engine.deliver()
        child = await child_of(engine, parent)
        assert await statuses(engine, parent, child) == ["WAITING", "FAILED"]
        assert await engine.terminate(child) == Terminated()
        await engine.deliver()
        assert await engine.status(parent) == "FAILED"

    async def test_the_version_is_the_newest_active_one_when_it_starts(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking(), 1)
        parent = await engine.trigger(calling_child())
        fixed = await engine.trigger(calling_child(version=1))
        engine.callees.put(CALLEE, chain(wait(), note("second")), 2)
        await engine.deliver()
        found = [(await engine.find(await child_of(engine, each)))[0].workflow_version for each in (parent, fixed)]
        assert found == [2, 1]

    async def test_a_chain_of_children_is_notified_of_the_end_from_the_bottom_up(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, calling_child(workflow_id=OTHER))
        engine.callees.put(OTHER, asking())
        top = await engine.trigger(calling_child(), {"po": "4711"})
        await engine.deliver()
        middle = await child_of(engine, top)
        bottom = await child_of(engine, middle)
        assert await statuses(engine, top, middle, bottom) == ["WAITING"] * 3
        await engine.resume(bottom)
        await engine.deliver()
        assert await statuses(engine, top, middle, bottom) == ["COMPLETED"] * 3
        assert (await output_of(engine, top))["output"]["po"] == "4711"

    async def test_a_workflow_that_calls_itself_comes_to_an_end(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, caught())
        await engine.trigger(caught())
        await engine.deliver()
        items = await engine.newest()
        depths = [(await engine.state(item.head.execution_id)).started.depth for item in items]
        assert max(depths) == engine.limits.child_depth
        deepest = items[depths.index(max(depths))].head.execution_id
        assert [event.code for event in await engine.events(deepest, StepFailed)] == ["DEPTH_LIMIT"]
        assert {item.head.status for item in items} == {"COMPLETED"}

    async def test_children_of_equal_parents_are_their_own(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        parents = [await engine.trigger(calling_child()) for _ in range(3)]
        await engine.deliver()
        assert len({await child_of(engine, parent) for parent in parents}) == 3

    async def test_secrets_of_the_payload_and_of_the_output_stay_secret(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, chain(note("copy", "${payload.output.pin}"), note("plain", "visible")))
        login = call("login", secret=["/output/data"])
        engine.world.script("login", Answer(data={"pin": "sesame-open-4711"}))
        parent = await engine.trigger(chain(login, sub(payload={"pin": "${login.output.data.pin}"}), note()))
        await engine.deliver()
        child = await child_of(engine, parent)
        assert (await engine.state(child)).payload["copy"] == "sesame-open-4711"
        paths = [path[1:] for path in (await engine.state(parent)).secrets if path[0] == "subworkflow_1"]
        assert sorted(paths) == [("output", "output", "copy"), ("output", "output", "pin")]
        assert b"sesame-open-4711" not in stored_text(engine)


class RefusedChildStories:
    """The requested execution cannot be started."""

    async def test_a_workflow_that_does_not_exist_fails_the_step(self, engine: Driver) -> None:
        parent = await engine.trigger(calling_child())
        await engine.deliver()
        (incident,) = (await engine.state(parent)).incidents.values()
        assert incident.code == "WORKFLOW_NOT_FOUND"
        assert [event.outcome for event in await engine.events(parent, ChildClosed)] == ["REFUSED"]

    async def test_a_workflow_without_an_active_version_takes_the_error_exit(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking(), is_active=False)
        parent = await engine.trigger(caught())
        await engine.deliver()
        assert await engine.status(parent) == "COMPLETED"
        (event,) = await engine.events(parent, ErrorCaught)
        assert event.error["code"] == "NO_ACTIVE_VERSION"

    async def test_an_id_or_a_version_that_is_none_fails_the_step_at_once(self, engine: Driver) -> None:
        for settings in ({"workflow_id": "${payload.output.x}"}, {"version": "${payload.output.x}"}):
            parent = await engine.trigger(chain(sub(**settings), note()), {"x": "what"})
            (incident,) = (await engine.state(parent)).incidents.values()
            assert incident.code == "BAD_INPUT"

    async def test_a_payload_that_is_too_large_fails_the_step_at_once(self, engine: Driver) -> None:
        large = "${createArray(payload.output.x, payload.output.x, payload.output.x)}"
        parent = await engine.trigger(chain(sub(payload=large)), {"x": "x" * 400_000})
        (incident,) = (await engine.state(parent)).incidents.values()
        assert incident.code == "LIMIT"

    async def test_what_cannot_be_looked_up_now_is_tried_again(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, note_only())
        engine.callees.fails.append(StoreFull("the disk is full"))
        parent = await engine.trigger(calling_child())
        await engine.pump.tick()
        await engine.settle()
        assert await engine.status(parent) == "WAITING"
        await later(engine)
        assert await engine.status(parent) == "COMPLETED"

    async def test_a_refusal_that_comes_when_the_parent_has_ended_moves_nothing(self, engine: Driver) -> None:
        parent = await engine.trigger(calling_child())
        await engine.terminate(parent)
        await engine.deliver()
        assert await engine.status(parent) == "TERMINATED"
        assert [event.outcome for event in await engine.events(parent, ChildClosed)] == ["CANCELLED"]
        assert await engine.store.work.deliveries(10) == []


def note_only() -> Workflow:
    """Returns a callee that only computes."""
    return chain(note())


async def later(engine: Driver) -> None:
    """Lets everything happen that is tried again after a while."""
    await engine.deliver()


class ChildOrderStories:
    """The end of a child against the end of its parent, in every order."""

    async def test_a_parent_that_is_terminated_ends_the_child_that_it_waits_for(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        parent = await engine.trigger(calling_child())
        await engine.deliver()
        child = await child_of(engine, parent)
        await engine.terminate(parent)
        assert await statuses(engine, parent, child) == ["TERMINATED", "WAITING"]
        await engine.deliver()
        assert await statuses(engine, parent, child) == ["TERMINATED", "TERMINATED"]
        assert isinstance(await engine.resume(child), Declined)

    async def test_a_whole_chain_of_descendants_ends(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, calling_child(workflow_id=OTHER))
        engine.callees.put(OTHER, chain(call()))
        engine.world.script("call_1", HANG)
        top = await engine.trigger(calling_child())
        await engine.deliver()
        middle = await child_of(engine, top)
        bottom = await child_of(engine, middle)
        await engine.terminate(top)
        await engine.deliver()
        assert await statuses(engine, top, middle, bottom) == ["TERMINATED"] * 3
        engine.world.open_calls()[0].release()
        await engine.deliver()

    async def test_a_child_that_is_not_waited_for_outlives_its_parent(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        parent = await engine.trigger(chain(sub(wait=False), wait()))
        await engine.deliver()
        await engine.terminate(parent)
        await engine.deliver()
        assert await engine.status(await child_of(engine, parent)) == "WAITING"

    async def test_a_parent_that_ends_before_the_child_is_started_leaves_none_open(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        parent = await engine.trigger(calling_child())
        child = await child_of(engine, parent)
        await engine.terminate(parent)
        await engine.deliver()
        assert await statuses(engine, parent, child) == ["TERMINATED", "TERMINATED"]

    @pytest.mark.parametrize("first", ["child", "parent", "together"])
    async def test_the_end_of_the_child_and_a_terminate_of_the_parent_agree(self, engine: Driver, first: str) -> None:
        engine.callees.put(CALLEE, asking())
        parent = await engine.trigger(calling_child())
        await engine.deliver()
        child = await child_of(engine, parent)
        if first == "together":
            replies = await engine.together(engine.resume(child), engine.terminate(parent))
            assert replies == [Released(), Terminated()]
        elif first == "child":
            assert await engine.resume(child) == Released()
            assert await engine.terminate(parent) == Terminated()
        else:
            assert await engine.terminate(parent) == Terminated()
            assert await engine.resume(child) == Released()
        await engine.deliver()
        assert await statuses(engine, parent, child) == ["TERMINATED", "COMPLETED"]
        assert [event.outcome for event in await engine.events(parent, ChildClosed)] == ["CANCELLED"]

    async def test_the_end_of_the_child_and_its_own_terminate_have_one_winner(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        parent = await engine.trigger(caught())
        await engine.deliver()
        child = await child_of(engine, parent)
        replies = await engine.together(engine.terminate(child), engine.resume(child))
        await engine.deliver()
        assert replies[0] == Terminated()
        assert await statuses(engine, parent, child) == ["COMPLETED", "TERMINATED"]
        assert (await output_of(engine, parent))["status"] == "TERMINATED"

    async def test_a_child_that_ends_while_its_parent_is_terminated_in_one_unit(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        parent = await engine.trigger(calling_child())
        await engine.deliver()
        child = await child_of(engine, parent)
        await engine.resume(child)
        await engine.together(engine.pump.tick(), engine.terminate(parent))
        await engine.deliver()
        assert await engine.status(parent) in ("TERMINATED", "COMPLETED")
        assert await engine.status(child) == "COMPLETED"


class ManyChildrenStories:
    """One parent, a hundred children, one after the other and at once."""

    async def test_a_hundred_children_that_are_not_waited_for_all_start(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        steps = [sub(f"sub_{number}", wait=False) for number in range(100)]
        parent = await engine.trigger(chain(*steps))
        await engine.deliver()
        assert await engine.status(parent) == "COMPLETED"
        children = [event.child_id for event in await engine.events(parent, ChildStarted)]
        assert len(set(children)) == 100
        assert {await engine.status(child) for child in children} == {"WAITING"}

    async def test_a_loop_of_children_starts_another_one_each_time(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, note_only())
        rule = {"variable": "${payload.output.count}", "operator": "NumericLessThan", "value": 20}
        workflow = graph(
            sub("sub"),
            note("count", "${add(coalesce(payload.output.count, 0), 1)}"),
            step("more", "conditional", {"rules": [rule]}),
            step("again", "redirect", {"target": "sub"}),
            edges=(
                (START, "next", "sub"),
                ("sub", "next", "count"),
                ("count", "next", "more"),
                ("more", "yes", "again"),
            ),
        )
        parent = await engine.trigger(workflow)
        await engine.deliver()
        assert await engine.status(parent) == "COMPLETED"
        children = [event.child_id for event in await engine.events(parent, ChildStarted)]
        assert (len(children), len(set(children))) == (20, 20)


class ChildCrashStories:
    """The process ends between any two units of parent and child."""

    @pytest.mark.parametrize("units", range(8))
    async def test_a_crash_after_any_unit_loses_and_doubles_nothing(self, engine: Driver, units: int) -> None:
        engine.callees.put(CALLEE, chain(note(), call("call_1", "GET")))
        parent = await engine.trigger(calling_child(), {"po": "4711"})
        reached = await _crash_after(engine, units)
        await engine.deliver()
        child = await child_of(engine, parent)
        assert await statuses(engine, parent, child) == ["COMPLETED", "COMPLETED"]
        assert reached or units >= 5
        assert len(await engine.newest()) == 2
        assert len(await engine.events(parent, ChildStarted)) == len(await engine.events(parent, ChildClosed)) == 1

    @pytest.mark.parametrize("units", range(4))
    async def test_a_crash_after_any_unit_of_a_terminate_leaves_no_child_open(self, engine: Driver, units: int) -> None:
        engine.callees.put(CALLEE, calling_child(workflow_id=OTHER))
        engine.callees.put(OTHER, asking())
        top = await engine.trigger(calling_child())
        await engine.deliver()
        middle = await child_of(engine, top)
        bottom = await child_of(engine, middle)
        await engine.terminate(top)
        await _crash_after(engine, units)
        await engine.deliver()
        assert await statuses(engine, top, middle, bottom) == ["TERMINATED"] * 3

    async def test_children_continue_after_an_orderly_stop(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        parent = await engine.trigger(calling_child())
        await engine.restart()
        await engine.deliver()
        child = await child_of(engine, parent)
        await engine.restart()
        await engine.resume(child)
        await engine.restart()
        await engine.deliver()
        assert await statuses(engine, parent, child) == ["COMPLETED", "COMPLETED"]

    async def test_a_full_disk_holds_up_parent_and_child_until_there_is_space(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, note_only())
        parent = await engine.trigger(calling_child())
        engine.faults.is_full = True
        await engine.pump.tick()
        await engine.settle()
        assert await engine.status(parent) == "WAITING"
        engine.faults.is_full = False
        await later(engine)
        assert await engine.status(parent) == "COMPLETED"


class ResponseStories:
    """`on_failure`: an incident starts another workflow, once."""

    async def test_an_incident_starts_the_workflow_with_what_happened(self, engine: Driver) -> None:
        engine.callees.put(OTHER, note_only())
        parent = await engine.trigger(failing(), {"po": "4711"})
        await engine.deliver()
        child = await child_of(engine, parent)
        assert await statuses(engine, parent, child) == ["FAILED", "COMPLETED"]
        payload = (await engine.state(child)).payload
        (incident,) = (await engine.state(parent)).incidents.values()
        assert payload["incident"]["incident_id"] == incident.incident_id
        assert (payload["incident"]["state"], payload["incident"]["code"]) == ("call_1", "STATUS")
        assert payload["execution"]["workflow_execution_id"] == parent
        assert [event.outcome for event in await engine.events(parent, ChildClosed)] == ["STARTED"]

    async def test_it_is_started_once_however_often_the_process_ends(self, engine: Driver) -> None:
        engine.callees.put(OTHER, note_only())
        parent = await engine.trigger(failing())
        await engine.settle()
        for _ in range(3):
            await engine.crash()
            await engine.settle()
        await engine.deliver()
        assert len(await engine.newest(workflow_ids=(OTHER,))) == 1
        assert await engine.status(parent) == "FAILED"

    async def test_its_own_incident_and_those_of_its_children_start_nothing(self, engine: Driver) -> None:
        engine.callees.put(OTHER, chain(sub(workflow_id=CALLEE), on_failure=OTHER))
        engine.callees.put(CALLEE, failing())
        await engine.trigger(failing())
        await engine.deliver()
        found = [(item.head.workflow_id, item.head.status) for item in await engine.newest()]
        assert sorted(found)[:2] == [(CALLEE, "FAILED"), (OTHER, "WAITING")]
        assert len(found) == 3

    async def test_a_workflow_that_does_not_exist_is_logged(self, engine: Driver) -> None:
        parent = await engine.trigger(failing())
        await engine.deliver()
        (closed,) = await engine.events(parent, ChildClosed)
        assert (closed.outcome, closed.code) == ("REFUSED", "WORKFLOW_NOT_FOUND")
        assert await engine.status(parent) == "FAILED"

    async def test_a_terminate_before_it_is_started_does_not_keep_it_back(self, engine: Driver) -> None:
        engine.callees.put(OTHER, note_only())
        parent = await engine.trigger(failing())
        await engine.settle()
        await engine.terminate(parent)
        await engine.deliver()
        assert await statuses(engine, parent, await child_of(engine, parent)) == ["TERMINATED", "COMPLETED"]


def failing() -> Workflow:
    """Returns a workflow whose call fails for good, with a workflow that is started then."""
    return chain(call("call_1", fail_on=["2xx"]), on_failure=OTHER)


async def _crash_after(engine: Driver, units: int) -> bool:
    """Lets the process end after so many more units, if there are as many; returns whether there were."""
    engine.faults.die_after(units)
    before = -1
    ticking = engine.call(asyncio.sleep(0))
    while not engine.faults.is_dead and before != len(engine.faults.units):
        before = len(engine.faults.units)
        ticking = engine.call(engine.pump.tick())
        await engine.settle()
    reached = engine.faults.is_dead
    await engine.crash()
    await asyncio.gather(ticking, return_exceptions=True)
    return reached
