"""Data folders for measurements: made by the product itself, and filled fast with the rows that it makes."""

import asyncio
import dataclasses
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from bench.harness.in_process import InProcess, in_process, note_of
from looply.clock import Ids, SystemClock, SystemEntropy
from looply.engine.coding.codec import Codec
from looply.engine.coding.units import claim_of, head_of, work_change
from looply.engine.ports.port import Start
from looply.engine.ports.store import StoredDefinition, Unit
from looply.engine.processing.committer import encode_definition
from looply.execution import advance
from looply.execution.document.payload import initial_payload
from looply.execution.document.searching import SearchValues, search_values
from looply.execution.facts.events import Event, ExecutionStarted
from looply.sealing import Sealer

_IN_FLIGHT: Final = 1024
_KEPT: Final = 2000
"""Ids of about so many executions are kept, spread over all, to read them."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A data folder without a running server: its key, its workflows by kind."""

    data: Path
    api_key: str
    workflow_ids: dict[str, str]

    def trigger_path(self, kind: str = "computing") -> str:
        """Returns the path that triggers a workflow."""
        return f"/v2/workflows/triggerworkflow/{self.workflow_ids[kind]}"


async def make_folder(data: Path, more: Mapping[str, dict[str, Any]] | None = None) -> Folder:
    """Returns a new data folder with both workflows of the scenario and `more` by kind, active."""
    async with in_process(data, more) as held:
        return Folder(data, held.api_key, dict(held.workflow_ids))


def copy_folder(folder: Folder, data: Path) -> Folder:
    """Returns an independent copy of the folder."""
    shutil.copytree(folder.data, data)
    shutil.copyfile(note_of(folder.data), note_of(data))
    return dataclasses.replace(folder, data=data)


async def fill(folder: Folder, count: int, kind: str = "computing") -> list[str]:
    """Stores so many executions more, finished ones or of another kind; returns ids of some of them."""
    async with in_process(folder.data) as held:
        pattern = Pattern(await held.start_of(kind))
        return await stored(held, count, lambda _, fresh: pattern.unit(replace(pattern.first, **fresh)))


async def stored(
    held: InProcess, count: int, unit_of: Callable[[int, dict[str, Any]], Unit], span: timedelta = timedelta(0)
) -> list[str]:
    """Stores so many executions, one unit each; returns ids of some of them, spread over all.

    `unit_of` is given their numbers from 0 and what differs in the first event of any two: id, instant and seed. With a
    `span` their instants are spread evenly over that time until now, as if they had been started then.
    """
    clock, ids, entropy = SystemClock(), Ids(SystemEntropy()), SystemEntropy()
    numbers, kept = iter(range(count)), []
    every = max(1, count // _KEPT)
    begin, step = clock.now() - span, span / max(1, count)

    async def commit() -> None:
        for number in numbers:
            now = begin + number * step if span else clock.now()
            execution_id = str(ids.next(now))
            if number % every == 0:
                kept.append(execution_id)
            fresh = {"at": now, "execution_id": execution_id, "seed": entropy.token(16)}
            await held.store.journal.commit(unit_of(number, fresh))

    await asyncio.gather(*(commit() for _ in range(min(_IN_FLIGHT, count))))
    return kept


class Pattern:
    """One execution as the decision core made it, to make others of.

    The decisions are the product's, made once: executions of one workflow differ in their first event only, which a
    check with another one proves. Everything after the decision (coding, rows, transactions) is done for each of them.
    """

    def __init__(self, start: Start, **other: Any) -> None:
        """Makes the execution of a start. `other` is what else than id, instant and seed will differ in others.

        Raises: RuntimeError when they would differ in more than their first event.
        """
        self._codec = Codec(Sealer(bytes(32)))
        self._workflow = start.workflow
        self._definition: StoredDefinition | None = encode_definition(
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
            process_id=start.process_id,
            body=start.body,
            size=start.body_size,
        )
        self._made = advance(start.workflow, None, (self.first,))
        changed = {"at": now + timedelta(days=1), "execution_id": str(UUID(int=7 << 76)), "seed": bytes(range(16))}
        first = replace(self.first, **changed, **other)
        made = advance(start.workflow, None, (first,))
        if (self._events(first), self._values(first)) != (made.events, search_values(start.workflow, made.state)):
            raise RuntimeError("executions of the workflow differ in more than their first event; fill them one by one")

    def unit(self, first: ExecutionStarted) -> Unit:
        """Returns the whole life of the execution that begins with `first`, as far as it goes, as one unit."""
        batch, values = self._codec.encode(self._events(first), first.organization_id, first.execution_id, 1, b"")
        state = replace(self._made.state, started=first, now=first.at)
        definition, self._definition = self._definition, None
        claim = claim_of(state)
        return Unit(
            execution_id=first.execution_id,
            expected_seq=0,
            head=head_of(state),
            batch=batch,
            work=work_change(None, state, lambda _: "QUEUED", 1),
            values=values,
            put_claim=claim,
            drop_claim=None if state.holds_process_id else claim,
            definition=definition,
            search=self._values(first) or None,
        )

    def _events(self, first: ExecutionStarted) -> tuple[Event, ...]:
        return (first, *(replace(event, at=first.at) for event in self._made.events[1:]))

    def _values(self, first: ExecutionStarted) -> SearchValues:
        if not self._workflow.settings.search_fields:
            return ()
        return search_values(self._workflow, replace(self._made.state, started=first, payload=initial_payload(first)))
