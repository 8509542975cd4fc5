"""Bulks over HTTP, and the runner that runs them."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from bulk_kit import REFUSED, UNKNOWN, fail_executions, read, refusals, run, start_bulk
from server_kit import ASKING, Caller, definition, note_step, wait_step
from structlog.testing import capture_logs

from looply.app.bulks.runner import BulkRunner
from looply.app.bulks.selection import read_slice
from looply.app.context.services import Services
from looply.engine.ports.lists import Filter
from looply.engine.ports.port import Engine
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.pump import Pump
from looply.errors import StoreCorrupt
from looply.limits import Limits
from looply.testing.clock import FakeClock
from looply.testing.world import HANG, World


async def test_a_dry_run_counts_and_shows_the_newest_and_stores_nothing(mine: Caller, world: World) -> None:
    workflow_id, ids = await fail_executions(mine, world, 3)
    await mine.trigger(await mine.create(ASKING))
    answer = await mine.post("bulkRedrive", {"filter": {"workflow_id": workflow_id}, "dry_run": True})
    body = answer.json()
    assert (body["message"], body["count"], body["truncated"]) == ("forecast", 3, False)
    assert [item["workflow_execution_id"] for item in body["items"]] == ids[::-1]
    assert (await mine.get("getBulks")).json()["count"] == 0


async def test_a_dry_run_of_a_redrive_forecasts_the_repeated_calls(mine: Caller, world: World) -> None:
    workflow_id, _ = await fail_executions(mine, world, 2)
    world.script("call_1", REFUSED)
    await mine.trigger(workflow_id, wait="PT10S", process_id="PO-1")
    world.script("call_1", HANG)
    await mine.trigger(workflow_id, process_id="PO-1")
    answer = await mine.post("bulkRedrive", {"filter": {"workflow_id": workflow_id}, "dry_run": True})
    effect = {"workflow_id": workflow_id, "state": "call_1", "operation": "http.request"}
    forecast = answer.json()["forecast"]
    # Another open execution has the process id now.
    assert [refusal["code"] for refusal in forecast.pop("refusals")] == ["PROCESS_ID_IN_USE"]
    assert forecast == {
        "examined": 3,
        "refused": 1,
        "effects": [{**effect, "count": 2, "repeated": 2, "same_key": 2}],
    }


async def test_a_dry_run_onto_another_version_forecasts_what_that_one_calls(mine: Caller, world: World) -> None:
    workflow_id, _ = await fail_executions(mine, world, 2)
    read = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1)).json()["item"]
    lock = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": read["modified_on"]}
    await mine.post("updateWorkflow", {**lock, "definition": definition(note_step("call_1"))})
    await mine.activate(workflow_id, 2)
    body = {"filter": {"workflow_id": workflow_id}, "workflow_version": 2, "dry_run": True}
    answer = await mine.post("bulkRedrive", body)
    forecast = answer.json()["forecast"]
    assert [each["verdict"] for each in forecast.pop("verdicts")] == ["SAFE", "SAFE"]
    assert forecast == {"examined": 2, "refused": 0, "refusals": [], "effects": [], "mappings": []}


async def test_a_dry_run_of_a_termination_forecasts_no_calls(mine: Caller, world: World) -> None:
    await fail_executions(mine, world, 1)
    answer = await mine.post("bulkTerminate", {"filter": {"all": True}, "dry_run": True})
    assert (answer.json()["count"], "forecast" in answer.json()) == (1, False)


async def test_a_bulk_redrive_keeps_its_rate_and_records_actor_and_reason(
    mine: Caller, world: World, runner: BulkRunner, shell: Shell, clock: FakeClock
) -> None:
    workflow_id, ids = await fail_executions(mine, world, 5)
    clock.advance(timedelta(seconds=1))
    bulk = await start_bulk(
        mine, "bulkRedrive", filter={"workflow_id": workflow_id}, reason="shop is back", rate_per_second=2
    )
    assert (bulk["status"], bulk["filter"]["status"]) == ("RUNNING", ["FAILED"])
    counts = []
    while await runner.tick():
        counts.append((await read(mine, bulk["bulk_id"]))["done"])
    assert counts == [2, 4, 5]
    done = await read(mine, bulk["bulk_id"])
    assert (done["status"], done["refused"], done["ended_on"] is not None) == ("DONE", 0, True)
    for execution_id in ids:
        await shell.executions.wait_until_settled(execution_id, clock.now() + timedelta(minutes=1))
        item = await mine.item(workflow_id, execution_id)
        assert item["status"] == "COMPLETED"
        closed = next(entry for entry in item["workflow_event_log"]["events"] if entry["type"] == "INCIDENT_CLOSED")
        assert closed["via"] == "BULK"
        assert closed["by"] == bulk["created_by"]
        assert closed["reason"] == f"shop is back (bulk {bulk['bulk_id']})"


async def test_an_execution_that_fails_again_during_the_bulk_is_not_redriven_twice(
    mine: Caller, world: World, runner: BulkRunner, services: Services, shell: Shell, clock: FakeClock
) -> None:
    workflow_id, (execution_id,) = await fail_executions(mine, world, 1)
    clock.advance(timedelta(seconds=1))
    bulk = await start_bulk(mine, "bulkRedrive", filter={"workflow_id": workflow_id})
    (held,) = await services.catalog.bulks.take("dead", timedelta(seconds=30))
    world.script("call_1", REFUSED)
    clock.advance(timedelta(seconds=1))
    (item,) = (
        await read_slice(services, mine.organization_id, held.criteria, until=clock.now(), after="", limit=1)
    ).items
    await runner._apply(item, await runner._command(held))
    await shell.executions.wait_until_settled(execution_id, clock.now() + timedelta(minutes=1))
    assert await runner.tick() == 0
    clock.advance(timedelta(seconds=30))
    assert await runner.tick() == 1
    found = await read(mine, bulk["bulk_id"])
    assert (found["status"], found["done"], found["refused"]) == ("DONE", 0, 1)
    assert len(world.calls) == 2


async def test_a_bulk_termination_ends_matching_executions_and_no_later_ones(
    mine: Caller, runner: BulkRunner, clock: FakeClock
) -> None:
    workflow_id = await mine.create(ASKING)
    ids = [await mine.trigger(workflow_id) for _ in range(3)]
    clock.advance(timedelta(seconds=1))
    bulk = await start_bulk(mine, "bulkTerminate", filter={"workflow_id": workflow_id, "status": ["WAITING"]})
    clock.advance(timedelta(seconds=1))
    later = await mine.trigger(workflow_id)
    await runner.tick()
    assert (await read(mine, bulk["bulk_id"]))["done"] == 3
    statuses = [(await mine.item(workflow_id, execution_id))["status"] for execution_id in (*ids, later)]
    assert statuses == ["TERMINATED"] * 3 + ["WAITING"]


async def open_executions(services: Services, mine: Caller) -> int:
    criteria = Filter(statuses=("RUNNING", "WAITING", "FAILED"))
    return len((await services.engine.executions.list(mine.organization_id, criteria, "", 5000)).items)


@pytest.mark.parametrize(
    "limits", [Limits(child_starts_per_minute=100_000), Limits(child_starts_per_minute=200)], indirect=True
)
async def test_a_bulk_that_terminates_ends_executions_that_start_each_other_without_end(
    mine: Caller, runner: BulkRunner, clock: FakeClock, pump: Pump, services: Services
) -> None:
    start = {"workflow_id": "${payload.output.w}", "payload": {"w": "${payload.output.w}"}, "wait": False}
    children = [{"id": f"child_{n}", "type": "subworkflow", "settings": start} for n in range(3)]
    workflow_id = await mine.create(definition(*children, wait_step()))
    await mine.trigger(workflow_id, {"w": workflow_id})
    await pump.tick()
    before = await open_executions(services, mine)
    assert before > 100
    clock.advance(timedelta(seconds=1))
    bulk = await start_bulk(mine, "bulkTerminate", filter={"workflow_id": workflow_id}, rate_per_second=100)
    for _ in range(100):
        await pump.tick()
        clock.advance(timedelta(seconds=1))
        await runner.tick()
        if (await read(mine, bulk["bulk_id"]))["status"] == "DONE":
            break
    await pump.tick()
    done = await read(mine, bulk["bulk_id"])
    assert (done["status"], done["done"]) == ("DONE", before)
    assert await open_executions(services, mine) == 0


async def test_a_bulk_that_is_cancelled_does_nothing_more(mine: Caller, runner: BulkRunner, clock: FakeClock) -> None:
    workflow_id = await mine.create(ASKING)
    for _ in range(3):
        await mine.trigger(workflow_id)
    clock.advance(timedelta(seconds=1))
    bulk = await start_bulk(mine, "bulkTerminate", filter={"workflow_id": workflow_id}, rate_per_second=1)
    await runner.tick()
    cancelled = await mine.post("cancelBulk", {"bulk_id": bulk["bulk_id"]})
    assert cancelled.json()["item"]["status"] == "CANCELLED"
    assert await runner.tick() == 0
    found = await read(mine, bulk["bulk_id"])
    assert (found["status"], found["done"]) == ("CANCELLED", 1)
    again = await mine.post("cancelBulk", {"bulk_id": bulk["bulk_id"]})
    assert again.json()["item"] == found


async def test_another_process_takes_over_the_bulk_of_a_dead_one(
    mine: Caller, services: Services, clock: FakeClock
) -> None:
    workflow_id = await mine.create(ASKING)
    for _ in range(2):
        await mine.trigger(workflow_id)
    clock.advance(timedelta(seconds=1))
    bulk = await start_bulk(mine, "bulkTerminate", filter={"workflow_id": workflow_id}, rate_per_second=1)
    assert await BulkRunner(services, "one").tick() == 1
    assert await BulkRunner(services, "two").tick() == 0
    clock.advance(timedelta(minutes=1))
    assert await BulkRunner(services, "two").tick() == 1
    assert (await read(mine, bulk["bulk_id"]))["status"] == "DONE"


@pytest.mark.parametrize("is_by_ids", [False, True])
async def test_what_a_dead_process_has_changed_and_not_recorded_counts_as_done(
    mine: Caller, services: Services, runner: BulkRunner, clock: FakeClock, is_by_ids: bool
) -> None:
    workflow_id = await mine.create(ASKING)
    ids = [await mine.trigger(workflow_id) for _ in range(3)]
    clock.advance(timedelta(seconds=1))
    chosen = {"workflow_execution_id": ids} if is_by_ids else {"filter": {"workflow_id": workflow_id}}
    bulk = await start_bulk(mine, "bulkTerminate", **chosen)
    (held,) = await services.catalog.bulks.take("dead", timedelta(seconds=45))
    assert await BulkRunner(services, "dead")._slice(held) is not None
    clock.advance(timedelta(minutes=1))
    done = await run(mine, runner, clock, bulk)
    assert (done["status"], done["done"], done["refused"]) == ("DONE", 3, 0)


async def test_what_others_have_changed_in_a_slice_of_a_dead_process_is_refused(
    mine: Caller, services: Services, runner: BulkRunner, clock: FakeClock
) -> None:
    workflow_id = await mine.create(ASKING)
    ids = [await mine.trigger(workflow_id) for _ in range(2)]
    clock.advance(timedelta(seconds=1))
    bulk = await start_bulk(mine, "bulkTerminate", filter={"workflow_id": workflow_id})
    await services.catalog.bulks.take("dead", timedelta(seconds=45))
    assert await services.catalog.bulks.begin(bulk["bulk_id"], "dead", ids[::-1])
    ended = await mine.post(f"terminateWorkflow/{ids[0]}", {"payload": {"termination_reason": "by hand"}})
    assert ended.status_code == 200, ended.text
    clock.advance(timedelta(minutes=1))
    done = await run(mine, runner, clock, bulk)
    assert (done["status"], done["done"]) == ("DONE", 1)
    assert await refusals(mine, done) == {ids[0]: "TERMINATED"}


async def test_a_bulk_that_is_cancelled_before_its_slice_begins_changes_nothing(
    mine: Caller, services: Services, clock: FakeClock
) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    clock.advance(timedelta(seconds=1))
    bulk = await start_bulk(mine, "bulkTerminate", filter={"workflow_id": workflow_id})
    (held,) = await services.catalog.bulks.take("one", timedelta(seconds=45))
    assert (await mine.post("cancelBulk", {"bulk_id": bulk["bulk_id"]})).status_code == 200
    assert await BulkRunner(services, "one")._slice(held) is None
    assert (await mine.item(workflow_id, execution_id))["status"] == "WAITING"


class Resting(BulkRunner):
    """Records its pauses. The seconds between two slices pass at once; an idle runner pauses until it is woken."""

    def __init__(self, services: Services) -> None:
        super().__init__(services, "one")
        self.rests: list[float] = []
        self.is_resting = asyncio.Event()

    async def rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        if seconds > 1:
            self.is_resting.set()
            await self._signal.wait()


async def test_an_idle_runner_is_woken_by_a_new_bulk_and_pauses_a_second_between_slices(
    mine: Caller, services: Services, clock: FakeClock
) -> None:
    runner = Resting(services)
    running = asyncio.get_running_loop().create_task(runner.run())
    await runner.is_resting.wait()
    workflow_id = await mine.create(ASKING)
    for _ in range(3):
        await mine.trigger(workflow_id)
    clock.advance(timedelta(seconds=1))
    runner.is_resting.clear()
    bulk = await start_bulk(mine, "bulkTerminate", filter={"workflow_id": workflow_id}, rate_per_second=1)
    await runner.is_resting.wait()
    assert (await read(mine, bulk["bulk_id"]))["status"] == "DONE"
    assert runner.rests == [15.0, 1.0, 1.0, 1.0, 15.0]
    runner.stop()
    await running


async def test_a_bulk_that_starts_during_a_poll_is_not_missed_and_a_running_one_is_not_sped_up(
    mine: Caller, services: Services, clock: FakeClock
) -> None:
    runner = Resting(services)
    services.bulk_signal.notify()
    assert await runner.round() == 15.0
    looking = asyncio.get_running_loop().create_task(runner.round())
    await asyncio.sleep(0)
    services.bulk_signal.notify()
    assert await looking == 0.0
    workflow_id = await mine.create(ASKING)
    for _ in range(2):
        await mine.trigger(workflow_id)
    clock.advance(timedelta(seconds=1))
    await start_bulk(mine, "bulkTerminate", filter={"workflow_id": workflow_id}, rate_per_second=1)
    assert await runner.round() == 1.0
    runner._signal.clear()
    services.bulk_signal.notify()
    assert not runner._signal.is_set()


@pytest.mark.parametrize(
    ("name", "body", "path"),
    [
        ("bulkTerminate", {"filter": {}}, "/filter"),
        ("bulkTerminate", {}, "/filter"),
        ("bulkTerminate", {"filter": {"all": True}, "workflow_execution_id": [UNKNOWN]}, "/filter"),
        ("bulkTerminate", {"workflow_execution_id": []}, "/workflow_execution_id"),
        ("bulkTerminate", {"workflow_execution_id": [UNKNOWN] * 1001}, "/workflow_execution_id"),
        ("bulkTerminate", {"workflow_execution_id": [UNKNOWN, "PO-1"]}, "/workflow_execution_id/1"),
        ("bulkRepair", {"filter": {"all": True}, "action": "retry", "state": "call_1"}, "/state"),
        ("bulkRepair", {"filter": {"all": True}, "action": "retry", "output": None}, "/output"),
        ("bulkRepair", {"filter": {"all": True}, "action": "skip", "branch": "x" * 201}, "/branch"),
        ("bulkRepair", {"filter": {"all": True}, "action": "skip", "output": "x" * 65_536}, "/output"),
        ("bulkRedrive", {"filter": {"all": True}, "rate_per_second": 0}, "/rate_per_second"),
        ("bulkRedrive", {"filter": {"all": True}, "rate_per_second": 101}, "/rate_per_second"),
        ("bulkRedrive", {"filter": {"all": True}, "reason": "x" * 2001}, "/reason"),
        ("bulkRedrive", {"filter": {"all": True}, "workflow_version": 2}, "/filter/workflow_id"),
        ("bulkRedrive", {"filter": {"all": True}, "mapping": {"a": "b"}}, "/mapping"),
    ],
)
async def test_an_invalid_bulk_is_refused(mine: Caller, name: str, body: dict[str, Any], path: str) -> None:
    for dry_run in (True, False):
        answer = await mine.post(name, {**body, "dry_run": dry_run})
        assert (answer.status_code, [problem["path"] for problem in answer.json()["errors"]]) == (400, [path])


@pytest.mark.parametrize(
    ("criteria", "status", "code"),
    [
        ({"process_id": ["PO\0"]}, 400, "BAD_FILTER"),
        ({"process_id": [""]}, 400, "BAD_FILTER"),
        ({"process_id": ["*1*2*3*4*"]}, 422, "SEARCH_TOO_WIDE"),
        ({"process_id": [f"PO-{number}" for number in range(31)]}, 422, "SEARCH_TOO_WIDE"),
        ({"workflow_version": 2**63}, 400, "BAD_NUMBER"),
        ({"workflow_version": 10**63}, 400, "BAD_NUMBER"),
    ],
)
async def test_a_filter_that_no_store_could_serve_is_refused_before_it_is_stored(
    mine: Caller, criteria: dict[str, Any], status: int, code: str
) -> None:
    for name in ("bulkTerminate", "bulkRedrive"):
        for dry_run in (True, False):
            answer = await mine.post(name, {"filter": criteria, "dry_run": dry_run})
            assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await mine.get("getBulks")).json()["count"] == 0


class Damaged:
    """An engine in which one execution cannot be read, and which refuses to list those of one organization."""

    def __init__(self, engine: Any, execution_id: str = "", unlisted: str = "") -> None:
        self.executions = Unlisted(engine.executions, unlisted)
        self._engine = engine
        self._execution_id = execution_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def submit(self, execution_id: str, command: Any) -> Any:
        if execution_id == self._execution_id:
            raise StoreCorrupt("the history is damaged")
        return await self._engine.submit(execution_id, command)


class Unlisted:
    """The executions of an engine, of which those of one organization cannot be listed."""

    def __init__(self, executions: Any, organization_id: str) -> None:
        self._executions = executions
        self._organization_id = organization_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executions, name)

    async def list(self, organization_id: str, *more: Any) -> Any:
        if organization_id == self._organization_id:
            raise StoreCorrupt("the index is damaged")
        return await self._executions.list(organization_id, *more)


async def test_an_execution_that_cannot_be_read_is_passed_by(
    mine: Caller, services: Services, clock: FakeClock
) -> None:
    workflow_id = await mine.create(ASKING)
    ids = [await mine.trigger(workflow_id) for _ in range(3)]
    clock.advance(timedelta(seconds=1))
    bulk = await start_bulk(mine, "bulkTerminate", filter={"workflow_id": workflow_id})
    runner = BulkRunner(replace(services, engine=cast(Engine, Damaged(services.engine, ids[1]))), "one")
    assert await runner.tick() == 1
    found = await read(mine, bulk["bulk_id"])
    assert (found["status"], found["done"], found["refused"]) == ("DONE", 2, 1)


async def test_a_bulk_whose_list_fails_does_not_block_others(
    mine: Caller, theirs: Caller, services: Services, clock: FakeClock
) -> None:
    for caller in (mine, theirs):
        await caller.trigger(await caller.create(ASKING))
    clock.advance(timedelta(seconds=1))
    held, other = [await start_bulk(caller, "bulkTerminate", filter={"all": True}) for caller in (mine, theirs)]
    runner = BulkRunner(
        replace(services, engine=cast(Engine, Damaged(services.engine, unlisted=mine.organization_id))), "one"
    )
    with capture_logs() as logged:
        assert await runner.tick() == 2
    lines = [(line["bulk_id"], line["error"]) for line in logged if line["event"] == "bulk_held"]
    assert lines == [(held["bulk_id"], "the index is damaged")]
    assert [(await read(mine, held["bulk_id"]))[name] for name in ("status", "done")] == ["RUNNING", 0]
    assert [(await read(theirs, other["bulk_id"]))[name] for name in ("status", "done")] == ["DONE", 1]


async def test_bulks_of_the_own_organization_are_listed_newest_first(mine: Caller, theirs: Caller) -> None:
    ids = [(await start_bulk(mine, "bulkTerminate", filter={"all": True}))["bulk_id"] for _ in range(3)]
    page = (await mine.get("getBulks", limit=2)).json()
    assert [item["bulk_id"] for item in page["items"]] == [ids[2], ids[1]]
    rest = (await mine.get("getBulks", limit=2, **page["lastKey"])).json()
    assert [item["bulk_id"] for item in rest["items"]] == [ids[0]]
    assert "lastKey" not in rest
    assert (await theirs.get("getBulks")).json()["count"] == 0
    for unknown in (ids[0], UNKNOWN):
        answer = await theirs.post("cancelBulk", {"bulk_id": unknown})
        assert (answer.status_code, answer.json()["code"]) == (404, "BULK_NOT_FOUND")


async def test_no_more_bulks_run_at_once_than_may(mine: Caller) -> None:
    for _ in range(10):
        await start_bulk(mine, "bulkTerminate", filter={"all": True})
    answer = await mine.post("bulkTerminate", {"filter": {"all": True}})
    assert (answer.status_code, answer.json()["code"]) == (409, "TOO_MANY_BULKS")
