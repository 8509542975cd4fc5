"""Pruning of the simulated store: pruned executions are recorded, and the remaining rows are checked one by one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from kit.memory.pruning import MemoryPruning
from looply.engine.ports.lists import Head
from looply.engine.ports.store import Batch, Value
from looply.engine.records.pruning import Cursor, RetentionFilter, Slice

Row = tuple[str, Any]
"""The name of a table, and a key in it."""

_OF_EXECUTIONS = ("heads", "crash_counts", "batches", "snapshots", "value_uses", "search", "expiries", "places")
_NUMBERED = ("effects", "timers", "waits", "incidents", "letters")
_OF_OTHERS = ("deliveries", "decisions", "datastores", "datastore_floors", "definitions", "dictionaries")


@dataclass(frozen=True)
class Kept:
    """Executions as they were when they were pruned: their heads, and their batches with the large values of these."""

    heads: Mapping[str, Head]
    batches: Mapping[str, list[Batch]]
    values: Mapping[str, Mapping[bytes, Value]]


OnPruned = Callable[[RetentionFilter, Kept, list[str]], None]
"""Observes a pruning: its rule, the pruned executions, and the problems of the remaining rows."""

OnKeysPruned = Callable[[datetime], None]
"""Observes the removal of idempotency keys that have expired at an instant."""


class WatchedPruning(MemoryPruning):
    """Prunes, and notifies its observers."""

    def __init__(self, data: MemoryData, commits: Commits, on_gone: OnPruned, on_keys: OnKeysPruned) -> None:
        super().__init__(data, commits)
        self._on_gone = on_gone
        self._on_keys = on_keys

    async def drop_keys(self, now: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes idempotency keys whose time is over."""
        if not is_dry:
            self._on_keys(now)
        return await super().drop_keys(now, after, is_dry=is_dry)

    def remove(self, spent: RetentionFilter, after: Cursor) -> Slice:
        """Removes one slice."""
        data = self._data
        heads, batches, uses = dict(data.heads), dict(data.batches), dict(data.value_uses)
        values, rows, fires = dict(data.values), dict(_rows(data)), _fires(data)
        removed = super().remove(spent, after)
        gone = [execution_id for execution_id in heads if execution_id not in data.heads]
        kept = Kept(
            heads={key: heads[key] for key in gone},
            batches={key: batches[key] for key in gone},
            values={
                key: {name: values[heads[key].organization_id, name] for name in uses.get(key, {})} for key in gone
            },
        )
        wrong = [*_wrong_rows(rows, dict(_rows(data)), gone), *_wrong_values(data), *_wrong_fires(fires, data, gone)]
        self._on_gone(spent, kept, wrong)
        return removed


def _rows(data: MemoryData) -> Iterator[tuple[Row, tuple[str, Any]]]:
    """Yields every row but those of values and schedules, with the execution that it belongs to, empty for none."""
    for name in _OF_EXECUTIONS:
        for key, value in getattr(data, name).items():
            yield (name, key), (key, list(value) if isinstance(value, list) else value)
    for name in _NUMBERED:
        for key, value in getattr(data, name).items():
            yield (name, key), (key[0], value)
    for name in _OF_OTHERS:
        for key, value in getattr(data, name).items():
            yield (name, key), ("", value)
    yield from ((("continuations", key), (key, key)) for key in data.continuations)
    yield from ((("cards", key), (card.execution_id, card)) for key, card in data.cards.items())
    yield from ((("claims", key), (entry[1], entry)) for key, entry in data.claims.items())
    yield from ((("keys", key), (entry[1], entry)) for key, entry in data.keys.items())
    yield from ((("copies", key), (copy.row.execution_id, copy)) for key, copy in data.copies.items())
    yield from ((("order", place), (entry[0], entry)) for place, entry in enumerate(data.order) if entry is not None)


def _wrong_rows(
    before: Mapping[Row, tuple[str, Any]], after: Mapping[Row, tuple[str, Any]], gone: Iterable[str]
) -> Iterator[str]:
    names = set(gone)
    for row, (owner, value) in before.items():
        if owner in names and row in after:
            yield f"{owner} was pruned, and its row {row} is left"
        if owner not in names and after.get(row) != (owner, value):
            yield f"the row {row} of {owner or 'no execution'} is {after.get(row)} and was {value}"
    yield from (f"the row {row} is new" for row in after.keys() - before.keys())


def _wrong_values(data: MemoryData) -> Iterator[str]:
    used = {(data.heads[key].organization_id, name) for key, found in data.value_uses.items() for name in found}
    yield from (f"a large value of {place[0]} is gone that is used" for place in used - data.values.keys())
    yield from (f"an unused large value of {place[0]} is left" for place in data.values.keys() - used)


def _fires(data: MemoryData) -> dict[tuple[str, datetime], Any]:
    ledgers = data.fires.items()
    return dict(chain.from_iterable((((key, at), row) for at, row in ledger.items()) for key, ledger in ledgers))


def _wrong_fires(before: Mapping[tuple[str, datetime], Any], data: MemoryData, gone: list[str]) -> Iterator[str]:
    """Yields the problems of ledgers: an instant of the last month is kept, and names no pruned execution."""
    after = _fires(data)
    for (workflow_id, nominal), row in before.items():
        left = after.get((workflow_id, nominal))
        if left is None or (left.outcome, left.count, left.at) != (row.outcome, row.count, row.at):
            yield f"the ledger of {workflow_id} has for {nominal}: {left}, and had {row}"
        elif left.execution_id != ("" if row.execution_id in gone else row.execution_id):
            yield f"the ledger of {workflow_id} names {left.execution_id} for {nominal}, and named {row.execution_id}"
    for workflow_id, schedule in data.schedules.items():
        if schedule.last_execution in gone:
            yield f"the schedule of {workflow_id} names {schedule.last_execution}, which was pruned"
