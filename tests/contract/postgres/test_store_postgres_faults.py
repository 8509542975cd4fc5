"""The PostgreSQL store when its database, or the road to it, is gone: nothing is lost, nothing is stored twice."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from contract.harness.postgres_cuts import Cut, Road
from contract.store.samples import Samples, effect, schedule, working
from kit.servers.postgres_server import NoPostgres, PostgresServer
from kit.servers.postgres_stores import PostgresStores, database_of_test, own_server
from looply.clock import SystemClock
from looply.engine.ports.store import Unit
from looply.engine.postgres import PostgresStore
from looply.errors import DataFolderInUse, StoreLost, StoreUnreachable
from looply.testing.clock import START_TIME


class HastyClock(SystemClock):
    """A clock on which ten seconds of patience are over in half a second."""

    def monotonic(self) -> float:
        return super().monotonic() * 20


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """Gives a server that only these tests use, so that they may stop it."""
    try:
        with own_server() as found:
            yield found
    except NoPostgres as error:
        pytest.skip(str(error))


@pytest.fixture
def database(server: PostgresServer, request: pytest.FixtureRequest) -> str:
    """Gives the name of a database of the test's own."""
    return database_of_test(server, request.node.name)


@pytest.fixture
async def road(server: PostgresServer) -> AsyncIterator[Road]:
    async with Road(server) as road:
        yield road


@pytest.fixture
async def stores(server: PostgresServer, database: str) -> AsyncIterator[PostgresStores]:
    stores = PostgresStores(server.address(database))
    yield stores
    await stores.drop()


@pytest.fixture
def samples() -> Samples:
    return Samples()


async def stored(store: PostgresStore, execution_id: str) -> list[tuple[int, int]]:
    """Returns the stretches that are stored of an execution."""
    return [(batch.first_seq, batch.last_seq) for batch in await store.journal.history(execution_id, 0, 1000)]


async def sessions(server: PostgresServer, database: str) -> dict[str, bool]:
    """Returns the sessions of a store by name, and whether they wait for a row."""
    statement = (
        "SELECT application_name, wait_event_type IS NOT DISTINCT FROM 'Lock' AND query LIKE '%store_unit%'"
        f" FROM pg_stat_activity WHERE datname = '{database}' AND application_name LIKE 'looply %'"
    )
    return dict(await asyncio.to_thread(server.run, statement))


async def waits_for_a_lock(server: PostgresServer, database: str, *, but: str = "") -> str:
    """Returns, as soon as there is one, a session that waits for a row."""
    while True:
        for name, is_waiting in (await sessions(server, database)).items():
            if is_waiting and name != but:
                return name


def locked(server: PostgresServer, database: str, unit: Unit) -> psycopg.Connection[tuple[int]]:
    """Returns a session that holds the row of an execution."""
    holder = psycopg.connect(server.address(database))
    holder.execute("SELECT 1 FROM looply.execution WHERE id = %s FOR UPDATE", (unit.execution_id,))
    return holder  # type: ignore[return-value]


@pytest.mark.parametrize("cut", ["BEFORE", "UNHEARD", "AFTER"])
async def test_a_unit_whose_connection_breaks_is_stored_once_and_its_caller_gets_the_reply(
    road: Road, stores: PostgresStores, database: str, samples: Samples, cut: Cut
) -> None:
    stores.address = road.address(database)
    store = stores.make(SystemClock())
    await store.open()
    first = samples.claimed("PO-1")
    road.cut_next(cut)
    await store.journal.commit(first)
    second = samples.next(first.head)
    road.cut_next(cut, cut)
    await store.journal.commit(second)
    # A unit that is found is not sent again: then the last cut waits in vain.
    assert road.made in {"BEFORE": (3,), "UNHEARD": (2, 3), "AFTER": (2,)}[cut]
    assert await stored(store, first.execution_id) == [(1, 3), (4, 4)]
    assert store.failure() is None


async def test_an_outcome_is_sought_only_when_the_broken_session_can_store_no_more(
    server: PostgresServer, database: str, road: Road, stores: PostgresStores, samples: Samples
) -> None:
    stores.address = road.address(database)
    store = stores.make(SystemClock())
    await store.open()
    first = samples.first()
    await store.journal.commit(first)
    with locked(server, database, first) as holder:
        road.cut_next("UNHEARD")
        commit = asyncio.ensure_future(store.journal.commit(samples.next(first.head)))
        await road.broken.wait()
        await waits_for_a_lock(server, database, but=road.broken_name)
        assert road.broken_name not in await sessions(server, database)
        assert not commit.done()
        holder.rollback()
    await commit
    assert await stored(store, first.execution_id) == [(1, 3), (4, 4)]


async def test_a_session_that_is_killed_in_the_middle_of_a_unit_costs_nothing(
    server: PostgresServer, database: str, stores: PostgresStores, samples: Samples
) -> None:
    store = stores.make(SystemClock())
    await store.open()
    first = samples.first()
    await store.journal.commit(first)
    with locked(server, database, first) as holder:
        commit = asyncio.ensure_future(store.journal.commit(samples.next(first.head)))
        name = await waits_for_a_lock(server, database)
        ended = f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = '{name}'"
        assert server.run(ended) == [(True,)]
        holder.rollback()
    await commit
    assert await stored(store, first.execution_id) == [(1, 3), (4, 4)]


@pytest.mark.parametrize("cut", ["BEFORE", "AFTER"])
async def test_an_effect_is_marked_once_whatever_happens_to_the_connection(
    road: Road, stores: PostgresStores, database: str, samples: Samples, cut: Cut
) -> None:
    stores.address = road.address(database)
    store = stores.make(SystemClock())
    boot = await store.open()
    unit = samples.first()
    await store.journal.commit(working(unit, effects=(effect(unit.execution_id, 2),)))
    road.marker = unit.execution_id.encode()
    road.cut_next(cut)
    assert await store.work.mark_running(unit.execution_id, 2, boot.epoch) is True
    assert await store.work.mark_running(unit.execution_id, 2, boot.epoch) is False
    assert road.made == 1


class Clients:
    """Clients of a store that start and advance executions; `confirmed` has what was confirmed to them as stored."""

    def __init__(self, store: PostgresStore, count: int) -> None:
        self.confirmed: dict[str, int] = {}
        self._store = store
        self._samples = Samples()
        self._is_ending = False
        self._goal = 0
        self._reached = asyncio.Event()
        self.tasks = [asyncio.ensure_future(self._work()) for _ in range(count)]

    async def reach(self, more: int) -> None:
        """Returns when so many more executions were started."""
        self._goal = len(self.confirmed) + more
        self._reached.clear()
        await self._reached.wait()

    async def end(self) -> None:
        """Lets the clients end in order."""
        self._is_ending = True
        await asyncio.gather(*self.tasks)

    async def _work(self) -> None:
        while not self._is_ending:
            unit = self._samples.first()
            for _ in range(3):
                await self._stored(unit)
                self.confirmed[unit.execution_id] = unit.head.seq
                unit = self._samples.next(unit.head)
            if len(self.confirmed) >= self._goal:
                self._reached.set()

    async def _stored(self, unit: Unit) -> None:
        while True:
            try:
                await self._store.journal.commit(unit)
            except StoreUnreachable:
                # A server that crashed may take longer to come back than a call waits: nothing was stored.
                continue
            else:
                return


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_commits_continue_when_the_server_was_down_for_two_seconds(
    server: PostgresServer, stores: PostgresStores, mode: str
) -> None:
    store = stores.make(SystemClock())
    await store.open()
    clients = Clients(store, 8)
    await clients.reach(50)
    await asyncio.to_thread(server.stop, mode)
    before = len(clients.confirmed)
    ended, _ = await asyncio.wait(clients.tasks, timeout=2)
    # Each may still hear of the one unit that the server had stored when it was stopped.
    assert (len(ended), len(clients.confirmed) <= before + len(clients.tasks)) == (0, True)
    await asyncio.to_thread(server.start)
    await clients.reach(50)
    await clients.end()
    heads = {head.execution_id: head.seq for head in await store.reads.scan("", 1_000_000)}
    assert heads == clients.confirmed
    for execution_id in clients.confirmed:
        assert await stored(store, execution_id) == [(1, 3), (4, 4), (5, 5)]
    assert store.failure() is None


async def test_a_database_that_stays_down_is_reported_and_found_again(
    server: PostgresServer, stores: PostgresStores, samples: Samples
) -> None:
    store = stores.make(HastyClock())
    await store.open()
    unit = samples.first()
    await asyncio.to_thread(server.stop)
    with pytest.raises(StoreUnreachable, match="nothing was stored"):
        await store.journal.commit(unit)
    with pytest.raises(StoreUnreachable):
        await store.reads.head(unit.execution_id)
    with pytest.raises(StoreUnreachable):
        await store.schedules.put(schedule(START_TIME))
    assert store.failure() is None
    await asyncio.to_thread(server.start)
    assert await store.reads.head(unit.execution_id) is None
    await store.journal.commit(unit)
    await store.close()
    again = stores.make(SystemClock())
    assert (await again.open()).highest_id == unit.execution_id


async def test_a_close_while_an_outcome_is_unknown_raises_that(
    server: PostgresServer, database: str, stores: PostgresStores, samples: Samples
) -> None:
    store = stores.make(SystemClock())
    await store.open()
    first = samples.first()
    await store.journal.commit(first)
    with contextlib.closing(locked(server, database, first)):
        commit = asyncio.ensure_future(store.journal.commit(samples.next(first.head)))
        await waits_for_a_lock(server, database)
        await asyncio.to_thread(server.stop, "immediate")
        await asyncio.wait([commit], timeout=0.3)
        await store.close()
        with pytest.raises(StoreLost):
            await commit


async def test_a_process_that_lost_the_lock_and_was_overtaken_stores_nothing(
    server: PostgresServer, stores: PostgresStores, samples: Samples
) -> None:
    paused, other = stores.make(SystemClock()), stores.make(SystemClock())
    await paused.open()
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    await other.open()
    with pytest.raises(StoreLost):
        await paused.journal.commit(samples.first())
    assert isinstance(paused.failure(), StoreLost)
    await other.journal.commit(samples.first())
    assert len(await other.reads.scan("", 10)) == 1


async def test_the_lock_is_taken_again_when_the_server_was_restarted(
    server: PostgresServer, stores: PostgresStores, samples: Samples
) -> None:
    owner = stores.make(SystemClock())
    await owner.open()
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    await owner.journal.commit(samples.first())
    with pytest.raises(DataFolderInUse):
        await stores.make(SystemClock()).open()
    await owner.journal.commit(samples.first())
