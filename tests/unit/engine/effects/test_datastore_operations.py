"""Operations on datastores in a process: what they read, whose turn it is, and where they are carried out."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from kit.memory import MemoryData, MemoryStore
from looply.engine.effects.datastore_operations import DatastoreOperations
from looply.engine.effects.local_first import LocalFirstDispatcher
from looply.engine.ports.dispatch import EffectRef, Perform
from looply.engine.records.datastores import change_of
from looply.errors import StoreUnreachable
from looply.execution import ExecutionState, fold
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.execution.facts.datastores import READ, DatastoreWrite
from looply.execution.facts.events import ExecutionStarted
from looply.execution.facts.state import OpenStep
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS
from looply.slots import Lane
from looply.testing.clock import START_TIME, FakeClock

OWNER = "01900000-0000-7000-8000-00000000000a"


def state() -> ExecutionState:
    """Returns an execution of the organization."""
    started = ExecutionStarted(
        at=START_TIME,
        execution_id="01944ca1-1c00-7000-8000-000000000001",
        organization_id=OWNER,
        workspace_id="w",
        workflow_id="w",
        workflow_version=1,
        definition="d",
        seed=bytes(16),
    )
    return fold([started])


def opened(operation: str, **given: Json) -> OpenStep:
    """Returns a step in flight."""
    return OpenStep(seq=2, address="d:1", operation=operation, attempt=1, input=given, timeout_seconds=30)


class Fixture:
    """Operations on an open memory store."""

    def __init__(self) -> None:
        self.data = MemoryData()
        self.store = MemoryStore(FakeClock(), self.data)
        self.operations = DatastoreOperations(self.store.datastores, FakeClock(), DEFAULT_LIMITS)

    async def keep(self, name: str, value: Json) -> None:
        """Stores a new datastore."""
        write = DatastoreWrite(name=name, expected=0, revision=1, value=value)
        await self.store.datastores.put(change_of(OWNER, write, START_TIME, "k", DEFAULT_LIMITS))

    async def done(self, operation: str, **given: Json) -> EffectDone:
        """Returns the outcome of an operation that succeeds."""
        outcome = await self.operations.carry_out(state(), opened(operation, **given))
        assert isinstance(outcome, EffectDone)
        return outcome


@pytest.fixture
async def there() -> Fixture:
    found = Fixture()
    await found.store.open()
    return found


async def test_a_read_gives_each_name_its_value_or_null(there: Fixture) -> None:
    await there.keep("people", ["ann", "bob"])
    await there.keep("calendar", {"holidays": []})
    outcome = await there.done(READ, names=["people", "calendar", "nowhere"])
    assert outcome.output == {"people": ["ann", "bob"], "calendar": {"holidays": []}, "nowhere": None}
    assert (outcome.address, outcome.attempt, outcome.write) == ("d:1", 1, None)
    assert outcome.size == len('{"people":["ann","bob"],"calendar":{"holidays":[]},"nowhere":null}')


async def test_a_change_comes_with_the_outcome_and_is_not_made_yet(there: Fixture) -> None:
    outcome = await there.done("datastore.set", name="prices", value=1)
    assert outcome.output == {"value": 1, "revision": 1}
    assert outcome.write == DatastoreWrite(name="prices", expected=0, revision=1, value=1)
    assert there.data.datastores == {}


async def test_a_conflict_is_a_failure_that_is_not_worth_a_retry(there: Fixture) -> None:
    outcome = await there.operations.carry_out(state(), opened("datastore.set", name="x", value=1, if_revision=3))
    assert isinstance(outcome, EffectFailed)
    assert (outcome.code, outcome.is_transient, outcome.was_sent) == ("CONFLICT", False, False)


async def test_a_damaged_datastore_fails_the_step(there: Fixture) -> None:
    await there.keep("prices", 1)
    there.data.datastores[OWNER, "prices"] = replace(there.data.datastores[OWNER, "prices"], body=b"2")
    for step in (opened("datastore.get", name="prices"), opened(READ, names=["prices"])):
        outcome = await there.operations.carry_out(state(), step)
        assert isinstance(outcome, EffectFailed)
        assert outcome.code == "STORE_CORRUPT"


class Away:
    """Datastores that cannot be reached."""

    async def find(self, organization_id: str, name: str) -> Any:
        """Raises: StoreUnreachable."""
        raise StoreUnreachable(f"{organization_id} {name}")


async def test_a_store_that_is_away_is_no_outcome(there: Fixture) -> None:
    operations = DatastoreOperations(Away(), FakeClock(), DEFAULT_LIMITS)  # type: ignore[arg-type]
    with pytest.raises(StoreUnreachable):
        await operations.carry_out(state(), opened("datastore.get", name="prices"))
    assert await there.done("datastore.get", name="prices")


async def test_changes_of_one_datastore_take_turns_and_reads_do_not_wait(there: Fixture) -> None:
    order: list[str] = []
    change = opened("datastore.set", name="prices", value=1)

    async def go(name: str, step: OpenStep) -> None:
        async with there.operations.turn(state(), step):
            order.append(name)

    async with there.operations.turn(state(), change):
        tasks = [asyncio.create_task(go("second", change)), asyncio.create_task(go("third", change))]
        await go("a read", opened("datastore.get", name="prices"))
        await go("several reads", opened(READ, names=["prices"]))
        await go("another one", opened("datastore.set", name="stock", value=1))
        assert order == ["a read", "several reads", "another one"]
    await asyncio.gather(*tasks)
    assert order[3:] == ["second", "third"]


class Others:
    """A dispatcher that records its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def reserve(self, lane: Lane) -> bool:
        """Takes no slot."""
        self.calls.append(f"reserve {lane.target}")
        return False

    def release(self, lane: Lane) -> None:
        """Gives a slot back."""
        self.calls.append(f"release {lane.target}")

    def launch(self, effect: EffectRef) -> None:
        """Launches an effect."""
        self.calls.append(f"launch {effect.lane.target}")

    def offer(self, effect: EffectRef) -> None:
        """Takes an effect."""
        self.calls.append(f"offer {effect.lane.target}")

    def start(self, perform: Perform) -> None:
        """Begins."""
        self.calls.append("start")

    async def stop(self, drain: timedelta) -> None:
        """Ends."""
        self.calls.append(f"stop {drain.total_seconds():.0f}")


async def test_what_the_engine_carries_out_never_reaches_the_other_dispatcher() -> None:
    others, performed = Others(), asyncio.Queue[tuple[int, bool]]()

    async def perform(effect: EffectRef, is_running: bool) -> None:
        performed.put_nowait((effect.seq, is_running))

    dispatcher = LocalFirstDispatcher(others)
    assert not dispatcher.reserve(Lane("acme", "datastore.set prices"))
    dispatcher.start(perform)
    assert dispatcher.reserve(Lane("acme", "datastore.set prices"))
    dispatcher.launch(EffectRef("e", 1, Lane("acme", "datastore.set prices")))
    assert await performed.get() == (1, True)
    dispatcher.offer(EffectRef("e", 2, Lane("acme", "datastore.get prices")))
    assert await performed.get() == (2, False)
    assert dispatcher.reserve(Lane("acme", "datastore.get prices"))
    dispatcher.release(Lane("acme", "datastore.get prices"))
    assert not dispatcher.reserve(Lane("acme", "http.request shop.example"))
    dispatcher.offer(EffectRef("e", 3, Lane("acme", "http.request shop.example")))
    dispatcher.launch(EffectRef("e", 4, Lane("acme", "sap.odata S4")))
    dispatcher.release(Lane("acme", "sap.odata S4"))
    await dispatcher.stop(timedelta(seconds=5))
    shop, sap = "http.request shop.example", "sap.odata S4"
    assert others.calls == ["start", f"reserve {shop}", f"offer {shop}", f"launch {sap}", f"release {sap}", "stop 5"]
