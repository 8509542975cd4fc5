"""Records histories of the workflow that carries effects, which every later release must be able to replay.

`python tests/golden/recording/record_effects.py` adds the missing files in `effects`; it never changes an existing one.
It needs the Temporal development server, which it starts on the loopback interface.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from golden.recording.sums import add_sums
from looply.clock import SystemClock
from looply.engine.temporal.chain import Chain
from looply.engine.temporal.connecting import CONVERTER
from looply.engine.temporal.references import Reference
from looply.engine.temporal.workflow import ACTIVITY, SIGNAL, WORKFLOW, EffectsWorkflow

EFFECTS = Path(__file__).parents[1] / "effects"
_QUEUE = "golden-effects"

Performed = Callable[[int, int], Awaitable[list[int]]]
"""Carries out an effect by its number and attempt; returns the numbers of the following effects."""

More = Callable[[WorkflowHandle[None, None]], Awaitable[None]]
"""Offers more to the running workflow."""


def reference(seq: int) -> Reference:
    """Returns the reference of an effect."""
    return Reference(seq=seq, queue="golden-http", lane="000000000000")


class Recorder:
    """Runs the workflow on a server, with effects that a recording scripts."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def run(self, name: str, perform: Performed, first: list[int], limit: int, *, more: More) -> str:
        """Returns the history of the first run of a workflow that was started with these effects, as JSON."""

        @activity.defn(name=ACTIVITY)
        async def performed(_execution_id: str, effect: Reference) -> list[Reference]:
            return [reference(seq) for seq in await perform(effect.seq, activity.info().attempt)]

        runner = UnsandboxedWorkflowRunner()
        workflows = Worker(
            self._client, task_queue=_QUEUE, workflows=[EffectsWorkflow], workflow_runner=runner, build_id="golden"
        )
        effects = Worker(self._client, task_queue="golden-http", activities=[performed], build_id="golden")
        async with workflows, effects:
            handle = await self._client.start_workflow(
                WORKFLOW,
                args=[[], limit],
                id=name,
                task_queue=_QUEUE,
                start_signal=SIGNAL,
                start_signal_args=[[reference(seq) for seq in first]],
            )
            await more(handle)
            await handle.result()
        run = self._client.get_workflow_handle(name, run_id=handle.first_execution_run_id)
        return (await run.fetch_history()).to_json()


async def _nothing_more(_handle: WorkflowHandle[None, None]) -> None:
    """Signals nothing."""


async def one_effect(recorder: Recorder) -> str:
    """Records one effect without a following one."""

    async def perform(_seq: int, _try: int) -> list[int]:
        return []

    return await recorder.run("one_effect", perform, [2], 1000, more=_nothing_more)


async def chain_of_three(recorder: Recorder) -> str:
    """Records three effects, each of which follows from the one before."""

    async def perform(seq: int, _try: int) -> list[int]:
        return [seq + 2] if seq < 6 else []

    return await recorder.run("chain_of_three", perform, [2], 1000, more=_nothing_more)


async def signal_while_running(recorder: Recorder) -> str:
    """Records offers during an effect: of another one, and of the same."""
    begun, released = asyncio.Event(), asyncio.Event()

    async def perform(seq: int, _try: int) -> list[int]:
        begun.set()
        if seq == 2:
            await released.wait()
        return []

    async def more(handle: WorkflowHandle[None, None]) -> None:
        await begun.wait()
        await handle.signal(SIGNAL, [reference(2), reference(5)])
        await handle.signal(SIGNAL, [reference(2)])
        released.set()

    return await recorder.run("signal_while_running", perform, [2], 1000, more=more)


async def continued_as_new(recorder: Recorder) -> str:
    """Records a run that starts its maximum of effects, and leaves the others to the next one."""

    async def perform(_seq: int, _try: int) -> list[int]:
        return []

    return await recorder.run("continued_as_new", perform, [2, 3, 4, 5, 6], 3, more=_nothing_more)


async def tried_again(recorder: Recorder) -> str:
    """Records an effect whose first worker was lost."""

    async def perform(seq: int, number: int) -> list[int]:
        if number == 1:
            raise ConnectionError("the worker is gone")
        return [4] if seq == 2 else []

    return await recorder.run("tried_again", perform, [2], 1000, more=_nothing_more)


class _Following:
    """A fake carrier: each effect succeeds at once, and is followed by effects with these numbers."""

    is_leaving = False

    def __init__(self, following: Mapping[int, list[int]]) -> None:
        self._following = following

    async def carry(self, _execution_id: str, effect: Reference, _beat: Callable[[], object]) -> Sequence[Reference]:
        """Returns the numbers of the following effects."""
        return [reference(seq) for seq in self._following.get(effect.seq, ())]


async def chained_in_one_activity(recorder: Recorder) -> str:
    """Records six effects in three activities: a single following effect runs in the activity of its predecessor."""
    carrier: Any = _Following({2: [4], 4: [6], 6: [8, 9], 8: [10]})

    async def perform(seq: int, _try: int) -> list[int]:
        chain = Chain(carrier, SystemClock(), lambda _effect: None)
        left = await chain.carry("chained_in_one_activity", reference(seq), lambda _execution_id, _seq: None)
        return [effect.seq for effect in left]

    return await recorder.run("chained_in_one_activity", perform, [2], 1000, more=_nothing_more)


RECORDINGS: Mapping[str, Callable[[Recorder], Awaitable[str]]] = {
    each.__name__: each
    for each in (
        one_effect,
        chain_of_three,
        signal_while_running,
        continued_as_new,
        tried_again,
        chained_in_one_activity,
    )
}


async def record(address: str) -> None:
    """Adds the missing recordings."""
    recorder = Recorder(await Client.connect(address, data_converter=CONVERTER, identity="golden"))
    for name, recording in RECORDINGS.items():
        path = EFFECTS / f"{name}.json"
        if not path.exists():
            path.write_text(await recording(recorder) + "\n")
    add_sums()


if __name__ == "__main__":
    from kit.servers.temporal_server import TemporalServer

    with TemporalServer() as server:
        asyncio.run(record(server.address))
