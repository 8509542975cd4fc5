"""The contract of stores on PostgreSQL, and what that store promises beside it."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from contract.store.lists import pages
from contract.store.samples import ORGANIZATION, WORKFLOW, Samples, effect, schedule, working
from contract.store.suite import StoreContract
from kit.servers.postgres_server import PostgresServer
from kit.servers.postgres_stores import PostgresStores, StoreDatabase
from looply.engine.coding.searching import PROBED, SCAN_BOUNDS, Kind, ScanBounds
from looply.engine.ports.lists import Filter
from looply.engine.ports.port import Fire
from looply.engine.ports.store import Unit
from looply.engine.postgres import PostgresStore
from looply.engine.postgres.histories import lists as postgres_lists
from looply.errors import (
    ClaimTaken,
    DataFolderInUse,
    EngineError,
    FireTaken,
    KeyTaken,
    SchemaMismatch,
    Stale,
    StoreFull,
    StoreLost,
)
from looply.testing.clock import START_TIME

ROUNDS = 10


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def stores(self, postgres_stores: PostgresStores) -> PostgresStores:
        return postgres_stores


@pytest.fixture
def samples() -> Samples:
    return Samples()


@pytest.fixture
def bounds(request: pytest.FixtureRequest) -> ScanBounds:
    """Returns what a page of the store may read: the defaults, unless a test is parametrized with others."""
    found: ScanBounds = getattr(request, "param", SCAN_BOUNDS)
    return found


@pytest.fixture
async def store(postgres_stores: PostgresStores, bounds: ScanBounds) -> PostgresStore:
    class Store(PostgresStore):
        lists = postgres_lists.LISTS._replace(bounds=bounds)

    store = postgres_stores.make(kind=Store)
    await store.open()
    return store


@pytest.fixture
async def both(postgres_stores: PostgresStores) -> list[PostgresStore]:
    """Gives two processes that share the database."""
    stores = [postgres_stores.make(is_alone=False) for _ in range(2)]
    for each in stores:
        await each.open()
    return stores


@pytest.fixture
def fails(postgres_stores: PostgresStores) -> Iterator[Callable[[str, int], None]]:
    """Lets the next claims fail with an error of the server, so many times."""

    def begin(code: str, times: int) -> None:
        sql(
            postgres_stores,
            "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF nextval('fault') <= {times} THEN RAISE EXCEPTION 'fault' USING ERRCODE = '{code}'; END IF;"
            " RETURN NEW; END $$",
        )
        sql(postgres_stores, "CREATE SEQUENCE fault")
        sql(postgres_stores, "CREATE TRIGGER fault BEFORE INSERT ON claim FOR EACH ROW EXECUTE FUNCTION fault()")

    yield begin
    sql(postgres_stores, "DROP FUNCTION fault CASCADE")
    sql(postgres_stores, "DROP SEQUENCE fault")


def sql(stores: PostgresStores, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """Runs a statement on the database."""
    with psycopg.connect(stores.address, options="-c search_path=looply", autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), arguments)
        return cursor.fetchall() if cursor.description is not None else []


async def race(both: list[PostgresStore], units: list[Unit]) -> list[Any]:
    """Returns what becomes of units that are stored at once, every second one by the other process."""
    calls = [both[number % 2].journal.commit(unit) for number, unit in enumerate(units)]
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_one_process_works_on_a_database(
    store: PostgresStore, postgres_stores: PostgresStores, samples: Samples
) -> None:
    for is_alone in (True, False):
        with pytest.raises(DataFolderInUse, match="another process"):
            await postgres_stores.make(is_alone=is_alone).open()
    await store.journal.commit(samples.first())
    await store.close()
    await postgres_stores.make().open()


async def test_of_two_processes_that_move_one_execution_one_wins(both: list[PostgresStore], samples: Samples) -> None:
    unit = samples.first()
    await both[0].journal.commit(unit)
    for _ in range(ROUNDS):
        rivals = [samples.next(unit.head) for _ in range(2)]
        results = await race(both, rivals)
        assert Counter(map(type, results)) == {type(None): 1, Stale: 1}
        unit = rivals[results.index(None)]
        assert await both[1].reads.head(unit.execution_id) == unit.head
    loaded = await both[0].journal.load(unit.execution_id)
    assert loaded is not None
    assert [batch.last_seq for batch in loaded.batches] == list(range(3, 4 + ROUNDS))


async def test_of_two_processes_that_want_one_process_id_one_gets_it(
    both: list[PostgresStore], samples: Samples
) -> None:
    for number in range(ROUNDS):
        units = [samples.claimed(f"PO-{number}", str(index).encode()) for index in range(8)]
        results = await race(both, units)
        winner = results.index(None)
        losers = [error for error in results if error is not None]
        assert all(isinstance(error, ClaimTaken) for error in losers)
        facts = {(error.execution_id, error.fingerprint) for error in losers}
        assert facts == {(units[winner].execution_id, str(winner).encode())}
    assert len(await both[0].reads.scan("", 100)) == ROUNDS


async def test_of_two_processes_with_one_key_one_starts_an_execution(
    both: list[PostgresStore], samples: Samples
) -> None:
    for number in range(ROUNDS):
        units = [samples.keyed(f"key-{number}", str(index).encode()) for index in range(8)]
        results = await race(both, units)
        winner = results.index(None)
        losers = [error for error in results if error is not None]
        assert all(isinstance(error, KeyTaken) for error in losers)
        facts = {(error.execution_id, error.fingerprint) for error in losers}
        assert facts == {(units[winner].execution_id, str(winner).encode())}


async def test_of_two_processes_one_fires_an_instant(both: list[PostgresStore], samples: Samples) -> None:
    await both[0].schedules.put(schedule(START_TIME))
    for number in range(ROUNDS):
        nominal = START_TIME + timedelta(hours=number)
        fire = Fire(workflow_id=WORKFLOW, nominal=nominal, next=nominal + timedelta(hours=1))
        results = await race(both, [samples.fired(fire) for _ in range(4)])
        assert Counter(map(type, results)) == {type(None): 1, FireTaken: 3}
    assert len(await both[0].reads.scan("", 100)) == ROUNDS


def forget(stores: PostgresStores, epoch: int) -> None:
    """Lets half a minute pass in which one process did not renew its lease, and all others did."""
    sql(stores, "UPDATE lease SET since = since - interval '31 s', seen = clock_timestamp()")
    sql(stores, "UPDATE lease SET seen = seen - interval '31 s' WHERE epoch = %s", epoch)


async def test_effects_of_a_process_that_lives_are_not_lost(
    both: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples
) -> None:
    unit = samples.first()
    rows = tuple(effect(unit.execution_id, seq) for seq in (2, 3))
    await both[0].journal.commit(working(unit, effects=rows))
    assert await both[0].work.mark_running(unit.execution_id, 2, 1)
    assert list(await both[1].work.find_lost_effects(2, 10)) == []
    forget(postgres_stores, 1)
    await both[1].work.end_lost_processes()
    assert [row.seq for row in await both[1].work.find_lost_effects(2, 10)] == [2]


async def test_a_process_that_was_taken_for_dead_stores_nothing_more(
    both: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples
) -> None:
    unit = samples.first()
    await both[0].journal.commit(unit)
    forget(postgres_stores, 1)
    await both[1].work.end_lost_processes()
    with pytest.raises(StoreLost, match="epoch 1"):
        await both[0].journal.commit(samples.next(unit.head))
    assert isinstance(both[0].failure(), StoreLost)
    await both[1].journal.commit(samples.next(unit.head))


async def test_processes_that_start_at_once_make_one_schema(postgres_server: PostgresServer) -> None:
    stores = PostgresStores(postgres_server.new_database("at_once"))
    boots = await asyncio.gather(*(stores.make(is_alone=False).open() for _ in range(4)))
    assert sorted(boot.epoch for boot in boots) == [1, 2, 3, 4]
    made = [n for (n,) in sql(stores, "SELECT n FROM schema_version ORDER BY n")]
    assert made == list(range(1, made[-1] + 1))
    await stores.drop()


async def test_a_schema_of_a_newer_release_is_refused(postgres_stores: PostgresStores) -> None:
    sql(postgres_stores, "INSERT INTO schema_version(n) VALUES (99)")
    try:
        with pytest.raises(SchemaMismatch, match="99"):
            await postgres_stores.make().open()
    finally:
        sql(postgres_stores, "DELETE FROM schema_version WHERE n = 99")


async def test_a_month_has_its_partitions_before_its_first_execution(
    store: PostgresStore, postgres_stores: PostgresStores, samples: Samples
) -> None:
    count = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'execution'::regclass"
    (before,) = sql(postgres_stores, count)
    assert before[0] >= 3
    samples.later(timedelta(days=777))
    units = [samples.first() for _ in range(3)]
    await asyncio.gather(*(store.journal.commit(unit) for unit in units))
    assert [head.execution_id for head in await store.reads.scan("", 10)] == [unit.execution_id for unit in units]
    assert sql(postgres_stores, count) == [(before[0] + 1,)]
    # A month that was dropped, as pruning does, is created again when it is still needed.
    for table in ("execution", "batch", "snapshot", "value_use"):
        sql(postgres_stores, f"DROP TABLE {table}_{samples.now:%Y_%m}")
    await store.journal.commit(samples.first())


async def test_a_full_disk_stores_nothing_and_work_continues(
    store: PostgresStore, fails: Callable[[str, int], None], samples: Samples
) -> None:
    fails("53100", 1)
    unit = samples.claimed("PO-1")
    with pytest.raises(StoreFull):
        await store.journal.commit(unit)
    assert store.is_short_of_space
    assert await store.reads.head(unit.execution_id) is None
    await store.journal.commit(unit)
    assert store.failure() is None


async def test_a_deadlock_is_tried_again(
    store: PostgresStore, fails: Callable[[str, int], None], samples: Samples
) -> None:
    fails("40P01", 3)
    unit = samples.claimed("PO-1")
    await store.journal.commit(unit)
    assert len(await store.journal.history(unit.execution_id, 0, 10)) == 1


async def test_what_a_unit_cannot_say_harms_no_other(store: PostgresStore, samples: Samples) -> None:
    units = [samples.first(), samples.first(current_state="a\x00b"), samples.first()]
    results = await asyncio.gather(*(store.journal.commit(unit) for unit in units), return_exceptions=True)
    assert [type(each) for each in results] == [type(None), EngineError, type(None)]
    assert store.failure() is None


@pytest.mark.parametrize("bounds", [ScanBounds(rows=10)], indirect=True)
async def test_a_page_whose_budget_ran_out_says_where_to_continue(store: PostgresStore, samples: Samples) -> None:
    units = [samples.first(workflow_version=2 if number in (0, 29) else 1) for number in range(30)]
    for unit in units:
        await store.journal.commit(unit)
    heads, floor = await store.reads.list(ORGANIZATION, Filter(workflow_versions=(2,)), "", 5)
    assert ([head.execution_id for head in heads], floor) == ([units[29].execution_id], units[20].execution_id)
    found = await pages(store, 5, Filter(workflow_versions=(2,)))
    assert [head.execution_id for head in found] == [units[29].execution_id, units[0].execution_id]
    oldest = Filter(workflow_versions=(2,), is_oldest_first=True)
    heads, floor = await store.reads.list(ORGANIZATION, oldest, "", 5)
    assert ([head.execution_id for head in heads], floor) == ([units[0].execution_id], units[9].execution_id)
    assert [head.execution_id for head in await pages(store, 5, oldest)] == [
        units[0].execution_id,
        units[29].execution_id,
    ]


@pytest.mark.parametrize("bounds", [ScanBounds(rows=10, matches=5)], indirect=True)
async def test_a_beginning_with_too_many_matches_is_read_newest_first_and_says_where_it_ends(
    store: PostgresStore, samples: Samples
) -> None:
    units = [samples.first(process_id=f"{'PO' if number % 5 == 0 else 'QA'}-{number}") for number in range(30)]
    await asyncio.gather(*(store.journal.commit(unit) for unit in units))
    heads, floor = await store.reads.list(ORGANIZATION, Filter(process_ids=("QA-4*",)), "", 30)
    assert ([head.execution_id for head in heads], floor) == ([units[4].execution_id], "")
    heads, floor = await store.reads.list(ORGANIZATION, Filter(process_ids=("PO-*",)), "", 30)
    assert [head.execution_id for head in heads] == [units[25].execution_id, units[20].execution_id]
    assert floor == units[20].execution_id
    found = await pages(store, 30, Filter(process_ids=("PO-*",)))
    assert [head.execution_id for head in found] == [units[number].execution_id for number in range(25, -1, -5)]


@pytest.mark.parametrize(
    ("kind", "index"),
    [
        ("ORGANIZATION", "org_id_idx"),
        ("WORKFLOW", "workflow_id_idx"),
        ("STATUS", "org_status_id_idx"),
        ("PROCESS_ID", "org_process_id_id_idx"),
        ("STATE", "org_state_id_idx"),
        ("VALUE", "search_field_pkey"),
        ("PREFIX", "org_process_id_id_idx"),
        ("ENDING", "org_reverse_id_idx"),
        ("PARENT", "org_parent_id_idx"),
        ("VALUE_PREFIX", "search_field_pkey"),
        ("STATE_PREFIX", "org_state_id_idx"),
    ],
)
@pytest.mark.parametrize("is_search", [False, True], ids=["list", "search"])
@pytest.mark.parametrize("is_oldest_first", [False, True], ids=["newest", "oldest"])
async def test_every_list_reads_its_index_in_order(
    store: PostgresStore, kind: Kind, index: str, is_search: bool, is_oldest_first: bool
) -> None:
    statement = postgres_lists.statement(
        kind,
        narrowed=("terms", "queues") if is_search else (),
        fields=2 * is_search,
        is_oldest_first=is_oldest_first,
    )
    numbers = ("org", "statuses", "triggers", "budget", "limit", "status", "span_workflow")
    one = dict.fromkeys(numbers, 1)
    words: dict[str, object] = {"text": "a", "parent": "a", "low": "a", "high": "b", "matches": 1000}
    words |= {"field0": "po", "texts0": ["a%"], "field1": "plant", "texts1": ["%b"]}
    words |= dict.fromkeys(
        ("workflows", "versions", "profiles", "parents", "patterns", "endings", "terms", "term_ids", "term_workflows")
    )
    words |= {"hides_values": False, "queues": ["http.request a"]}
    span = {"lowest": "00000000-0000-0000-0000-000000000000", "below": "ffffffff-ffff-ffff-ffff-ffffffffffff"}

    async def plan(connection: psycopg.AsyncConnection[Any]) -> str:
        cursor = await connection.execute("EXPLAIN " + statement, {**one, **words, **span})
        return "\n".join(row[0] for row in await cursor.fetchall())

    text = await store._database.read(plan)
    assert index in text
    assert "Seq Scan on execution" not in text
    # A prefix has few rows, which are sorted; every other list comes out of its index as it is shown.
    assert text.count("Sort Key") == text.count("->  Merge Append") + text.count("Sort  (")
    assert ("Sort  (" in text) == (kind in PROBED)


async def test_a_unit_is_visible_when_the_transactions_before_it_have_ended(
    store: PostgresStore, postgres_database: StoreDatabase, samples: Samples
) -> None:
    begin = await store.journal.position()
    async with await psycopg.AsyncConnection.connect(postgres_database.address) as other:
        await other.execute("SELECT pg_current_xact_id()")
        units = [samples.first(), samples.first()]
        for unit in units:
            await store.journal.commit(unit)
        assert list(await store.journal.read_committed(begin, 10)) == []
        await other.rollback()
    found = await store.journal.read_committed(begin, 10)
    assert [placed.execution_id for placed in found] == [unit.execution_id for unit in units]
    assert list(await store.journal.read_committed(found[-1].position, 10)) == []


async def test_reads_and_writes_before_opening_are_refused(postgres_stores: PostgresStores, samples: Samples) -> None:
    store = postgres_stores.make()
    for call in (store.reads.head(samples.first().execution_id), store.journal.commit(samples.first())):
        with pytest.raises(EngineError):
            await call
    await store.close()


def test_a_server_on_sqlite_does_not_load_the_driver() -> None:
    code = "import sys, looply.bootstrap; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_who_only_reads_opens_beside_the_owner_and_writes_nothing(
    postgres_stores: PostgresStores, store: PostgresStore, samples: Samples
) -> None:
    first = samples.first()
    await store.journal.commit(first)
    reader = postgres_stores.make()
    boot = await reader.open_to_read()
    assert (boot.epoch, boot.poisoned) == (0, ())
    assert boot.dictionaries
    assert [head.execution_id for head in await reader.reads.scan("", 10)] == [first.execution_id]
    with pytest.raises(StoreLost):
        await reader.journal.commit(samples.next(first.head))
    await reader.close()
    await store.journal.commit(samples.next(first.head))
    assert (await store.reads.scan("", 10))[0].seq > first.head.seq


async def test_a_database_without_a_store_is_not_opened_to_read(postgres_server: PostgresServer) -> None:
    reader = PostgresStores(postgres_server.new_database("without_a_store")).make()
    with pytest.raises(SchemaMismatch, match="start a server first"):
        await reader.open_to_read()
