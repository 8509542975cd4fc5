"""Reads of an execution that moves on while they are under way: what is shown is one instant."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

import pytest

from kit.definitions import asking
from kit.driver import ORGANIZATION, WORKSPACE, Driver, id_of
from kit.memory import MemoryData, MemoryStore
from kit.memory.reads import MemoryReads
from looply.app.context.services import Services
from looply.app.executions import executions
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import Filter, Head
from looply.engine.ports.store import Batch
from looply.execution.facts.events import Event, ExecutionClosed
from looply.limits import DEFAULT_LIMITS
from looply.permissions import permissions_of

Action = Callable[[], Awaitable[object]]


class MovingReads(MemoryReads):
    """Something happens between the read of a page's rows and that of their events; reads of heads are counted."""

    happens: Action | None = None

    heads_read = 0

    async def head(self, execution_id: str) -> Head | None:
        self.heads_read += 1
        return await super().head(execution_id)

    async def tails(self, execution_ids: Sequence[str], events: int) -> Mapping[str, Sequence[Batch]]:
        if self.happens is not None:
            await self.happens()
        return await super().tails(execution_ids, events)


class MovingExecutions:
    """Something happens between the read of an execution and that of its history."""

    def __init__(self, executions: Any, happens: Action) -> None:
        self._executions = executions
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executions, name)

    async def history(self, execution_id: str, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Event]]:
        await self._happens()
        found: Sequence[tuple[int, Event]] = await self._executions.history(execution_id, after, limit)
        return found


class MovingEngine:
    """An engine whose executions move on while they are read."""

    def __init__(self, engine: Any, executions: MovingExecutions) -> None:
        self._engine = engine
        self.executions = executions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def _store(driver: Driver, data: MemoryData, reads: MovingReads) -> MemoryStore:
    store = MemoryStore(driver.clock, data)
    store.reads = reads
    return store


@pytest.fixture
def data() -> MemoryData:
    return MemoryData()


@pytest.fixture
def reads(data: MemoryData) -> MovingReads:
    return MovingReads(data)


@pytest.fixture
async def moving(data: MemoryData, reads: MovingReads) -> AsyncIterator[Driver]:
    driver = Driver(lambda: _store(driver, data, reads))
    await driver.open()
    yield driver
    await driver.finish()


async def test_a_list_shows_no_event_that_is_newer_than_the_status_beside_it(
    moving: Driver, reads: MovingReads
) -> None:
    execution_id = await moving.trigger(asking())
    reads.happens = lambda: moving.terminate(execution_id)
    (item,) = (await moving.shell.executions.list(ORGANIZATION, Filter())).items
    assert item.head.status == "WAITING"
    assert item.events
    assert not [event for event in item.events if isinstance(event, ExecutionClosed)]
    reads.happens = None
    (item,) = (await moving.shell.executions.list(ORGANIZATION, Filter())).items
    assert item.head.status == "TERMINATED"
    assert isinstance(item.events[-1], ExecutionClosed)


async def test_the_single_read_shows_no_event_that_is_newer_than_the_status_beside_it(engine: Driver) -> None:
    execution_id = await engine.trigger(asking())
    moving = MovingEngine(
        engine.shell, MovingExecutions(engine.shell.executions, lambda: engine.terminate(execution_id))
    )
    reader = Principal(
        organization_id=ORGANIZATION, workspace_id=WORKSPACE, key_id=None, name="", permissions=permissions_of({"read"})
    )
    services = cast("Services", _Reading(moving))
    record = await executions.get(services, reader, id_of(asking()), execution_id)
    assert record.execution.head.status == "WAITING"
    assert [seq for seq, _ in record.events] == list(range(1, record.execution.head.seq + 1))
    assert not record.is_truncated
    assert (await engine.state(execution_id)).status == "TERMINATED"


async def test_the_labels_of_an_execution_in_memory_are_returned_without_a_read(
    moving: Driver, reads: MovingReads
) -> None:
    named = await moving.trigger(asking(), process_id="PO-4711")
    nameless = await moving.trigger(asking())
    before = reads.heads_read
    labels = {"organization": ORGANIZATION, "workflow": id_of(asking())}
    assert await moving.shell.executions.labels(named) == {**labels, "process_id": "PO-4711"}
    assert await moving.shell.executions.labels(nameless) == {**labels, "process_id": nameless}
    assert reads.heads_read == before
    await moving.restart()
    assert await moving.shell.executions.labels(named) == {**labels, "process_id": "PO-4711"}
    assert reads.heads_read == before + 1
    assert await moving.shell.executions.labels("01900000-0000-7000-8000-0000000000ff") == {}


class _Reading:
    """As much of the services as a read takes."""

    limits = DEFAULT_LIMITS

    def __init__(self, engine: MovingEngine) -> None:
        self.engine = engine
