"""How many units the SQLite store takes: `python bench/store_rates.py [seconds] [committers] [folder]`.

A unit is what an execution that only computes makes: a body of 1 KiB and three computing steps, coded and stored in
one go. The figures leave out HTTP and the decision core.
"""

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from looply.clock import Ids, SystemClock, SystemEntropy, id_time
from looply.engine.coding.codec import Codec
from looply.engine.ports.lists import Head
from looply.engine.ports.store import Unit, WorkChange
from looply.engine.sqlite import SqliteStore
from looply.execution.facts.events import Computed, Event, ExecutionClosed, ExecutionStarted
from looply.sealing import Sealer

ORGANIZATION = "01900000-0000-7000-8000-00000000000a"
WORKFLOW = "01900000-0000-7000-8000-000000000f01"


def events_of(execution_id: str, number: int) -> list[Event]:
    """Returns the events of one execution: a start with 1 KiB, three computing steps, the end."""
    at = datetime(2025, 6, 1, tzinfo=UTC)
    lines = [
        {"item": f"{10 * line:05}", "text": f"part {number * 31 + line}", "price": line * 1.5} for line in range(16)
    ]
    body = {"purchase_order": f"45{number:08}", "company": "1000", "lines": lines}
    started = ExecutionStarted(
        at=at,
        execution_id=execution_id,
        organization_id=ORGANIZATION,
        workspace_id=ORGANIZATION,
        workflow_id=WORKFLOW,
        workflow_version=1,
        definition="d" * 64,
        seed=number.to_bytes(16),
        body=body,
    )
    steps = [Computed(at=at, step=f"choice_{step}", branch="1", output={"branch": "1"}) for step in range(3)]
    return [started, *steps, ExecutionClosed(at=at, status="COMPLETED")]


def unit_of(codec: Codec, execution_id: str, number: int) -> Unit:
    """Returns the whole life of one execution as one unit."""
    batch, values = codec.encode(events_of(execution_id, number), ORGANIZATION, execution_id, 1, b"")
    created_on = id_time(execution_id)
    head = Head(
        execution_id=execution_id,
        organization_id=ORGANIZATION,
        workspace_id=ORGANIZATION,
        workflow_id=WORKFLOW,
        workflow_version=1,
        status="COMPLETED",
        current_state="",
        trigger_type="REQUEST",
        process_id=f"45{number:08}",
        profile="",
        parent="",
        seq=batch.last_seq,
        created_on=created_on,
        modified_on=created_on,
        modified_by="bench",
    )
    return Unit(execution_id=execution_id, expected_seq=0, head=head, batch=batch, work=WorkChange(), values=values)


async def measure(folder: Path, seconds: float, committers: int) -> None:
    """Commits from so many tasks at once for some seconds and prints what came of it."""
    clock = SystemClock()
    store = SqliteStore(folder, clock)
    boot = await store.open()
    codec = Codec(Sealer(bytes(32)), boot.dictionaries)
    ids = Ids(SystemEntropy())
    taken: list[float] = []
    end = time.perf_counter() + seconds

    async def commit() -> None:
        while (begun := time.perf_counter()) < end:
            execution_id = str(ids.next(clock.now()))
            await store.journal.commit(unit_of(codec, execution_id, len(taken)))
            taken.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(commit() for _ in range(committers)))
    span = time.perf_counter() - begun
    groups = store.groups
    await store.close()
    taken.sort()
    size = (folder / "executions.db").stat().st_size
    print(f"{committers:4} committers  {len(taken) / span:8.0f} units/s  {len(taken) / groups:6.1f} units a flush")
    p50, p99, most = (taken[index] * 1000 for index in (len(taken) // 2, len(taken) * 99 // 100, -1))
    print(f"{'':17}p50 {p50:.2f} ms  p99 {p99:.2f} ms  max {most:.1f} ms  {size / len(taken):.0f} bytes each")


def main() -> None:
    """Measures with one committer and with many."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    committers = int(sys.argv[2]) if len(sys.argv) > 2 else 32
    place = sys.argv[3] if len(sys.argv) > 3 else None
    for count in (1, committers):
        with tempfile.TemporaryDirectory(dir=place) as folder:
            asyncio.run(measure(Path(folder) / "data", seconds, count))


if __name__ == "__main__":
    main()
