"""What goes wrong between an engine and Temporal: absence, loss, repetition, and workers that die."""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from contract.harness.temporal_world import Process
from kit.definitions import call, calling, chain
from kit.servers.temporal_server import TemporalServer
from looply.clock import Ids, SystemClock, SystemEntropy
from looply.engine.ports.dispatch import EffectRef
from looply.engine.temporal import Serving, TemporalDispatcher, TemporalSettings
from looply.engine.temporal.connecting import TemporalConnection
from looply.engine.temporal.references import Reference, connector_queue, reference_of
from looply.engine.temporal.worker import WorkerHooks
from looply.engine.temporal.workflow import ACTIVITY, EffectsWorkflow
from looply.errors import StoreUnreachable
from looply.testing.clock import FakeClock
from looply.testing.world import HANG, World

pytestmark = pytest.mark.timeout(240)

# Tests that run side by side share the server.
_PREFIXES = (f"looply-accident-{os.getpid()}-{n}" for n in count())


@pytest.fixture
def settings(temporal_address: str) -> TemporalSettings:
    """Gives task queues of the test's own."""
    return TemporalSettings(address=temporal_address, task_queue=next(_PREFIXES))


@pytest.fixture
def mortal() -> Iterator[TemporalServer]:
    """Gives a server of the test's own, which is not started yet."""
    server = TemporalServer()
    yield server
    server.stop()


def worker_of(client: Client, queue: str, act: Callable[..., Any]) -> Worker:
    """Returns a worker that does something else than ours with the effects of a task queue."""
    return Worker(
        client,
        task_queue=queue,
        activities=[act],
        workflows=[EffectsWorkflow],
        workflow_runner=UnsandboxedWorkflowRunner(),
        build_id="dying",
    )


async def test_commands_continue_while_temporal_is_down_and_effects_run_once_it_is_up(mortal: TemporalServer) -> None:
    async with Process(TemporalSettings(address=mortal.address)).running() as process:
        ids = [await process.trigger(calling(), {"n": n}) for n in range(20)]
        assert process.world.calls == []
        mortal.launch()
        await process.closed(*ids)
        assert Counter(seen.execution_id for seen in process.world.calls) == Counter(ids)


async def test_a_temporal_that_lost_everything_under_load_loses_no_effect_and_doubles_none(
    mortal: TemporalServer,
) -> None:
    await asyncio.to_thread(mortal.start)
    world = World()
    async with Process(TemporalSettings(address=mortal.address), world=world).running() as process:
        workflow = chain(call("call_1"), call("call_2"), call("call_3"))
        ids = [await process.trigger(workflow, {"n": n}) for n in range(30)]
        await process.until(lambda: len(world.calls_of("call_1")) >= 10)
        mortal.stop()
        ids += [await process.trigger(workflow, {"n": n}) for n in range(30, 40)]
        await asyncio.to_thread(mortal.start)
        while not all([(await process.shell.executions.get(each)).state.closed for each in ids]):
            await process.sweep()
            process.moved.clear()
            try:
                await asyncio.wait_for(process.moved.wait(), 1)
            except TimeoutError:
                continue
        made = Counter((seen.execution_id, seen.step, seen.attempt) for seen in world.calls)
        assert set(made.values()) == {1}
        assert len(made) == 3 * len(ids)


async def test_an_effect_that_is_offered_again_and_again_is_made_once(settings: TemporalSettings) -> None:
    world = World()
    world.always("call_1", HANG)
    async with Process(settings, world=world).running() as process:
        execution_id = await process.trigger(chain(call("call_1"), call("call_2")))
        opened = await world.wait_for_call("call_1")
        (row,) = (await process.store.reads.work_of(execution_id)).effects
        for _ in range(50):
            process.dispatcher.offer(row.reference)
        opened.release()
        await process.closed(execution_id)
        process.dispatcher.offer(row.reference)
        assert [seen.step for seen in world.calls] == ["call_1", "call_2"]


async def test_effects_that_follow_from_one_another_cost_temporal_one_activity(settings: TemporalSettings) -> None:
    async with Process(settings).running() as process:
        execution_id = await process.trigger(chain(*(call(f"call_{n}") for n in range(1, 6))))
        await process.closed(execution_id)
        assert [seen.step for seen in process.world.calls] == [f"call_{n}" for n in range(1, 6)]
        client = await TemporalConnection(settings, process.clock).client()
        carrying = client.get_workflow_handle(execution_id)
        await carrying.result()
        kinds = [event.event_type for event in (await carrying.fetch_history()).events]
    assert kinds.count(EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED) == 1


async def test_effects_that_follow_from_one_another_are_marked_with_the_outcome_before_them(
    settings: TemporalSettings,
) -> None:
    process = Process(settings)
    async with process.running():
        execution_id = await process.trigger(chain(*(call(f"call_{n}") for n in range(1, 6))))
        await process.closed(execution_id)
    assert [(seen.step, seen.attempt) for seen in process.world.calls] == [(f"call_{n}", 1) for n in range(1, 6)]
    assert process.store.work.marked == [2]


async def test_an_effect_in_a_chain_that_is_offered_beside_it_is_made_once(settings: TemporalSettings) -> None:
    world = World()
    world.always("call_2", HANG)
    async with Process(settings, world=world).running() as process:
        execution_id = await process.trigger(chain(call("call_1"), call("call_2"), call("call_3")))
        opened = await world.wait_for_call("call_2")
        (row,) = (await process.store.reads.work_of(execution_id)).effects
        # The workflow was not notified: it starts another activity, as after a sweep of another process.
        offered = row.reference
        before = len(process.arrived)
        process.dispatcher.offer(offered)
        await process.until_arrived(before + 1)
        assert process.arrived[-1] == (execution_id, row.seq)
        opened.release()
        await process.closed(execution_id)
        assert [seen.step for seen in world.calls] == ["call_1", "call_2", "call_3"]


async def test_an_effect_whose_worker_dies_is_brought_to_another_one(settings: TemporalSettings) -> None:
    begun = asyncio.Event()

    @activity.defn(name=ACTIVITY)
    async def die(_execution_id: str, _reference: Reference) -> list[Reference]:
        begun.set()
        raise ConnectionError("the machine is gone")

    process = Process(settings)
    await process.shell.open()
    execution_id = await process.trigger(calling())
    (row,) = (await process.store.reads.work_of(execution_id)).effects
    reference = reference_of(row.reference, settings.task_queue)
    connection = TemporalConnection(settings, process.clock)
    client = await connection.client()
    async with worker_of(client, reference.queue, die):
        await connection.offer(execution_id, [reference])
        await begun.wait()
    assert process.world.calls == []
    process.shell.begin()
    await process.closed(execution_id)
    await process.shell.close(timedelta(seconds=10))
    assert [seen.attempt for seen in process.world.calls] == [1]


async def test_what_follows_in_a_chain_whose_worker_dies_is_offered_by_a_sweep_and_made_once(
    settings: TemporalSettings,
) -> None:
    dead = Process(settings)
    await dead.shell.open()
    execution_id = await dead.trigger(chain(call("call_1"), call("call_2"), call("call_3")))
    (row,) = (await dead.store.reads.work_of(execution_id)).effects
    effect = row.reference
    begun = asyncio.Event()

    @activity.defn(name=ACTIVITY)
    async def die(_execution_id: str, _reference: Reference) -> list[Reference]:
        # The first effect has its outcome; the second is stored as queued, and is not offered.
        await dead.shell.effects.perform(effect, False)
        begun.set()
        raise ConnectionError("the machine is gone")

    connection = TemporalConnection(settings, dead.clock)
    client = await connection.client()
    reference = reference_of(effect, settings.task_queue)
    async with worker_of(client, reference.queue, die):
        await connection.offer(execution_id, [reference])
        await begun.wait()
    async with Process(settings, world=dead.world, data=dead.data).running() as successor:
        await client.get_workflow_handle(execution_id).result()
        assert successor.arrived == [(execution_id, row.seq)]
        assert [seen.step for seen in dead.world.calls] == ["call_1"]
        await successor.sweep()
        await successor.closed(execution_id)
    assert [(seen.step, seen.attempt) for seen in dead.world.calls] == [("call_1", 1), ("call_2", 1), ("call_3", 1)]


async def test_a_process_that_serves_nothing_offers_and_another_one_carries_out(settings: TemporalSettings) -> None:
    async with Process(settings, serving=None).running() as process:
        execution_id = await process.trigger(calling())
        seen: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        worker = TemporalDispatcher(
            settings,
            process.clock,
            serving=Serving(connectors=("http",)),
            hooks=WorkerHooks(lambda *each: seen.put_nowait(each)),
        )

        async def perform(_effect: EffectRef, _is_running: bool) -> None:
            """A fake shell of another process."""

        worker.start(perform)
        (row,) = (await process.store.reads.work_of(execution_id)).effects
        assert await seen.get() == (execution_id, row.seq)
        await worker.stop(timedelta(seconds=10))
        assert process.world.calls == []


async def test_a_worker_of_one_connector_waits_for_no_worker_of_another(settings: TemporalSettings) -> None:
    clock = SystemClock()
    seen: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
    worker = TemporalDispatcher(
        settings,
        clock,
        serving=Serving(connectors=("sap",), known=("http", "sap")),
        hooks=WorkerHooks(lambda *each: seen.put_nowait(each)),
    )

    async def perform(_effect: EffectRef, _is_running: bool) -> None:
        """A fake shell of another process."""

    worker.start(perform)
    execution_id = str(Ids(SystemEntropy()).next(clock.now()))
    queues = [connector_queue(settings.task_queue, name) for name in ("http", "sap")]
    # The workflow begins on the queue of its first effect, which no worker serves.
    offered = [Reference(seq=seq, queue=queue, lane="lane") for seq, queue in enumerate(queues, 5)]
    await TemporalConnection(settings, clock).offer(execution_id, offered)
    assert await seen.get() == (execution_id, 6)
    await worker.stop(timedelta(seconds=10))


async def test_executions_can_be_searched_in_temporal_by_their_labels(settings: TemporalSettings) -> None:
    async def labels_of(execution_id: str) -> dict[str, str]:
        return {"organization": "acme", "workflow": "approval", "process_id": execution_id[-12:]}

    clock = FakeClock()
    connection = TemporalConnection(settings, clock, labels_of)
    client = await connection.client()
    execution_id = "01900000-0000-7000-8000-0000000000aa"
    while True:
        # The namespace knows new labels only after a moment; offers until then are sent without them.
        clock.advance(timedelta(minutes=2))
        await connection.offer(execution_id, [Reference(1, "nobody", "lane")])
        handle = client.get_workflow_handle(execution_id)
        found = (await handle.describe()).typed_search_attributes
        await handle.terminate()
        if found.search_attributes:
            break
    assert {pair.key.name: pair.value for pair in found.search_attributes} == {
        "LooplyOrganization": "acme",
        "LooplyWorkflow": "approval",
        "LooplyProcessId": "0000000000aa",
    }


async def test_an_offer_whose_labels_cannot_be_read_is_sent_without_them(settings: TemporalSettings) -> None:
    async def labels_of(_execution_id: str) -> dict[str, str]:
        raise StoreUnreachable("no connection to the database")

    connection = TemporalConnection(settings, FakeClock(), labels_of)
    client = await connection.client()
    execution_id = "01900000-0000-7000-8000-0000000000ab"
    await connection.offer(execution_id, [Reference(1, "unserved", "lane")])
    handle = client.get_workflow_handle(execution_id)
    assert (await handle.describe()).typed_search_attributes.search_attributes == []
    await handle.terminate()
