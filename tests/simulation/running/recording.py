"""What a simulated store does, recorded in the trace of the run."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from looply.engine.ports.port import Fire
from looply.engine.ports.store import Unit
from looply.engine.records.pruning import RetentionFilter
from looply.instants import EPOCH
from simulation.running.loop import OWNER, SimulatedLoop
from simulation.running.process import CODEC, SimulatedClock
from simulation.running.pruning import Kept
from simulation.running.trace import Commit, Firing, Pruned, Trace


class Recorder:
    """Records what the store reports."""

    def __init__(self, trace: Trace, loop: SimulatedLoop, clock: SimulatedClock) -> None:
        self._trace = trace
        self._loop = loop
        self._clock = clock

    def unit_applied(self, unit: Unit) -> None:
        """Records a unit that was stored."""
        process: Any = OWNER.get()
        self._trace.commits.append(
            Commit(
                order=self._trace.tick(),
                at_ms=self._loop.ms,
                process=process.number,
                epoch=process.epoch,
                execution=unit.execution_id,
                first_seq=unit.batch.first_seq,
                last_seq=unit.batch.last_seq,
                chain=unit.batch.chain,
                status=unit.head.status,
            )
        )

    def pruned(self, spent: RetentionFilter, kept: Kept, wrong: list[str]) -> None:
        """Records what was pruned, as it was before."""
        trace = self._trace
        trace.lost_rows += wrong
        for key, head in kept.heads.items():
            pruned = Pruned(trace.tick(), len(trace.commits), key, spent.now, spent.ended_before, spent.overrides)
            trace.pruned.append(pruned)
            events = [
                event
                for batch in kept.batches[key]
                for event in CODEC.decode(batch, kept.values[key], head.organization_id, key)
            ]
            trace.chains[key] = [(batch.first_seq, batch.last_seq, batch.chain) for batch in kept.batches[key]]
            trace.histories[key] = [plain(event) for event in events]
            trace.heads[key] = plain(head)

    def keys_dropped(self, now: datetime) -> None:
        """Records a round that dropped keys."""
        self._trace.key_rounds.append((self._trace.tick(), now))

    def fire_taken(self, fire: Fire, execution_id: str) -> None:
        """Records a start by a schedule, or one that was skipped or queued."""
        assert fire.at is not None
        self._trace.firings.append(
            Firing(
                order=self._trace.tick(),
                at_ms=self._loop.ms,
                latest_ms=_ms_of(self._clock.latest()),
                workflow=fire.workflow_id,
                nominal_ms=_ms_of(fire.nominal),
                execution=execution_id,
                outcome=fire.outcome,
                count=fire.count,
                decided_ms=_ms_of(fire.at),
            )
        )


def plain(value: Any) -> dict[str, Any]:
    """Returns a value of the engine as JSON-like values, with instants and bytes."""
    found: dict[str, Any] = msgspec.to_builtins(value, builtin_types=(datetime, bytes))
    return found


def _ms_of(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)
