"""The figures of the memory store."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from looply.engine.records.figures.figures import (
    CARDS,
    FAILED,
    INCIDENTS,
    LETTERS,
    RUNNING,
    WAITING,
    CounterKey,
    Counts,
    Drift,
    Grain,
    RollUp,
    RollUpRow,
    fold_changes,
)
from looply.instants import from_ms, to_ms


class MemoryFigures:
    """See `looply.engine.records.figures.figures.Figures`."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits

    async def fold(self, limit: int) -> int:
        """Folds the oldest changes; returns how many."""
        if not self._data.figure_changes:
            return 0
        folded: list[int] = []
        await self._commits.submit(lambda: folded.append(self._fold(limit)))
        return folded[0]

    async def counts(self, organization_id: str, workflow_ids: Sequence[str]) -> Counts:
        """Returns the counters of an organization."""
        data = self._data
        names = {number: name for name, number in data.numbers.items()}
        totals: Counter[str] = Counter()
        for key, total in data.counters.items():
            if names[key.org] == organization_id and (not workflow_ids or names[key.workflow] in workflow_ids):
                totals[key.name] += total
        behind = from_ms(data.figure_changes[0].at_ms) if data.figure_changes else None
        return Counts({name: total for name, total in totals.items() if total}, behind)

    async def rollups(
        self,
        organization_id: str,
        grain: Grain,
        span: tuple[datetime, datetime],
        workflow_ids: Sequence[str],
        profile: str | None,
    ) -> Sequence[RollUpRow]:
        """Returns the roll-ups of a span."""
        names = {number: name for name, number in self._data.numbers.items()}
        found = [
            RollUpRow(key.begin_ms, names[key.workflow], key.step, part)
            for key, part in self._data.rollups.items()
            if names[key.org] == organization_id
            and key.grain == grain
            and to_ms(span[0]) <= key.begin_ms < to_ms(span[1])
            and (not workflow_ids or names[key.workflow] in workflow_ids)
            and profile in (None, key.profile)
        ]
        return sorted(found, key=lambda row: row.begin_ms)

    async def drop_rollups(self, grain: Grain, before: datetime) -> None:
        """Removes old roll-ups."""
        data = self._data
        gone = [key for key in data.rollups if key.grain == grain and key.begin_ms < to_ms(before)]
        if gone:
            await self._commits.submit(lambda: [data.rollups.pop(key, None) for key in gone])

    async def find_drift(self) -> Sequence[Drift]:
        """Returns the counters that differ from a count."""
        return [Drift(*key, missing) for key, missing in sorted(self._drift().items()) if missing]

    async def correct(self) -> None:
        """Sets counters that differ to the count."""
        await self._commits.submit(self._correct)

    def _fold(self, limit: int) -> int:
        data = self._data
        rows, data.figure_changes = data.figure_changes[:limit], data.figure_changes[limit:]
        totals, rollups = fold_changes(rows)
        for counter, total in totals.items():
            data.counters[counter] = data.counters.get(counter, 0) + total
        for key, part in rollups.items():
            data.rollups.setdefault(key, RollUp()).add(part)
        return len(rows)

    def _correct(self) -> None:
        for key, missing in self._drift().items():
            self._data.counters[key] = self._data.counters.get(key, 0) + missing

    def _drift(self) -> Counter[CounterKey]:
        """Returns what must be added to each counter: the rows, less the counters and the changes not folded yet."""
        data = self._data
        found: Counter[CounterKey] = Counter()

        def count(execution_id: str, name: str) -> None:
            head = data.heads[execution_id]
            found[CounterKey(data.number(head.organization_id), data.number(head.workflow_id), name)] += 1

        for execution_id, head in data.heads.items():
            if data.is_open(execution_id):
                count(execution_id, RUNNING if head.status == "RUNNING" else WAITING)
        for execution_id in {key for key, _ in data.incidents}:
            count(execution_id, FAILED)
        for row in data.incidents.values():
            count(row.execution_id, INCIDENTS[row.kind])
        for card in data.cards.values():
            count(card.execution_id, CARDS)
        for letter in data.letters.values():
            if not letter.action:
                count(letter.execution_id, LETTERS)
        found.subtract(data.counters)
        for change in data.figure_changes:
            for name, total in change.change.open.items():
                found[CounterKey(change.org, change.workflow, name)] -= total
        return found
