"""Reads: what was answered is seen, pages show everything once, and memory is only a cache."""

from datetime import timedelta

import pytest

from kit.definitions import (
    asking,
    call,
    calling,
    chain,
    computing,
    counting,
    delaying,
    graph,
    note,
    step,
    wait,
)
from kit.driver import ORGANIZATION, Driver, id_of
from looply.engine.ports.lists import Filter
from looply.execution.facts.commands import Released
from looply.execution.facts.events import Computed
from looply.limits import Limits
from looply.testing.clock import START_TIME
from looply.testing.world import HANG, Answer

HOUR = timedelta(hours=1)


async def paged(engine: Driver, limit: int, **criteria: object) -> list[str]:
    """Returns the ids of all pages of a list."""
    found: list[str] = []
    after = ""
    while True:
        page = await engine.shell.executions.list(ORGANIZATION, Filter(**criteria), after, limit)  # type: ignore[arg-type]
        assert len(page.items) <= limit
        found += [item.head.execution_id for item in page.items]
        assert len(found) == len(set(found)), "a page repeats what an earlier one showed"
        after = page.after
        if not after:
            return found


class ListStories:
    """Lists of executions."""

    async def test_pages_of_every_size_show_each_execution_once_newest_first(self, engine: Driver) -> None:
        ids = [await engine.trigger(computing()) for _ in range(13)]
        for limit in (1, 2, 3, 5, 12, 13, 14, 30):
            assert await paged(engine, limit) == ids[::-1]

    async def test_what_is_started_between_two_pages_does_not_shift_them(self, engine: Driver) -> None:
        ids = [await engine.trigger(asking()) for _ in range(10)]
        first = await engine.newest(4)
        await engine.together(*(engine.trigger(asking()) for _ in range(7)))
        await engine.terminate(ids[5])
        rest = await engine.newest(30, first[-1].head.execution_id)
        assert [item.head.execution_id for item in (*first, *rest)] == ids[::-1]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 30])
    async def test_what_was_there_comes_once_on_pages_between_which_executions_start_end_and_fail(
        self, engine: Driver, limit: int
    ) -> None:
        engine.world.always("call_1", Answer(status=500))
        workflow = chain(wait(), call(fail_on=["5xx"]))
        open_ids = [await engine.trigger(asking() if n % 2 else workflow) for n in range(20)]
        there = [*open_ids, *[await engine.trigger(computing()) for _ in range(10)]]
        found: list[str] = []
        after = ""
        while page := await engine.newest(limit, after):
            found += [item.head.execution_id for item in page]
            after = found[-1]
            assert len(found) == len(set(found)), "a page repeats what an earlier one showed"
            await engine.together(*(engine.trigger(computing()) for _ in range(3)), engine.trigger(asking()))
            if open_ids:
                # The cursor's own row moves, and so do rows before and after it.
                await engine.together(engine.resume(open_ids.pop()), engine.terminate(open_ids.pop(0)))
                await engine.settle()
        assert found == there[::-1]

    async def test_a_status_page_shows_what_keeps_its_status_once_and_what_changes_at_most_once(
        self, engine: Driver
    ) -> None:
        ids = [await engine.trigger(asking()) for _ in range(24)]
        leaving = ids[::3]
        staying = [execution_id for execution_id in ids if execution_id not in leaving]
        found: list[str] = []
        after = ""
        while page := await engine.newest(3, after, statuses=("WAITING",)):
            found += [item.head.execution_id for item in page]
            after = found[-1]
            assert len(found) == len(set(found)), "a page repeats what an earlier one showed"
            if leaving:
                await engine.resume(leaving.pop())
            await engine.trigger(asking())
        assert [execution_id for execution_id in found if execution_id in staying] == staying[::-1]

    async def test_a_page_begins_below_its_cursor_whether_the_cursors_row_is_there_or_not(self, engine: Driver) -> None:
        ids = [await engine.trigger(computing()) for _ in range(4)]
        gone = f"{ids[2][:-1]}{'0' if ids[2][-1] != '0' else '1'}"
        between = [item.head.execution_id for item in await engine.newest(10, gone)]
        assert between == [execution_id for execution_id in reversed(ids) if execution_id < gone]

    async def test_pages_stay_in_order_over_processes_whose_clocks_differ(self, engine: Driver) -> None:
        ids = []
        for seconds in (0, -5, 10, -5):
            engine.clock.set_wall(timedelta(seconds=seconds))
            await engine.restart()
            ids += [await engine.trigger(computing()) for _ in range(4)]
        assert await paged(engine, 3) == ids[::-1]

    async def test_filters_choose_by_workflow_status_process_id_and_time(self, engine: Driver) -> None:
        done = await engine.trigger(computing(), process_id="PO-1")
        engine.clock.advance(HOUR)
        waiting = await engine.trigger(asking(), process_id="PO-2")
        engine.clock.advance(HOUR)
        other = await engine.trigger(asking(), process_id="QA-1", workflow_version=2)
        assert await paged(engine, 2) == [other, waiting, done]
        assert await paged(engine, 2, statuses=("WAITING",)) == [other, waiting]
        assert await paged(engine, 2, statuses=("COMPLETED", "FAILED")) == [done]
        assert await paged(engine, 2, workflow_ids=(id_of(asking()),)) == [other, waiting]
        assert await paged(engine, 2, workflow_versions=(2,)) == [other]
        assert await paged(engine, 2, process_ids=("PO-1", "QA-1")) == [other, done]
        assert await paged(engine, 2, process_ids=("PO*",)) == [waiting, done]
        assert await paged(engine, 2, trigger_types=("SCHEDULED",)) == []
        span = {"created_from": START_TIME + HOUR, "created_to": START_TIME + 2 * HOUR}
        assert await paged(engine, 2, **span) == [waiting]

    async def test_an_item_holds_the_last_events_of_its_history(self, engine: Driver) -> None:
        execution_id = await engine.trigger(counting(40))
        await engine.settle()
        history = await engine.events(execution_id)
        (item,) = await engine.newest()
        assert list(item.events) == history[-50:]
        engine.limits = Limits(list_events=7)
        await engine.restart()
        (item,) = await engine.newest()
        assert list(item.events) == history[-7:]

    async def test_an_item_shows_what_its_single_read_shows(self, engine: Driver) -> None:
        for workflow in (computing(), asking(), delaying()):
            await engine.trigger(workflow)
        for item in await engine.newest():
            assert item.head == (await engine.shell.executions.get(item.head.execution_id)).head

    async def test_other_organizations_see_nothing(self, engine: Driver) -> None:
        other = "01900000-0000-7000-8000-0000000000ff"
        execution_id = await engine.trigger(asking(), process_id="PO-1", organization_id=other)
        assert await engine.newest() == []
        assert await engine.find("PO-1") == []
        assert await engine.find(execution_id) == []


class HistoryStories:
    """Single executions and their histories."""

    async def test_a_read_after_an_answer_shows_it(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        assert await engine.resume(execution_id, {"n": 1}) == Released()
        assert (await engine.state(execution_id)).outputs["wait_1"]["n"] == 1
        (item,) = await engine.newest()
        assert item.head.status == "COMPLETED"

    async def test_a_history_is_read_from_any_event_on_and_numbered_without_gaps(self, engine: Driver) -> None:
        execution_id = await engine.trigger(counting(30))
        await engine.settle()
        whole = await engine.shell.executions.history(execution_id, 0, 1000)
        assert [seq for seq, _ in whole] == list(range(1, len(whole) + 1))
        for after, limit in ((0, 1), (1, 1), (7, 10), (len(whole) - 1, 10), (len(whole), 10)):
            assert list(await engine.shell.executions.history(execution_id, after, limit)) == list(
                whole[after : after + limit]
            )

    async def test_large_values_come_back_whole(self, engine: Driver) -> None:
        body = {"text": "x" * 100_000, "list": [{"n": n, "text": "y" * 20_000} for n in range(3)]}
        engine.world.script("call_1", Answer(data=body))
        execution_id = await engine.trigger(chain(wait(), call("call_1", body="${payload.output.text}")), body)
        await engine.crash()
        await engine.resume(execution_id, {"text": "z" * 50_000})
        await engine.settle()
        await engine.crash()
        state = await engine.state(execution_id)
        assert (state.payload["text"], state.payload["list"]) == (body["text"], body["list"])
        assert state.outputs["call_1"]["data"] == body
        assert state.outputs["wait_1"]["text"] == "z" * 50_000
        assert engine.world.calls[0].input["body"] == body["text"]
        assert len(await engine.newest()) == 1

    async def test_a_long_history_is_read_from_its_snapshot(self, engine: Driver) -> None:
        workflow = graph(
            note("count", "${add(coalesce(payload.output.count, 0), 1)}"),
            step(
                "more",
                "conditional",
                {"rules": [{"variable": "${payload.output.count}", "operator": "NumericLessThan", "value": 400}]},
            ),
            step("again", "redirect", {"target": "count", "max_visits": 500}),
            wait(),
            note(),
            edges=(
                ("WorkflowStartState", "next", "count"),
                ("count", "next", "more"),
                ("more", "yes", "again"),
                ("more", "no", "wait_1"),
                ("wait_1", "next", "note_1"),
            ),
        )
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        assert any(unit.snapshot is not None for unit in engine.faults.units)
        before = await engine.state(execution_id)
        await engine.crash()
        assert await engine.state(execution_id) == before
        assert await engine.resume(execution_id) == Released()
        assert len(await engine.events(execution_id, Computed)) > 1000
        assert await engine.status(execution_id) == "COMPLETED"


class WatchStories:
    """The wait of a trigger: `settled`."""

    async def test_it_returns_as_soon_as_the_execution_waits_ends_or_fails(self, engine: Driver) -> None:
        until = engine.clock.now() + HOUR
        engine.world.script("call_1", HANG, HANG)
        for workflow, status in (
            (calling(), "COMPLETED"),
            (chain(call(fail_on=["5xx"])), "FAILED"),
        ):
            execution_id = await engine.trigger(workflow)
            settled = engine.call(engine.shell.executions.wait_until_settled(execution_id, until))
            await engine.settle()
            assert not settled.done()
            engine.world.open_calls()[0].release(Answer(status=500))
            assert (await settled).head.status == status
        waiting = await engine.trigger(asking())
        assert (await engine.shell.executions.wait_until_settled(waiting, until)).head.status == "WAITING"

    async def test_it_returns_what_there_is_when_the_time_is_over(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling())
        settled = engine.call(
            engine.shell.executions.wait_until_settled(execution_id, engine.clock.now() + timedelta(seconds=10))
        )
        await engine.settle()
        engine.clock.advance(timedelta(seconds=9))
        await engine.settle()
        assert not settled.done()
        engine.clock.advance(timedelta(seconds=1))
        assert (await settled).head.status == "RUNNING"
        engine.world.open_calls()[0].release()

    async def test_many_may_wait_for_one_execution(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling())
        until = engine.clock.now() + HOUR
        watchers = [engine.call(engine.shell.executions.wait_until_settled(execution_id, until)) for _ in range(10)]
        await engine.settle()
        watchers[0].cancel()
        (await engine.world.wait_for_call("call_1")).release()
        assert {(await watcher).head.status for watcher in watchers[1:]} == {"COMPLETED"}


class CacheStories:
    """An engine whose memory holds next to nothing."""

    async def _starve(self, engine: Driver) -> None:
        engine.parts["cache_bytes"] = 1
        await engine.restart()

    async def test_executions_leave_memory_and_come_back(self, engine: Driver) -> None:
        await self._starve(engine)
        ids = [await engine.trigger(asking(), {"n": n}) for n in range(20)]
        assert engine.shell.in_memory <= 1
        for n, execution_id in enumerate(ids):
            assert (await engine.state(execution_id)).payload["n"] == n
            assert await engine.resume(execution_id, {"n": n}) == Released()
        await engine.settle()
        assert engine.shell.in_memory == 0

    async def test_races_and_calls_are_the_same_without_memory(self, engine: Driver) -> None:
        await self._starve(engine)
        engine.world.always("call_1", HANG)
        ids = [await engine.trigger(chain(wait(), call("call_1", "POST"))) for _ in range(5)]
        answers = await engine.together(*(engine.resume(id_, {"n": n}) for n in range(4) for id_ in ids))
        assert answers.count(Released()) == 5
        await engine.settle()
        for seen in engine.world.open_calls():
            seen.release()
        await engine.settle()
        assert {await engine.status(id_) for id_ in ids} == {"COMPLETED"}

    async def test_an_ended_execution_is_not_kept_in_memory(self, engine: Driver) -> None:
        await engine.trigger(computing())
        await engine.settle()
        assert engine.shell.in_memory == 0
