"""Executions that are loaded: while much of them is decoded, others get their turns."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from kit.definitions import calling
from looply.engine.coding.codec import Codec
from looply.engine.processing.loading import Loader
from looply.execution.facts.events import Event, ExecutionStarted, StepScheduled, StepSucceeded
from looply.sealing import Sealer

ORGANIZATION = "01900000-0000-7000-8000-00000000000a"
EXECUTION = "01900000-0000-7000-8000-000000000001"
NOW = datetime(2025, 5, 1, 12, tzinfo=UTC)
VISITS = 10


def history(output: Any) -> list[list[Event]]:
    """Returns the events of an execution that made one call after the other, each answered with `output`."""
    first = ExecutionStarted(
        at=NOW,
        execution_id=EXECUTION,
        organization_id=ORGANIZATION,
        workspace_id=ORGANIZATION,
        workflow_id=ORGANIZATION,
        workflow_version=1,
        definition=calling().hash.hex(),
        seed=bytes(16),
    )
    batches: list[list[Event]] = [[first]]
    for visit in range(1, VISITS + 1):
        place: dict[str, Any] = {"at": NOW, "step": "call_1", "visit": visit, "attempt": 1}
        batches.append(
            [
                StepScheduled(**place, operation="http.request", timeout_seconds=30),
                StepSucceeded(**place, output=output),
            ]
        )
    return batches


class OneExecution:
    """A journal that holds one execution."""

    def __init__(self, codec: Codec, events: list[list[Event]]) -> None:
        self.chain, self.batches, self.values, seq = b"", [], {}, 0
        for each in events:
            batch, values = codec.encode(each, ORGANIZATION, EXECUTION, seq + 1, self.chain)
            self.chain, seq = batch.chain, batch.last_seq
            self.batches.append(batch)
            self.values |= {value.hash: value for value in values}
        self.head = SimpleNamespace(organization_id=ORGANIZATION, execution_id=EXECUTION, seq=seq)

    async def load(self, _: str) -> Any:
        """Returns what is stored."""
        return SimpleNamespace(head=self.head, snapshot=None, batches=self.batches, chain=b"", values=self.values)


async def turns_beside(work: Callable[[], Any]) -> int:
    """Returns how many turns another task got while the work was done."""
    task, turns = asyncio.ensure_future(work()), 0
    while not task.done():
        turns += 1
        await asyncio.sleep(0)
    task.result()
    return turns


@pytest.mark.parametrize(("output", "least"), [({"ok": True}, 1), ([[]] * 10_000, VISITS)])
async def test_others_get_a_turn_after_each_large_piece_of_a_history(output: Any, least: int) -> None:
    codec = Codec(Sealer(b"k" * 32))
    workflow = calling()
    loader = Loader(SimpleNamespace(journal=OneExecution(codec, history(output))), codec)  # type: ignore[arg-type]
    loader.keep(workflow.hash.hex(), workflow)
    turns = await turns_beside(lambda: loader.load(EXECUTION))
    assert least <= turns < least + 3
