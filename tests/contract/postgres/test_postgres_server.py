"""Which PostgreSQL servers are taken: none that is too old, and of several the primary."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.harness.postgres_cuts import SOCKET
from contract.harness.postgres_gate import PostgresGate
from contract.store.samples import Samples
from kit.servers.postgres_stores import PostgresServer
from looply.catalog import Catalog
from looply.clock import Ids
from looply.engine.coding.database_server import OLDEST, unfit_reasons
from looply.engine.postgres import PostgresStore
from looply.engine.postgres.database.connections import READER_OPTIONS, Connections
from looply.engine.postgres.database.receiving import Receiver
from looply.errors import SchemaMismatch
from looply.sealing import Sealer
from looply.testing.clock import FakeClock, SerialEntropy


@pytest.mark.parametrize("version", [OLDEST * 10_000, OLDEST * 10_000 + 18, 180_004, 190_000])
def test_an_old_enough_release_is_the_first_of_the_oldest_major_version(version: int) -> None:
    assert unfit_reasons(version, "UTF8") == []


@pytest.mark.parametrize(
    ("version", "name"), [(OLDEST * 10_000 - 9_991, "14.9"), (130_022, "13.22"), (120_000, "12.0")]
)
def test_what_is_older_is_named_with_what_to_do(version: int, name: str) -> None:
    (reason,) = unfit_reasons(version, "UTF8")
    assert f"PostgreSQL {name}, and {OLDEST} is the oldest" in reason
    assert "upgrade it, or name another database" in reason


async def test_journal_catalog_and_moving_refuse_a_server_that_is_too_old(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    postgres_server.new_database("too_old")
    async with PostgresGate(postgres_server.folder / SOCKET, None, tmp_path, version=str(OLDEST - 1)) as gate:
        address = f"host=127.0.0.1 port={gate.port} user=looply dbname=too_old"
        await refused(address, rf"PostgreSQL {OLDEST - 1}\.\d+, and {OLDEST} is the oldest")
    schemas = postgres_server.run("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'looply%'", "too_old")
    assert schemas == []


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_journal_catalog_and_moving_refuse_another_encoding(
    postgres_server: PostgresServer, encoding: str
) -> None:
    name = f"in_{encoding.lower()}"
    facts = f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    postgres_server.run(f'CREATE DATABASE "{name}" {facts}')
    await refused(
        postgres_server.address(name), f"encoding of the database is {encoding}; make one with the encoding UTF8"
    )
    schemas = postgres_server.run("SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'looply%'", name)
    assert schemas == []


async def refused(address: str, message: str) -> None:
    """Neither the journal nor the catalog open on `address`, and nothing is moved there; each says why."""
    store = PostgresStore(address, FakeClock())
    with pytest.raises(SchemaMismatch, match=message):
        await store.open()
    clock, entropy = FakeClock(), SerialEntropy()
    with pytest.raises(SchemaMismatch, match=message):
        await Catalog.connect(address, Sealer(bytes(32)), clock=clock, ids=Ids(entropy), entropy=entropy)
    connections = Connections(address, 1, READER_OPTIONS)
    async with connections.one() as connection:
        (fault,) = await Receiver(connection).faults(("looply",))
    connections.close()
    assert re.search(message, fault)


@pytest.fixture
def standby(tmp_path: Path) -> Iterator[PostgresServer]:
    """A server that takes no writes, beside the others."""
    server = PostgresServer(Path(tempfile.mkdtemp(prefix="looply-standby-")))
    server.make()
    (server.data / "standby.signal").touch()
    server.start()
    yield server
    server.stop("immediate")
    shutil.rmtree(server.folder)


async def test_of_several_servers_journal_and_catalog_take_the_primary(
    postgres_server: PostgresServer, standby: PostgresServer
) -> None:
    postgres_server.new_database("several")
    assert standby.run("SELECT pg_is_in_recovery()") == [(True,)]
    address = f"host={standby.folder},{postgres_server.folder} user=looply dbname=several"
    store = PostgresStore(address, FakeClock())
    await store.open()
    first = Samples().first()
    await store.journal.commit(first)
    assert [head.execution_id for head in await store.reads.scan("", 10)] == [first.execution_id]
    await store.close()
    clock, entropy = FakeClock(), SerialEntropy()
    catalog = await Catalog.connect(address, Sealer(bytes(32)), clock=clock, ids=Ids(entropy), entropy=entropy)
    organization_id, _ = await catalog.organizations.create("Acme")
    assert (await catalog.organizations.get(organization_id)).organization_name == "Acme"
    await catalog.close()


async def test_a_road_that_swallows_everything_is_left_unless_the_address_says_otherwise(
    postgres_server: PostgresServer,
) -> None:
    plain = postgres_server.address()
    for address, expected in ((plain, "10000"), (f"{plain} tcp_user_timeout=60000", "60000")):
        connections = Connections(address, 1, READER_OPTIONS)
        async with connections.one() as connection:
            parameters = connection.info.get_parameters()
        connections.close()
        assert (parameters["tcp_user_timeout"], parameters["keepalives_count"]) == (expected, "3")
        assert parameters["options"] == READER_OPTIONS
