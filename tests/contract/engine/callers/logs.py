"""The setting `log`: what is stored, listed and streamed at each level, and what does not depend on it."""

from typing import get_args

import pytest

from contract.engine.callers.streams import read_feed
from contract.engine.steps.children import CALLEE, calling_child
from kit.definitions import call, chain, note, step, wait
from kit.driver import Driver
from looply.definition import LogLevel, Workflow
from looply.execution.facts.commands import Redrive, Released
from looply.execution.facts.events import ChildStarted, Computed, Discarded
from looply.execution.views.log_pages import log_page
from looply.execution.views.logs import event_log
from looply.jsontext import Json
from looply.limits import Limits
from looply.testing.world import HANG, Answer

LEVELS = get_args(LogLevel)
LOGGED = {
    "full": [
        "EXECUTION_STARTED",
        "STEP_SUCCEEDED",
        "WAIT_OPENED",
        "WAIT_RESUMED",
        "STEP_STARTED",
        "STEP_FAILED",
        "INCIDENT_OPENED",
        "EXECUTION_FAILED",
    ],
    "errors": ["EXECUTION_STARTED", "WAIT_RESUMED", "STEP_FAILED", "INCIDENT_OPENED", "EXECUTION_FAILED"],
    "none": ["EXECUTION_STARTED", "WAIT_RESUMED", "INCIDENT_OPENED", "EXECUTION_FAILED"],
}


def failing(level: str) -> Workflow:
    """Returns a workflow that looks at something, waits, and makes a call."""
    rules: Json = [{"variable": "${payload.output.po}", "operator": "IsPresent"}]
    edges = (("if_1", "yes", "wait_1"), ("wait_1", "next", "call_1"), ("call_1", "next", "note_1"))
    return chain(
        step("if_1", "conditional", {"rules": rules}),
        wait(),
        call("call_1", "PUT", fail_on=["5xx"]),
        note(),
        edges=edges,
        log=level,
    )


async def shown(engine: Driver, execution_id: str) -> list[str]:
    """Returns the types of the entries of an execution's whole log."""
    events = await engine.shell.executions.history(execution_id)
    return [entry.type for entry in event_log(events)]


class LogStories:
    """The setting `log`."""

    @pytest.mark.parametrize("level", LEVELS)
    async def test_reads_lists_and_streams_show_what_the_level_keeps(self, engine: Driver, level: str) -> None:
        engine.world.script("call_1", Answer(status=500))
        execution_id = await engine.trigger(failing(level), {"po": "4711"})
        await engine.crash()
        assert await engine.resume(execution_id, {"n": 1}) == Released()
        await engine.settle()
        await engine.crash()
        assert await shown(engine, execution_id) == LOGGED[level]
        (item,) = await engine.newest()
        assert [entry.type for entry in event_log(enumerate(item.events, 1))] == LOGGED[level]
        streamed = [entry.type for each in await read_feed(engine) for entry in event_log(each.events)]
        assert streamed == LOGGED[level]

    @pytest.mark.parametrize("level", LEVELS)
    async def test_at_every_level_an_execution_continues_after_an_incident_and_a_crash(
        self, engine: Driver, level: str
    ) -> None:
        engine.world.script("call_1", Answer(status=500), Answer(data={"ok": True}))
        execution_id = await engine.trigger(failing(level), {"po": "4711"})
        await engine.resume(execution_id, {"n": 1})
        await engine.settle()
        await engine.crash()
        state = await engine.state(execution_id)
        assert [incident.code for incident in state.incidents.values()] == ["STATUS"]
        assert (state.outputs["if_1"], state.outputs["wait_1"]["n"]) == ({"branch": "yes"}, 1)
        await engine.shell.submit(execution_id, Redrive(at=engine.clock.now(), by="operator"))
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.outputs["call_1"]["data"]) == ("COMPLETED", {"ok": True})
        assert [seen.key for seen in engine.world.calls] == [f"{execution_id}:call_1:1"] * 2
        assert engine.world.calls[0].input == engine.world.calls[1].input

    @pytest.mark.parametrize("level", LEVELS)
    async def test_what_only_the_log_would_show_is_not_stored(self, engine: Driver, level: str) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(failing(level), {"po": "4711"})
        await engine.resume(execution_id)
        late = await engine.world.wait_for_call("call_1")
        await engine.terminate(execution_id)
        late.release(Answer(data="late"))
        await engine.settle()
        computed = (await engine.events(execution_id, Computed))[0]
        assert (computed.input is not None) == (level == "full")
        (discarded,) = await engine.events(execution_id, Discarded)
        assert (discarded.result is not None) == (level != "none")
        assert {event.log for event in await engine.events(execution_id)} == {level}

    async def test_a_child_has_the_level_of_its_own_workflow(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, chain(note("done"), log="none"))
        parent = await engine.trigger(calling_child(), {"po": "4711"})
        await engine.deliver()
        (request,) = await engine.events(parent, ChildStarted)
        assert await shown(engine, request.child_id) == ["EXECUTION_STARTED", "EXECUTION_COMPLETED"]
        assert "CHILD_ENDED" in await shown(engine, parent)

    async def test_moved_to_another_version_it_continues_with_that_level(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=500))
        execution_id = await engine.trigger(failing("none"), {"po": "4711"})
        await engine.resume(execution_id)
        await engine.settle()
        command = Redrive(at=engine.clock.now(), by="operator", workflow=failing("full"), workflow_version=2)
        await engine.shell.submit(execution_id, command)
        await engine.settle()
        found = await shown(engine, execution_id)
        assert found[: len(LOGGED["none"])] == LOGGED["none"]
        assert found[len(LOGGED["none"]) :] == [
            "EXECUTION_MOVED",
            "INCIDENT_CLOSED",
            "EXECUTION_REOPENED",
            "STEP_STARTED",
            "STEP_SUCCEEDED",
            "STEP_SUCCEEDED",
            "EXECUTION_COMPLETED",
        ]

    async def test_pages_of_a_log_that_keeps_nearly_nothing_come_to_an_end(self, engine: Driver) -> None:
        workflow = chain(*(note(f"note_{n}") for n in range(40)), log="none")
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        entries: list[str] = []
        after = 0
        for _ in range(50):
            events = await engine.shell.executions.history(execution_id, after)
            page = log_page(events[:7], Limits(read_events=7), "")
            entries += [entry.type for entry in page.entries]
            after = page.last
            if len(events) <= 7:
                break
        assert entries == ["EXECUTION_STARTED", "EXECUTION_COMPLETED"]
        assert after == (await engine.shell.executions.get(execution_id)).head.seq
