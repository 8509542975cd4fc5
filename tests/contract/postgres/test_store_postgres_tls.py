"""PostgreSQL over TLS with `sslmode=verify-full`: journal and catalog work, and no other server is spoken to."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contract.harness.postgres_cuts import SOCKET
from contract.harness.postgres_gate import PostgresGate
from contract.store.samples import Samples
from kit.servers.certificates import Authority, Pair
from kit.servers.postgres_stores import PostgresServer
from looply.catalog import Catalog
from looply.clock import Ids
from looply.engine.postgres import PostgresStore
from looply.errors import StoreUnreachable
from looply.sealing import Sealer
from looply.testing.clock import FakeClock, SerialEntropy

Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def ours() -> Authority:
    """The authority of the house."""
    return Authority("The house's authority")


@pytest.fixture(scope="module")
def database(postgres_server: PostgresServer) -> Iterator[str]:
    """A database of these tests' own: they may be shared out to several processes, and come more than once to one."""
    name = f"behind_a_gate_{os.getpid()}"
    postgres_server.new_database(name)
    yield name
    postgres_server.drop_database(name)


@pytest.fixture
def opened(postgres_server: PostgresServer, tmp_path: Path) -> Opened:
    """Opens a gate before the server."""

    @asynccontextmanager
    async def open_gate(server: Pair | None) -> AsyncIterator[PostgresGate]:
        async with PostgresGate(postgres_server.folder / SOCKET, server, tmp_path) as gate:
            yield gate

    return open_gate


def address(gate: PostgresGate, database: str, ca: Path) -> str:
    """Returns the address of a database behind a gate, in the form that is documented for operators."""
    query = f"sslmode=verify-full&sslrootcert={ca}&gssencmode=disable"
    return f"postgresql://looply@127.0.0.1:{gate.port}/{database}?{query}"


def store_at(place: str) -> PostgresStore:
    """Returns a store that is not open yet."""
    return PostgresStore(place, FakeClock(), writers=2, readers=2)


async def connected(place: str) -> Catalog:
    """Returns the catalog in a database."""
    entropy = SerialEntropy()
    clock = FakeClock()
    return await Catalog.connect(place, Sealer(bytes(32)), clock=clock, ids=Ids(entropy), entropy=entropy)


async def refused(place: str) -> list[str]:
    """Returns why journal and catalog cannot be opened."""
    with pytest.raises(StoreUnreachable) as of_journal:
        await store_at(place).open()
    with pytest.raises(StoreUnreachable) as of_catalog:
        await connected(place)
    return [of_journal.value.message, of_catalog.value.message]


async def test_journal_and_catalog_work_over_tls_and_nothing_goes_beside_it(
    opened: Opened, ours: Authority, database: str, tmp_path: Path
) -> None:
    async with opened(ours.issue("localhost")) as gate:
        place = address(gate, database, ours.written(tmp_path, "ca"))
        store = store_at(place)
        await store.open()
        first = Samples().first()
        await store.journal.commit(first)
        assert [head.execution_id for head in await store.reads.scan("", 10)] == [first.execution_id]
        assert await store.work.find_queued_effects(("", 0), 10) == []
        await store.close()
        catalog = await connected(place)
        organization_id, _ = await catalog.organizations.create("Acme")
        assert (await catalog.organizations.get(organization_id)).organization_id == organization_id
        await catalog.close()
        assert gate.plain == 0
        assert gate.encrypted >= 4


async def test_a_server_of_another_authority_is_not_spoken_to(
    opened: Opened, ours: Authority, database: str, tmp_path: Path
) -> None:
    async with opened(ours.issue("localhost")) as gate:
        place = address(gate, database, Authority("Somebody else").written(tmp_path, "wrong"))
        messages = await refused(place)
        assert ["certificate verify failed" in each for each in messages] == [True, True]
        assert (gate.encrypted, gate.plain) == (0, 0)


async def test_a_server_with_the_certificate_of_another_name_is_not_spoken_to(
    opened: Opened, ours: Authority, database: str, tmp_path: Path
) -> None:
    async with opened(ours.issue("other.example.com", is_local=False)) as gate:
        messages = await refused(address(gate, database, ours.written(tmp_path, "ca")))
        assert ["other.example.com" in each and "127.0.0.1" in each for each in messages] == [True, True]
        assert gate.plain == 0


async def test_a_server_that_cannot_encrypt_is_not_spoken_to(
    opened: Opened, ours: Authority, database: str, tmp_path: Path
) -> None:
    async with opened(None) as gate:
        messages = await refused(address(gate, database, ours.written(tmp_path, "ca")))
        assert ["does not support SSL, but SSL was required" in each for each in messages] == [True, True]
        assert (gate.encrypted, gate.plain) == (0, 0)
