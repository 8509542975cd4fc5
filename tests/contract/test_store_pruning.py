"""Pruning in the stores with tables: every row is removed, and its space; nothing that is stored concurrently."""

import asyncio
import io
import json
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import apsw
import psycopg
import pytest
from msgspec.structs import replace

from contract.store.samples import OTHER_WORKFLOW, WORKFLOW, Samples, ended
from kit.servers.postgres_server import PostgresServer
from kit.servers.postgres_stores import PostgresStores
from looply.cli import main
from looply.cli.terminal.terminal import Terminal
from looply.clock import SystemClock
from looply.engine.ports.store import Snapshot, Store, Unit, Value
from looply.engine.postgres import PostgresStore
from looply.engine.records.copies import CopyMark, CopyUpdate
from looply.engine.records.letters import LetterRow
from looply.engine.records.pruning import BEGIN, RetentionFilter, Slice
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.opening import FILE_NAME
from looply.engine.upkeep.pruner import prune_now
from looply.errors import Stale
from looply.testing.clock import START_TIME, FakeClock

DAY = timedelta(days=1)
VALUE = Value(hash=b"v" * 32, codec=0, data=b"x" * 20_000)
MONTH = "2030_01"
LATER = START_TIME + 100 * DAY


@pytest.fixture
def samples() -> Samples:
    return Samples()


@pytest.fixture
async def folder_store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path, FakeClock())
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def database_store(postgres_stores: PostgresStores) -> AsyncIterator[PostgresStore]:
    clock = FakeClock(LATER)
    store = postgres_stores.make(clock)
    await store.open()
    yield store
    await store.close()


def rows(stores: PostgresStores, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(stores.address, options="-c search_path=looply", autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), arguments)
        return cursor.fetchall() if cursor.description is not None else []


def spent(now: datetime, **fields: Any) -> RetentionFilter:
    """Returns what is spent where everything that has ended goes."""
    return RetentionFilter(now=now, ended_before=now, overrides=True, **fields)


async def store_all(store: Store, units: Sequence[Unit]) -> None:
    """Commits units concurrently, and the one with the highest id last: both the last batch and the highest id stay."""
    *others, last = units
    for begin in range(0, len(others), 500):
        await asyncio.gather(*(store.journal.commit(unit) for unit in others[begin : begin + 500]))
    await store.journal.commit(last)


def full_life(samples: Samples) -> tuple[Unit, Unit]:
    """Returns the units of an execution that leaves a row of each kind which outlives its end."""
    first = samples.keyed("key", workflow_id=OTHER_WORKFLOW)
    execution_id = first.execution_id
    letter = LetterRow(
        execution_id=execution_id,
        seq=2,
        organization_id=first.head.organization_id,
        workflow_id=OTHER_WORKFLOW,
        process_id=execution_id,
        reason="UNFIT",
        source="SAP",
        sender="",
        kept_on=samples.now,
        action="DISCARDED",
        settled_by="operator",
        settled_on=samples.now,
        note="",
    )
    begun = replace(
        first,
        values=(VALUE,),
        letters=(letter,),
        search=(("po", "4711"),),
        copies=(CopyUpdate(card_id="card", channel="teams", wanted=2, due=samples.now),),
        snapshot=Snapshot(seq=3, fold=1, codec=0, state=b"state"),
    )
    end = ended(samples, first.head, "FAILED", expires_on=samples.now + DAY)
    return begun, end


def shown_copy(samples: Samples) -> CopyMark:
    """Returns the mark of a copy that is up to date."""
    return CopyMark(handle="{}", shown=2, due=samples.now, since=samples.now, state="SHOWN")


async def test_of_what_went_no_row_is_left_in_the_folder(
    folder_store: SqliteStore, tmp_path: Path, samples: Samples
) -> None:
    begun, end = full_life(samples)
    await store_all(folder_store, [begun, end, samples.first()])
    await folder_store.copies.record("card", "", shown_copy(samples))
    assert sum(counts_in_folder(tmp_path, begun.execution_id).values()) >= 10
    found = await prune_now(folder_store.pruning, [RetentionFilter(now=samples.now + 2 * DAY)])
    assert (found.executions, found.size) == (1, len(begun.batch.events + end.batch.events) + len(VALUE.data))
    assert set(counts_in_folder(tmp_path, begun.execution_id).values()) == {0}
    with closing(apsw.Connection(str(tmp_path / FILE_NAME))) as connection:
        assert connection.execute("SELECT count(*) FROM value").get == 0


def counts_in_folder(folder: Path, execution_id: str) -> dict[str, int]:
    """Returns how many rows of each table name an execution."""
    with closing(apsw.Connection(str(folder / FILE_NAME))) as connection:
        named = connection.execute(
            "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c"
            " WHERE t.type = 'table' AND (c.name = 'execution_id' OR (t.name = 'execution' AND c.name = 'id'))"
        ).fetchall()
        key = UUID(execution_id).bytes
        return {
            table: connection.execute(f"SELECT count(*) FROM {table} WHERE {column} = ?", (key,)).get
            for table, column in named
        }


async def test_of_what_went_no_row_is_left_in_the_database(
    database_store: PostgresStore, postgres_stores: PostgresStores, samples: Samples
) -> None:
    begun, end = full_life(samples)
    await store_all(database_store, [begun, end])
    await database_store.journal.commit(samples.first())
    await database_store.copies.record("card", "", shown_copy(samples))
    assert sum(counts_in_database(postgres_stores, begun.execution_id).values()) >= 10
    found = await prune_now(database_store.pruning, [RetentionFilter(now=samples.now + 2 * DAY)])
    assert (found.executions, found.size) == (1, len(begun.batch.events + end.batch.events) + len(VALUE.data))
    assert set(counts_in_database(postgres_stores, begun.execution_id).values()) == {0}
    assert rows(postgres_stores, "SELECT count(*) FROM value") == [(0,)]


def counts_in_database(stores: PostgresStores, execution_id: str) -> dict[str, int]:
    named = rows(
        stores,
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'looply'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND (a.attname = 'execution_id' OR (c.relname = 'execution' AND a.attname = 'id'))",
    )
    return {
        table: rows(stores, f"SELECT count(*) FROM {table} WHERE {column} = %s::uuid", execution_id)[0][0]
        for table, column in named
    }


async def test_the_space_of_what_went_is_the_disks_again(
    folder_store: SqliteStore, tmp_path: Path, samples: Samples
) -> None:
    text = bytes(range(256)) * 40
    units = [samples.first(status="COMPLETED") for _ in range(1000)]
    await store_all(folder_store, [replace(unit, batch=replace(unit.batch, events=text)) for unit in units])
    await folder_store.journal.commit(samples.first())
    pruned = await prune_now(folder_store.pruning, [spent(LATER)])
    assert pruned.executions == 1000
    assert not await folder_store.pruning.release_space()
    await folder_store.close()
    assert pruned.size > 10_000_000
    assert (tmp_path / FILE_NAME).stat().st_size < 2_000_000


async def test_while_others_write_pruning_waits(folder_store: SqliteStore, samples: Samples) -> None:
    assert not await folder_store.pruning.is_busy()
    begun, end = threading.Event(), threading.Event()

    def hold(_connection: apsw.Connection) -> None:
        begun.set()
        assert end.wait(60)

    # What comes while the writer is at something waits for it.
    held = asyncio.ensure_future(folder_store._threads.write(hold))
    assert await asyncio.to_thread(begun.wait, 60)
    writes = [asyncio.ensure_future(folder_store.journal.commit(samples.first())) for _ in range(20)]
    await asyncio.sleep(0)
    assert await folder_store.pruning.is_busy()
    end.set()
    await asyncio.gather(held, *writes)
    assert not await folder_store.pruning.is_busy()


async def test_an_old_month_in_which_nothing_is_left_is_dropped(
    database_store: PostgresStore, postgres_stores: PostgresStores, samples: Samples
) -> None:
    await store_all(database_store, [samples.first(status="COMPLETED") for _ in range(10)])
    assert MONTH in months(postgres_stores)
    samples.later(LATER - samples.now)
    await database_store.journal.commit(samples.first())
    assert (await prune_now(database_store.pruning, [spent(LATER)])).executions == 10
    assert MONTH not in months(postgres_stores)
    assert {name[-7:] for name in parts(postgres_stores)} == set(months(postgres_stores))
    # An execution that still needs it stores it again.
    await database_store.journal.commit(Samples().first())
    assert MONTH in months(postgres_stores)


async def test_a_month_with_a_few_open_executions_is_rewritten_and_they_continue(
    database_store: PostgresStore, postgres_stores: PostgresStores, samples: Samples
) -> None:
    text = bytes(range(256)) * 40
    waiting = samples.first(status="WAITING")
    units = [samples.first(status="COMPLETED") for _ in range(400)]
    await store_all(database_store, [waiting])
    await store_all(database_store, [replace(unit, batch=replace(unit.batch, events=text)) for unit in units])
    samples.later(LATER - samples.now)
    await database_store.journal.commit(samples.first())
    size = f"SELECT pg_total_relation_size('batch_{MONTH}')"
    before = rows(postgres_stores, size)[0][0]
    assert (await prune_now(database_store.pruning, [spent(LATER)])).executions == 400
    assert rows(postgres_stores, size)[0][0] < before / 10
    await database_store.journal.commit(samples.next(waiting.head))
    assert [head.execution_id for head in await database_store.reads.scan("", 1)] == [waiting.execution_id]


async def test_a_month_that_is_being_read_is_left_for_another_round(
    database_store: PostgresStore, postgres_stores: PostgresStores, samples: Samples
) -> None:
    await store_all(database_store, [samples.first(status="COMPLETED") for _ in range(3)])
    samples.later(LATER - samples.now)
    await database_store.journal.commit(samples.first())
    with psycopg.connect(postgres_stores.address, options="-c search_path=looply") as reader:
        reader.execute("SELECT count(*) FROM execution")
        assert (await prune_now(database_store.pruning, [spent(LATER)])).executions == 3
        assert MONTH in months(postgres_stores)
    await prune_now(database_store.pruning, [spent(LATER)])
    assert MONTH not in months(postgres_stores)


def parts(stores: PostgresStores) -> list[str]:
    """Returns the partitions of all tables that have some."""
    return [
        name
        for (name,) in rows(
            stores,
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'looply'::regnamespace",
        )
    ]


def months(stores: PostgresStores) -> list[str]:
    return [name.removeprefix("execution_") for name in parts(stores) if name.startswith("execution_")]


async def test_of_processes_that_share_a_database_one_prunes_at_a_time(
    postgres_stores: PostgresStores, samples: Samples
) -> None:
    store = postgres_stores.make(is_alone=False)
    await store.open()
    await store_all(store, [samples.first(status="COMPLETED") for _ in range(3)])
    with psycopg.connect(postgres_stores.address) as other:
        other.execute("SELECT pg_advisory_xact_lock(1819242611, 0)")
        assert await prune_now(store.pruning, [spent(LATER)]) == Slice(is_elsewhere=True)
    assert (await prune_now(store.pruning, [spent(LATER)])).executions == 2


async def test_a_large_value_that_is_stored_concurrently_stays(
    database_store: PostgresStore, postgres_stores: PostgresStores, samples: Samples
) -> None:
    old = samples.first(status="COMPLETED", values=(VALUE,))
    young = samples.first()
    # One after the other: what was stored last of all stays.
    for unit in (old, young):
        await database_store.journal.commit(unit)
    use = "INSERT INTO value_use SELECT %s::uuid, hash, org, 3 FROM value"
    with psycopg.connect(postgres_stores.address, options="-c search_path=looply") as other:
        other.execute("SELECT hold_values()")
        other.execute(use, (young.execution_id,))
        pruning = asyncio.ensure_future(prune_now(database_store.pruning, [spent(LATER)]))
        await waits_for_another(pruning, postgres_stores)
    assert (await pruning).executions == 1
    assert dict(await database_store.journal.values_of(young.execution_id)) == {VALUE.hash: VALUE}


async def test_an_execution_that_moves_while_it_is_pruned_stays(
    database_store: PostgresStore, postgres_stores: PostgresStores, samples: Samples
) -> None:
    first, second = (samples.first(status="COMPLETED") for _ in range(2))
    await store_all(database_store, [first, second])
    await database_store.journal.commit(samples.first())
    with psycopg.connect(postgres_stores.address, options="-c search_path=looply") as other:
        other.execute("UPDATE execution SET seq = 4 WHERE id = %s::uuid", (first.execution_id,))
        pruning = asyncio.ensure_future(prune_now(database_store.pruning, [spent(LATER)]))
        await waits_for_another(pruning, postgres_stores)
    assert (await pruning).executions == 1
    assert await database_store.reads.head(first.execution_id) is not None
    with pytest.raises(Stale):
        await database_store.journal.commit(samples.next(second.head))


async def waits_for_another(pruning: "asyncio.Future[Slice]", stores: PostgresStores) -> None:
    """Returns when the pruning waits for another session of its database. Other databases do not count."""
    waits = (
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
        " WHERE NOT l.granted AND a.datname = current_database()"
    )
    with psycopg.connect(stores.address, autocommit=True) as watcher:
        while watcher.execute(waits).fetchone() == (0,):
            assert not pruning.done(), f"no unit waits: {pruning.result()}"
            await asyncio.sleep(0)


async def test_a_workflow_of_which_nothing_is_stored_has_nothing_to_forget(
    folder_store: SqliteStore, database_store: PostgresStore
) -> None:
    for store in (folder_store, database_store):
        assert await store.pruning.prune(spent(LATER, workflow_id=WORKFLOW), BEGIN) == Slice()
        assert await store.pruning.last_pruned_position(WORKFLOW) == (0, 0)


def test_the_command_prunes_a_database_and_is_refused_while_another_process_does(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    address = postgres_server.new_database("pruned_by_command")
    key = b64encode(bytes(32)).decode()
    settings = {"LOOPLY_ENGINE": "postgres", "LOOPLY_DATABASE": address, "LOOPLY_ENCRYPTION_KEY": key}

    def prune() -> tuple[int, dict[str, Any]]:
        output = io.StringIO()
        terminal = Terminal(
            source=io.BytesIO(),
            output=output,
            errors=io.StringIO(),
            environment={**settings, "LOOPLY_DATA": str(tmp_path)},
        )
        status = main(("db", "prune", "--offline", "--older-than", "P30D", "--yes", "--json"), terminal)
        return status, json.loads(output.getvalue())

    assert prune() == (0, {"executions": 0, "bytes": 0, "held": 0, "keys": 0, "decisions": 0, "dry_run": False})
    asyncio.run(_fill(address))
    with psycopg.connect(address) as other:
        other.execute("SELECT pg_advisory_xact_lock(1819242611, 0)")
        status, document = prune()
        assert (status, document["code"]) == (1, "PRUNING")
    status, document = prune()
    assert (status, document["executions"], "freed_bytes" in document) == (0, 3, False)


async def _fill(address: str) -> None:
    """Stores executions that ended long ago, and then one that waits."""
    store, samples = PostgresStore(address, SystemClock()), Samples()
    samples.now = SystemClock().now() - 100 * DAY
    await store.open()
    await store_all(store, [samples.first(status="COMPLETED") for _ in range(3)])
    await store.journal.commit(samples.first(status="WAITING"))
    await store.close()
