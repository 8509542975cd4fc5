"""What a process keeps in memory of executions that others may move on: it is loaded once, then followed."""

from collections.abc import Mapping, Sequence
from typing import cast

import pytest

from kit.definitions import asking, calling
from kit.driver import Driver
from kit.memory.store import MemoryStore
from looply.engine.coding.codec import Codec
from looply.engine.ports.store import Batch, Journal, Loaded, Store
from looply.engine.processing.current import CurrentStates
from looply.engine.processing.loading import Loader
from looply.engine.processing.mailbox import Mailboxes
from looply.execution.facts.commands import Continue
from looply.sealing import Sealer
from looply.testing.clock import SerialEntropy
from looply.testing.world import HANG


class Counted:
    """A store whose reads of the journal are counted."""

    def __init__(self, store: MemoryStore) -> None:
        self.loads = 0
        self.looks = 0
        self._journal = store.journal
        self.journal = cast("Journal", self)

    async def load(self, execution_id: str) -> Loaded | None:
        self.loads += 1
        return await self._journal.load(execution_id)

    async def load_many(self, execution_ids: Sequence[str]) -> Mapping[str, Loaded]:
        self.loads += 1
        return await self._journal.load_many(execution_ids)

    async def history(self, execution_id: str, after: int, limit: int) -> Sequence[Batch]:
        self.looks += 1
        return await self._journal.history(execution_id, after, limit)

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)


class Other:
    """Another process on the store of an engine."""

    def __init__(self, engine: Driver) -> None:
        self.store = Counted(engine.store.inner)
        self.boxes = Mailboxes(1_000_000)
        loader = Loader(cast("Store", self.store), Codec(Sealer(bytes(32), SerialEntropy())))
        self.current = CurrentStates(loader, self.boxes, is_shared=True)


@pytest.fixture
def other(engine: Driver) -> Other:
    return Other(engine)


async def test_an_execution_that_was_loaded_is_only_followed_from_then_on(engine: Driver, other: Other) -> None:
    execution_id = await engine.trigger(asking())
    first, _ = await other.current.get(execution_id)
    again, _ = await other.current.get(execution_id)
    assert (first, other.store.loads, other.store.looks) == (again, 1, 1)
    assert other.current.in_memory(execution_id) is not None


async def test_some_are_loaded_in_one_read_and_then_followed(engine: Driver, other: Other) -> None:
    first, second = await engine.trigger(asking()), await engine.trigger(asking())
    found = await other.current.get_many([first, second])
    assert (list(found), other.store.loads) == ([first, second], 1)
    assert await other.current.get_many([second, first]) == found
    assert other.store.loads == 1
    assert found[first] == await other.current.get(first)


async def test_what_was_kept_moves_on_with_what_others_store(engine: Driver, other: Other) -> None:
    engine.world.script("call_1", HANG)
    execution_id = await engine.trigger(calling())
    await other.current.get(execution_id)
    await engine.settle()
    engine.world.open_calls()[0].release()
    await engine.settle()
    state, _ = await other.current.get(execution_id)
    assert (state.status, other.store.loads) == ("COMPLETED", 1)
    # Nothing follows from it.
    assert len(other.boxes) == 0


async def test_an_execution_that_has_ended_is_not_kept(engine: Driver, other: Other) -> None:
    execution_id = await engine.trigger(calling())
    await engine.settle()
    await other.current.get(execution_id)
    assert len(other.boxes) == 0


async def test_what_waits_in_a_mailbox_is_left_alone(engine: Driver, other: Other) -> None:
    execution_id = await engine.trigger(asking())
    box = other.boxes.open(execution_id)
    box.is_busy = True
    await other.current.get(execution_id)
    assert box.state is None
    assert await engine.shell.submit(execution_id, Continue(at=engine.clock.now()))
