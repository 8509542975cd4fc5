"""Units of several concurrent executions, and the content that a store must have after an accident.

`Ledger` records each unit that was begun and the number of acknowledged units of each execution. `examine` compares it
with a store: every acknowledged unit is stored, every other one is stored whole or not at all.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
from msgspec.structs import replace

from contract.store import samples as store_samples
from contract.store.samples import ORGANIZATION, Samples
from looply.engine.coding.codec import FOLD_VERSION
from looply.engine.ports.port import Fire
from looply.engine.ports.store import Snapshot, Store, StoredDefinition, Unit, Value, Work


class Promise(msgspec.Struct, frozen=True):
    """The number of acknowledged units of each execution at some moment, and the other acknowledgements."""

    units: dict[str, int]
    schedules: int
    epoch: int


class Ledger:
    """The calls of the store, and its acknowledgements."""

    def __init__(self, promise: "Promise | None" = None) -> None:
        """Continues from `promise`, where there is one."""
        begun = promise or Promise({}, 0, 0)
        self.units: dict[str, list[Unit]] = {}
        self.refused: list[tuple[Unit, Exception]] = []
        self._acknowledged = dict(begun.units)
        self.schedules = begun.schedules
        self.epoch = begun.epoch

    def promise(self) -> Promise:
        """Returns the current acknowledgements."""
        return Promise(dict(self._acknowledged), self.schedules, self.epoch)

    async def commit(self, store: Store, unit: Unit) -> None:
        """Stores a unit and records its acknowledgement."""
        units = self.units.setdefault(unit.execution_id, [])
        if unit not in units[-1:]:
            units.append(unit)
        try:
            await store.journal.commit(unit)
        except Exception as error:
            self.refused.append((unit, error))
            raise
        self._acknowledged[unit.execution_id] = self._acknowledged.get(unit.execution_id, 0) + 1

    def as_of(self, promise: Promise) -> "Ledger":
        """Returns a ledger that continues from an earlier moment: units without acknowledgement by then get none."""
        ledger = Ledger(promise)
        ledger.units = {execution_id: list(units) for execution_id, units in self.units.items()}
        return ledger

    @property
    def acknowledged(self) -> int:
        """Units that were acknowledged so far."""
        return sum(self._acknowledged.values())


class Workload:
    """Callers that store the units of one execution after the other, each at its own pace."""

    def __init__(self, rng: Random, ledger: Ledger, samples: Samples) -> None:
        self._rng = rng
        self._ledger = ledger
        self._samples = samples

    async def run(self, store: Store, callers: int, is_over: Callable[[], bool]) -> None:
        """Lets callers commit until the end, each at least one execution. Raises: the errors of commits."""
        await asyncio.gather(*(self._caller(store, is_over) for _ in range(callers)))

    async def _caller(self, store: Store, is_over: Callable[[], bool]) -> None:
        while True:
            unit = self._first()
            await self._ledger.commit(store, unit)
            for _ in range(self._rng.randrange(3)):
                unit = self._next(unit)
                await self._ledger.commit(store, unit)
            if self._rng.random() < 0.5:
                await self._ledger.commit(store, self._last(unit))
            if is_over():
                return

    def _first(self) -> Unit:
        number = self._rng.randrange(10**9)
        first = self._rng.choice(
            (
                self._samples.first,
                lambda: self._samples.claimed(f"PO-{number}"),
                lambda: self._samples.keyed(f"key-{number}"),
                lambda: self._samples.first(workflow_id=f"workflow-{number % 5}"),
            )
        )()
        definition = StoredDefinition(hash=f"{number:064}", workflow_id="w", workflow_version=1, body=b"{}" * 50)
        card = store_samples.card(first.execution_id, number, first.head.created_on)
        put = Work(
            effects=(store_samples.effect(first.execution_id, 2, self._rng.choice(("QUEUED", "RUNNING"))),),
            waits=(store_samples.wait(first.execution_id, 3),),
            cards=(replace(card, workflow_id=first.head.workflow_id),),
            continues=self._rng.random() < 0.3,
        )
        first = replace(first, work=replace(first.work, put=put), definition=self._rng.choice((definition, None)))
        return self._with_payload(first)

    def _next(self, before: Unit) -> Unit:
        unit = self._samples.next(before.head, events=self._rng.randrange(1, 4))
        seq = unit.head.seq
        put = Work(
            timers=(store_samples.timer(unit.execution_id, seq, self._samples.now + timedelta(hours=1)),),
            incidents=(store_samples.incident(unit.execution_id, seq, self._samples.now),),
        )
        return self._with_payload(replace(unit, work=replace(_dropped(before), put=put)))

    def _last(self, before: Unit) -> Unit:
        unit = store_samples.ended(self._samples, before.head)
        work = replace(_dropped(before), drop_waits=(3,), drop_effects=(2,), drop_continues=True)
        return replace(unit, work=replace(work, drop_cards=tuple(card.card_id for card in _cards(self._ledger, unit))))

    def _with_payload(self, unit: Unit) -> Unit:
        if self._rng.random() > 0.3:
            return unit
        data = self._rng.randbytes(self._rng.randrange(100, 9000))
        value = Value(hash=data[:32], codec=0, data=data)
        snapshot = Snapshot(seq=unit.head.seq, fold=FOLD_VERSION, codec=0, state=data[:5000])
        return replace(unit, values=(value,), snapshot=snapshot)


def _dropped(before: Unit) -> Any:
    """Returns the change that drops the timers and incidents of the unit before, and its continuation."""
    put = before.work.put
    return replace(
        before.work,
        put=Work(),
        drop_timers=tuple((timer.due, timer.seq) for timer in put.timers),
        drop_incidents=tuple(incident.seq for incident in put.incidents),
        drop_effects=(),
        drop_waits=(),
        drop_cards=(),
        drop_continues=put.continues,
    )


def _cards(ledger: Ledger, unit: Unit) -> tuple[Any, ...]:
    return ledger.units[unit.execution_id][0].work.put.cards


def work_after(units: list[Unit]) -> dict[str, Any]:
    """Returns the rows of open work after these units of one execution: the reference of the stores' rows."""
    rows: dict[str, dict[Any, Any]] = {name: {} for name in ("effects", "timers", "waits", "incidents", "cards")}
    continues = False
    for unit in units:
        put, work = unit.work.put, unit.work
        rows["effects"].update({row.seq: row for row in put.effects})
        rows["timers"].update({(row.due, row.seq): row for row in put.timers})
        rows["waits"].update({row.seq: row for row in put.waits})
        rows["incidents"].update({row.seq: row for row in put.incidents})
        rows["cards"].update({row.card_id: row for row in put.cards})
        continues = (continues or put.continues) and not work.drop_continues
        for name, kept in rows.items():
            for key in getattr(work, f"drop_{name}"):
                kept.pop(key, None)
    return {**{name: list(kept.values()) for name, kept in rows.items()}, "continues": continues}


async def examine(store: Store, ledger: Ledger, promise: Promise) -> list[str]:
    """Returns the problems of an open store, none when the promise is kept.

    A line begins with LOST when an acknowledged unit is missing, with HALF when a unit is stored in part.
    """
    problems: list[str] = []
    for execution_id, units in ledger.units.items():
        expected = promise.units.get(execution_id, 0)
        problem = await _examined(store, units, expected)
        if problem:
            problems.append(f"{problem} (execution {execution_id})")
    problems.extend(f"HALF: {line}" for line in await store.reads.dangling_rows())
    stored = await store.reads.scan("", 10_000)
    strangers = {head.execution_id for head in stored} - ledger.units.keys()
    problems.extend(f"HALF: {stranger} was never asked for" for stranger in strangers)
    return problems


async def _examined(store: Store, units: list[Unit], expected: int) -> str:
    loaded = await store.journal.load(units[0].execution_id)
    if loaded is None:
        return f"LOST: {expected} units were acknowledged, none is stored" if expected else ""
    count = next((n for n, unit in enumerate(units, 1) if unit.head == loaded.head), 0)
    if count < expected:
        return f"LOST: {expected} units were acknowledged, {count} are stored"
    there = units[:count]
    history = list(await store.journal.history(units[0].execution_id, 0, 10_000))
    if history != [unit.batch for unit in there]:
        return f"HALF: the head says {count} units, the history has {len(history)}"
    return await _details(store, there, loaded)


async def _details(store: Store, there: list[Unit], loaded: Any) -> str:
    execution_id, last = there[0].execution_id, there[-1]
    work = msgspec.structs.asdict(await store.reads.work_of(execution_id))
    expected = work_after(there)
    for name, rows in expected.items():
        found = work[name]
        if (sorted(found, key=repr) != sorted(rows, key=repr)) if name != "continues" else found != rows:
            return f"HALF: the rows of {name} are {found}, the units say {rows}"
    values = {value.hash: value for unit in there for value in unit.values}
    if dict(await store.journal.values_of(execution_id)) != values:
        return "HALF: large values are missing"
    snapshots = [unit.snapshot for unit in there if unit.snapshot is not None]
    snapshot = snapshots[-1] if snapshots and last.head.status != "COMPLETED" else None
    if loaded.snapshot != snapshot:
        return "HALF: the snapshot is that of another unit"
    return await _names(store, there)


async def _names(store: Store, there: list[Unit]) -> str:
    first, last = there[0], there[-1]
    if first.key is not None:
        found = await store.journal.find_key(ORGANIZATION, first.key.text, first.batch.at)
        if found != (first.execution_id, first.key.fingerprint):
            return f"HALF: the idempotency key gives {found}"
    if first.definition is not None and await store.journal.find_definition(first.definition.hash) is None:
        return "HALF: the definition is missing"
    if first.put_claim is not None:
        heads = await store.reads.heads(ORGANIZATION, first.head.process_id, first.head.workflow_id)
        if list(heads) != [last.head]:
            return f"HALF: the process id leads to {heads}"
    return ""


async def fire_all(store: Store, ledger: Ledger, samples: Samples, count: int) -> None:
    """Makes a schedule fire so many times; each firing and its execution are one unit."""
    nominal = samples.later()
    schedule = store_samples.schedule(nominal)
    definition = StoredDefinition(
        hash=schedule.definition, workflow_id=schedule.workflow_id, workflow_version=1, body=b"{}"
    )
    await store.journal.put_definition(definition)
    await store.schedules.put(schedule)
    ledger.schedules += 1
    for _ in range(count):
        following = nominal + timedelta(hours=1)
        fire = Fire(workflow_id=store_samples.WORKFLOW, nominal=nominal, next=following)
        await ledger.commit(store, samples.fired(fire))
        nominal = following


async def schedule_problems(store: Store, ledger: Ledger, promise: Promise) -> list[str]:
    """Returns the problems of the schedule, whose next instant must follow the stored firings."""
    schedule = await store.schedules.find(ORGANIZATION, store_samples.WORKFLOW)
    if schedule is None:
        return ["LOST: the schedule"] if promise.schedules else []
    fired = [unit for units in ledger.units.values() for unit in units if unit.fire is not None]
    stored = [unit.fire for unit in fired if unit.fire and await store.reads.head(unit.execution_id) is not None]
    expected = max((fire.next for fire in stored if fire.next), default=None)
    if expected is not None and schedule.next != expected:
        return [f"HALF: the schedule waits for {schedule.next}, its executions say {expected}"]
    return []
