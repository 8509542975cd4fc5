"""Data folders for measurements: made by the product itself, and filled fast with the rows that it makes."""

import asyncio
import dataclasses
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from bench.in_process import in_process, note_of
from looply.clock import Ids, SystemClock, SystemEntropy
from looply.engine.codec import Codec
from looply.engine.committer import stored_definition
from looply.engine.port import Start
from looply.engine.store import StoredDefinition, Unit
from looply.engine.units import head_of, work_change
from looply.execution import advance
from looply.execution.events import Event, ExecutionStarted
from looply.sealing import Sealer

_IN_FLIGHT: Final = 1024
_KEPT: Final = 2000
"""Ids of about so many executions are kept, spread over all, to read them."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A data folder that nobody serves now: its key, its workflows by kind."""

    data: Path
    api_key: str
    workflow_ids: dict[str, str]

    def trigger_path(self, kind: str = "computing") -> str:
        """Returns the path that triggers a workflow."""
        return f"/v2/workflows/triggerworkflow/{self.workflow_ids[kind]}"


async def make_folder(data: Path) -> Folder:
    """Returns a new data folder with both workflows of the scenario, active."""
    async with in_process(data) as held:
        return Folder(data, held.api_key, dict(held.workflow_ids))


def copy_folder(folder: Folder, data: Path) -> Folder:
    """Returns a copy of the folder, which goes on for itself."""
    shutil.copytree(folder.data, data)
    shutil.copyfile(note_of(folder.data), note_of(data))
    return dataclasses.replace(folder, data=data)


async def fill(folder: Folder, count: int, kind: str = "computing") -> list[str]:
    """Stores so many executions more, finished ones or of another kind; returns ids of some of them, spread over all.

    The decisions are the product's, made once: executions of one workflow and one body differ in id and instant only.
    Everything after the decision (coding, rows, transactions) the product does for each of them.
    """
    async with in_process(folder.data) as held:
        made = _Pattern(await held.start_of(kind))
        clock, ids, entropy = SystemClock(), Ids(SystemEntropy()), SystemEntropy()
        left, kept = count, []
        every = max(1, count // _KEPT)

        async def commit() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                execution_id = str(ids.next(now := clock.now()))
                if left % every == 0:
                    kept.append(execution_id)
                first = replace(made.first, at=now, execution_id=execution_id, seed=entropy.token(16))
                await held.store.journal.commit(made.unit(first))

        await asyncio.gather(*(commit() for _ in range(min(_IN_FLIGHT, count))))
    return kept


class _Pattern:
    """One execution as the decision core made it, to make others of."""

    def __init__(self, start: Start) -> None:
        self._codec = Codec(Sealer(bytes(32)))
        self._definition: StoredDefinition | None = stored_definition(
            start.workflow, start.workflow_id, start.workflow_version
        )
        now = SystemClock().now()
        self.first = ExecutionStarted(
            at=now,
            by=start.by,
            via=start.via,
            execution_id=str(Ids(SystemEntropy()).next(now)),
            organization_id=start.organization_id,
            workspace_id=start.workspace_id,
            workflow_id=start.workflow_id,
            workflow_version=start.workflow_version,
            definition=start.workflow.hash.hex(),
            seed=bytes(16),
            body=start.body,
            size=start.body_size,
        )
        self._made = advance(start.workflow, None, (self.first,))
        other = replace(
            self.first, at=now + timedelta(days=1), execution_id=str(UUID(int=7 << 76)), seed=bytes(range(16))
        )
        if self._events(other) != advance(start.workflow, None, (other,)).events:
            raise RuntimeError("executions of the scenario differ in more than id and instant; fill them one by one")

    def unit(self, first: ExecutionStarted) -> Unit:
        """Returns the whole life of the execution that begins with `first` as one unit."""
        batch, values = self._codec.encode(self._events(first), first.organization_id, first.execution_id, 1, b"")
        state = replace(self._made.state, started=first, now=first.at)
        definition, self._definition = self._definition, None
        return Unit(
            execution_id=first.execution_id,
            expected_seq=0,
            head=head_of(state),
            batch=batch,
            work=work_change(None, state, lambda _: "QUEUED", 1),
            values=values,
            definition=definition,
        )

    def _events(self, first: ExecutionStarted) -> tuple[Event, ...]:
        return (first, *(replace(event, at=first.at) for event in self._made.events[1:]))
