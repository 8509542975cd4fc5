"""The figures of the memory store."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from looply.engine.records.figures.figures import (
    CARDS,
    FAILED,
    GRAINS,
    INCIDENTS,
    LETTERS,
    RUNNING,
    WAITING,
    CounterKey,
    Counts,
    CountsOfWorkflows,
    Drift,
    Grain,
    RollUp,
    RollUpRow,
    RollUps,
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

    async def counts_of(self, organization_id: str, workflow_ids: Sequence[str]) -> CountsOfWorkflows:
        """Returns the counters of each of these workflows."""
        found = {each: await self.counts(organization_id, [each]) for each in workflow_ids}
        behind = (await self.counts(organization_id, [])).behind_since
        return CountsOfWorkflows({each: counts.totals for each, counts in found.items() if counts.totals}, behind)

    async def workflows_with(self, organization_id: str, names: Collection[str]) -> frozenset[str]:
        """Returns the ids of the workflows with a counter over 0 of one of these names."""
        known = {number: name for name, number in self._data.numbers.items()}
        return frozenset(
            known[key.workflow]
            for key, total in self._data.counters.items()
            if known[key.org] == organization_id and key.name in names and total > 0
        )

    async def hours_of(
        self, organization_id: str, workflow_ids: Sequence[str], begins: Sequence[datetime]
    ) -> Sequence[RollUpRow]:
        """Returns the roll-ups of the executions of these workflows for some hours."""
        if not workflow_ids or not begins:
            return []
        asked = {to_ms(begin) for begin in begins}
        span = (min(begins), max(begins) + GRAINS["hour"])
        found = await self.rollups(organization_id, "hour", span, workflow_ids, None)
        return [row for row in found.rows if not row.step and row.begin_ms in asked]

    async def rollups(
        self,
        organization_id: str,
        grain: Grain,
        span: tuple[datetime, datetime],
        workflow_ids: Sequence[str],
        profile: str | None,
    ) -> RollUps:
        """Returns the roll-ups of a span, and the counters."""
        names = {number: name for name, number in self._data.numbers.items()}
        found = [
            RollUpRow(key.begin_ms, names[key.workflow], key.step, _copied(part))
            for key, part in self._data.rollups.items()
            if names[key.org] == organization_id
            and key.grain == grain
            and to_ms(span[0]) <= key.begin_ms < to_ms(span[1])
            and (not workflow_ids or names[key.workflow] in workflow_ids)
            and profile in (None, key.profile)
        ]
        counts = await self.counts(organization_id, workflow_ids)
        return RollUps(sorted(found, key=lambda row: row.begin_ms), counts)

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


def _copied(part: RollUp) -> RollUp:
    """Returns a roll-up that the next fold does not change."""
    copied = RollUp()
    copied.add(part)
    return copied
