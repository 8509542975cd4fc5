"""Rows that outlived what they refer to are reported by each store, whatever their kind."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import apsw
import psycopg

from contract.store.decisions import decided
from contract.store.samples import Samples
from kit.memory import MemoryData, MemoryStore
from kit.servers.postgres_stores import PostgresStores
from looply.engine.ports.port import LedgerRow
from looply.engine.records.claims import Claim, StoredKey
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.opening import FILE_NAME
from looply.execution.facts.deliveries import DeliveryKey
from looply.testing.clock import START_TIME, FakeClock

GONE = "01900000-0000-7000-8000-0000000000ff"
ORGANIZATION = "01900000-0000-7000-8000-00000000000a"
KINDS = ("claim", "concurrency_slot", "delivery", "expiry", "fire", "idempotency")
DECISION = "3, 1, 2, 1, 'PO-1', 'ask', 1, '', 'ann', 'ann', 'approved', '', 9, 'INBOX', 1, 1, "
DECISION += "'PERSON', 'u', 'ann@example.com', ''"
"""Of a decision; it outlives its execution, so nothing is wrong with it."""
NEW = "01900000-0000-7000-8000-0000000000fe"
"""An execution that is to be started: nothing is wrong with a row for it."""


async def test_the_memory_store_reports_rows_without_their_execution() -> None:
    data = MemoryData()
    store = MemoryStore(FakeClock(), data)
    await store.open()
    assert list(await store.reads.dangling_rows()) == []
    key = StoredKey(organization_id=ORGANIZATION, text="k", fingerprint=b"r", expires_on=START_TIME + timedelta(days=1))
    data.keys[ORGANIZATION, "k"] = (key, GONE)
    data.claims["w", "PO-1"] = (
        Claim(organization_id=ORGANIZATION, workflow_id="w", process_id="PO-1", fingerprint=b"r"),
        GONE,
    )
    fired = LedgerRow(nominal=START_TIME, outcome="STARTED", execution_id=GONE)
    left_out = LedgerRow(nominal=START_TIME + timedelta(hours=1), outcome="SKIPPED")
    data.fires["w"] = {row.nominal: row for row in (fired, left_out)}
    data.places[GONE] = ConcurrencySlotRow(execution_id=GONE, seq=2, since=START_TIME, max_concurrency=1, is_held=False)
    data.deliveries[DeliveryKey(NEW, GONE, 3)] = "START"
    data.expiries[GONE] = START_TIME
    data.decisions[GONE, 3] = decided(Samples().first(execution_id=GONE), 3)
    lines = sorted(await store.reads.dangling_rows())
    assert lines == [f"{kind} row of execution {GONE}, which is not stored" for kind in KINDS]


async def test_the_sqlite_store_reports_rows_without_their_execution(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, FakeClock())
    await store.open()
    assert list(await store.reads.dangling_rows()) == []
    gone = UUID(GONE)
    other = apsw.Connection(str(tmp_path / FILE_NAME))
    other.execute("INSERT INTO name(n, id) VALUES (1, 'organization'), (2, 'workflow')")
    other.execute("INSERT INTO idempotency VALUES (1, 'k', x'00', ?, 9)", (gone.bytes,))
    other.execute("INSERT INTO claim VALUES (2, 'PO-1', 1, ?, x'00')", (gone.bytes,))
    other.execute("INSERT INTO fire(workflow, nominal_ms, execution_id) VALUES (2, 1, ?), (2, 2, NULL)", (gone.bytes,))
    other.execute("INSERT INTO concurrency_slot VALUES (?, 2, 2, 0, 1, 0)", (gone.bytes,))
    other.execute("INSERT INTO delivery VALUES (?, ?, 3, 1)", (UUID(NEW).bytes, gone.bytes))
    other.execute("INSERT INTO expiry VALUES (?, 9)", (gone.bytes,))
    other.execute(f"INSERT INTO decision VALUES (?, {DECISION})", (gone.bytes,))
    other.close()
    lines = sorted(await store.reads.dangling_rows())
    assert lines == [f"{kind} row of execution {gone.hex}, which is not stored" for kind in KINDS]
    await store.close()


async def test_the_postgres_store_reports_rows_without_their_execution(
    postgres_stores: PostgresStores,
) -> None:
    store = postgres_stores.make()
    await store.open()
    assert list(await store.reads.dangling_rows()) == []
    with psycopg.connect(postgres_stores.address, options="-c search_path=looply", autocommit=True) as other:
        other.execute("INSERT INTO name(n, id) OVERRIDING SYSTEM VALUE VALUES (-1, 'organization'), (-2, 'workflow')")
        other.execute("INSERT INTO idempotency VALUES (-1, 'k', '\\x00', %s, 9)", (GONE,))
        other.execute("INSERT INTO claim VALUES (-2, 'PO-1', -1, %s, '\\x00')", (GONE,))
        other.execute("INSERT INTO fire(workflow, nominal_ms, execution_id) VALUES (-2, 1, %s), (-2, 2, NULL)", (GONE,))
        other.execute("INSERT INTO concurrency_slot VALUES (%s, -2, 2, 0, 1, 0)", (GONE,))
        other.execute("INSERT INTO delivery VALUES (%s, %s, 3, 1)", (NEW, GONE))
        other.execute("INSERT INTO expiry VALUES (%s, 9)", (GONE,))
        other.execute(f"INSERT INTO decision VALUES (%s, {DECISION})".encode(), (GONE,))
    lines = sorted(await store.reads.dangling_rows())
    assert lines == [f"{kind} row of execution {GONE}, which is not stored" for kind in KINDS]
