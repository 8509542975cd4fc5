"""The pruning of the memory store."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from looply.clock import to_ms
from looply.engine.ports.port import LedgerRow
from looply.engine.ports.store import Position
from looply.engine.records.pruning import (
    SLICE_ROWS,
    Candidate,
    Cursor,
    PrunePlan,
    RetentionFilter,
    Slice,
    fires_before,
    plan_removals,
)

_STAYS: Final = ("QUEUED", "MISSED")


class MemoryPruning:
    """See `looply.engine.records.pruning.Pruning`."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits

    async def is_busy(self) -> bool:
        """Whether writes wait."""
        return self._commits.waiting > 0

    async def prune(self, expired: RetentionFilter, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes one slice of what has expired."""
        choice = self._choice(expired, after)
        if is_dry or not choice.removed:
            return choice.report
        return await self._commits.submit(lambda: self.remove(expired, after))

    def remove(self, expired: RetentionFilter, after: Cursor) -> Slice:
        """Plans again, now that nothing changes, and removes what it finds."""
        found = self._choice(expired, after)
        for each in found.removed:
            self._forget(each.execution_id)
        _forget_fires(self._data, {each.execution_id for each in found.removed}, expired)
        return found.report

    async def drop_keys(self, now: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes idempotency keys whose time is over and whose execution is not open."""

        def gone() -> list[tuple[str, str]]:
            stored = self._data.keys.items()
            return [name for name, (key, holder) in stored if key.expires_on <= now and not self._data.is_open(holder)]

        if is_dry or not gone():
            return Slice(keys=len(gone()))

        def write() -> Slice:
            names = gone()
            for name in names:
                del self._data.keys[name]
            return Slice(keys=len(names))

        return await self._commits.submit(write)

    async def drop_decisions(
        self,
        before: datetime,
        after: Cursor,
        *,
        is_dry: bool = False,
    ) -> Slice:
        """Removes old decisions of executions that are gone."""

        def gone() -> list[tuple[str, int]]:
            rows = self._data.decisions.items()
            return [key for key, row in rows if row.decision.on < before and key[0] not in self._data.heads]

        if is_dry or not gone():
            return Slice(decisions=len(gone()))

        def write() -> Slice:
            keys = gone()
            for key in keys:
                del self._data.decisions[key]
            return Slice(decisions=len(keys))

        return await self._commits.submit(write)

    async def release_space(self) -> bool:
        """Does nothing: memory is released by itself."""
        return False

    async def last_pruned_position(self, organization_id: str) -> Position:
        """Returns the last position of what was pruned of an organization."""
        return self._data.pruned.get(organization_id, (0, 0))

    def _choice(self, expired: RetentionFilter, after: Cursor) -> PrunePlan:
        found = [each for each in self._looked_at(expired) if (each.due_ms, each.execution_id) > after]
        rows = sorted(found)[:SLICE_ROWS]
        return plan_removals(rows, has_more=len(rows) == SLICE_ROWS)

    def _looked_at(self, expired: RetentionFilter) -> Iterator[Candidate]:
        data, before = self._data, expired.ended_before
        for execution_id, head in data.heads.items():
            expiry = data.expiries.get(execution_id)
            if before is None:
                is_due = expiry is not None and expiry <= expired.now
            else:
                is_due = head.modified_on < before and (expired.overrides or expiry is None)
            if is_due and expired.workflow_id in ("", head.workflow_id) and not self._is_open(execution_id):
                due_ms = to_ms(expiry) if before is None and expiry is not None else 0
                is_held = self._is_held(execution_id, expired.now)
                size = self._size(execution_id)
                yield Candidate(due_ms, execution_id, head.seq, is_expired=True, is_held=is_held, size=size)

    def _is_open(self, execution_id: str) -> bool:
        data = self._data
        return data.is_open(execution_id) or any(key[0] == execution_id for key in data.incidents)

    def _is_held(self, execution_id: str, now: datetime) -> bool:
        data = self._data
        parent = data.heads[execution_id].parent
        children = (key for key, head in data.heads.items() if head.parent == execution_id)
        last = next((entry for entry in reversed(data.order) if entry is not None), None)
        return (
            any(holder == execution_id and key.expires_on > now for key, holder in data.keys.values())
            or any(key[0] == execution_id and not row.action for key, row in data.letters.items())
            or any(c.row.execution_id == execution_id and c.row.shown < c.row.wanted for c in data.copies.values())
            or any(execution_id in (row.target, row.sender) for row in data.deliveries)
            or any(self._is_open(child) for child in children)
            or self._is_open(parent)
            or (last is not None and last[0] == execution_id)
            or execution_id == max(data.heads)
        )

    def _size(self, execution_id: str) -> int:
        data = self._data
        owner = data.heads[execution_id].organization_id
        values = (data.values[owner, key] for key in data.value_uses.get(execution_id, {}))
        return sum(len(batch.events) for batch in data.batches[execution_id]) + sum(len(value.data) for value in values)

    def _forget(self, execution_id: str) -> None:
        data = self._data
        head = data.heads.pop(execution_id)
        owner = head.organization_id
        places = [place for place, found, _ in data.placed(0) if found == execution_id]
        data.pruned[owner] = max(data.pruned.get(owner, (0, 0)), (0, places[-1]))
        for place in places:
            data.order[place - 1] = None
        uses = data.value_uses.pop(execution_id, {})
        kept = {
            key
            for other, found in data.value_uses.items()
            for key in found
            if data.heads[other].organization_id == owner
        }
        for key in uses.keys() - kept:
            del data.values[owner, key]
        for rows in (data.crash_counts, data.batches, data.snapshots, data.search, data.expiries):
            rows.pop(execution_id, None)
        # There are none of these, unless something is damaged.
        data.effects = {row: found for row, found in data.effects.items() if row[0] != execution_id}
        data.timers = {row: found for row, found in data.timers.items() if row[0] != execution_id}
        data.waits = {row: found for row, found in data.waits.items() if row[0] != execution_id}
        data.continuations.discard(execution_id)
        data.places.pop(execution_id, None)
        data.cards = {key: card for key, card in data.cards.items() if card.execution_id != execution_id}
        data.claims = {key: entry for key, entry in data.claims.items() if entry[1] != execution_id}
        data.keys = {name: entry for name, entry in data.keys.items() if entry[1] != execution_id}
        data.letters = {key: row for key, row in data.letters.items() if key[0] != execution_id}
        data.copies = {key: copy for key, copy in data.copies.items() if copy.row.execution_id != execution_id}


def _forget_fires(data: MemoryData, gone: set[str], expired: RetentionFilter) -> None:
    for workflow_id, ledger in data.fires.items():
        if named := [at for at, row in ledger.items() if row.execution_id in gone]:
            ledger.update({at: replace(ledger[at], execution_id="") for at in named})
            data.fires[workflow_id] = {at: row for at, row in ledger.items() if _is_kept(row, expired)}
    for workflow_id, schedule in data.schedules.items():
        if schedule.last_execution in gone:
            data.schedules[workflow_id] = replace(schedule, last_execution="")


def _is_kept(row: LedgerRow, expired: RetentionFilter) -> bool:
    return bool(row.execution_id) or row.outcome in _STAYS or to_ms(row.nominal) >= fires_before(expired)
