"""A catalog whose database or network fails: no caller gets a wrong answer, and no process needs a restart."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text

from contract.harness.postgres_cuts import Road
from kit.catalog import Opened
from kit.servers.postgres_server import NoPostgres, PostgresServer
from kit.servers.postgres_stores import database_of_test, own_server
from looply.catalog import Catalog
from looply.catalog.tenants.keys import KeyDraft
from looply.errors import StoreFull, StoreLost, StoreUnreachable

# Stopping and starting a server takes long on a slow machine.
pytestmark = pytest.mark.timeout(600)

_NAMES = "SELECT organization_name FROM looply_catalog.organizations"
_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'looply catalog'"
_FILL = """
CREATE FUNCTION looply_catalog.is_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE 'no space left' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON looply_catalog.audit_records
FOR EACH ROW EXECUTE FUNCTION looply_catalog.is_full()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """Yields a server that only these tests use, so that they may stop it."""
    try:
        with own_server() as found:
            yield found
    except NoPostgres as error:
        pytest.skip(str(error))


@pytest.fixture
def database(server: PostgresServer, request: pytest.FixtureRequest) -> str:
    """Yields the name of a database for this test only."""
    return database_of_test(server, request.node.name)


@pytest.fixture
async def road(server: PostgresServer) -> AsyncIterator[Road]:
    async with Road(server) as road:
        road.marker = b"COMMIT"
        yield road


@pytest.fixture
async def catalog(open_catalog: Opened, server: PostgresServer, database: str) -> Catalog:
    return await open_catalog(server.address(database))


def names(server: PostgresServer, database: str) -> list[str]:
    """Returns the names of the stored organizations."""
    return [name for (name,) in server.run(_NAMES, database)]


async def test_an_unreachable_database_is_reported_and_used_again_when_it_is_back(
    server: PostgresServer, database: str, catalog: Catalog, clock
) -> None:
    org, workspace = await catalog.organizations.create("Mine")
    made = await catalog.keys.create(org, workspace, KeyDraft("SAP", ["trigger"]))
    assert await catalog.keys.authenticate(made.text, clock.now()) is not None
    await asyncio.to_thread(server.stop)
    for _ in range(2):
        with pytest.raises(StoreUnreachable):
            await catalog.organizations.create("Away")
        with pytest.raises(StoreUnreachable):
            await catalog.organizations.get(org)
        # A cached key may have been revoked in the meantime, which cannot be checked now.
        with pytest.raises(StoreUnreachable):
            await catalog.keys.authenticate(made.text, clock.now())
    await asyncio.to_thread(server.start)
    assert await catalog.keys.authenticate(made.text, clock.now()) is not None
    assert (await catalog.organizations.get(org)).organization_name == "Mine"
    await catalog.organizations.create("Back")
    assert names(server, database) == ["Mine", "Back"]


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_server_that_was_started_again_between_calls_is_not_noticed(
    server: PostgresServer, database: str, catalog: Catalog, mode: str
) -> None:
    org, _ = await catalog.organizations.create("Mine")
    before = await catalog.database.changes()
    await catalog.organizations.get(org)
    await asyncio.to_thread(server.stop, mode)
    await asyncio.to_thread(server.start)
    assert await catalog.database.changes() == before
    assert (await catalog.organizations.get(org)).organization_name == "Mine"
    await catalog.organizations.create("Next")
    assert names(server, database) == ["Mine", "Next"]


async def test_a_catalog_is_not_opened_while_its_database_is_away(
    server: PostgresServer, database: str, open_catalog: Opened
) -> None:
    await asyncio.to_thread(server.stop)
    with pytest.raises(StoreUnreachable):
        await open_catalog(server.address(database))
    await asyncio.to_thread(server.start)
    await open_catalog(server.address(database))


async def test_a_read_whose_session_is_killed_is_repeated(
    server: PostgresServer, database: str, catalog: Catalog
) -> None:
    await catalog.organizations.create("Mine")
    reads = []

    def read(connection):
        reads.append(connection.execute(text("SELECT pg_backend_pid()")).scalar())
        if len(reads) == 1:
            server.run(f"SELECT pg_terminate_backend({reads[0]}, 60000)")
        return connection.execute(text("SELECT organization_name FROM organizations")).scalars().all()

    assert list(await catalog.database.read(read)) == ["Mine"]
    assert len(set(reads)) == 2


async def test_a_write_whose_session_is_killed_before_its_end_stores_nothing(
    server: PostgresServer, database: str, catalog: Catalog
) -> None:
    calls = []

    def write(connection):
        connection.execute(text("INSERT INTO organizations VALUES ('a', 'Killed', 1)"))
        calls.append(connection.execute(text("SELECT pg_backend_pid()")).scalar())
        server.run(f"SELECT pg_terminate_backend({calls[0]}, 60000)")
        connection.execute(text("SELECT 1"))

    with pytest.raises(StoreUnreachable, match="nothing was stored"):
        await catalog.database.write(write)
    assert len(calls) == 1
    assert names(server, database) == []
    await catalog.organizations.create("Next")
    assert names(server, database) == ["Next"]


async def test_a_change_whose_commit_went_unanswered_is_found_and_answered(
    road: Road, server: PostgresServer, database: str, open_catalog: Opened
) -> None:
    catalog = await open_catalog(road.address(database))
    road.cut_next("AFTER")
    await catalog.organizations.create("Mine")
    assert road.made == 1
    await catalog.organizations.create("Next")
    assert names(server, database) == ["Mine", "Next"]


async def test_the_outcome_of_an_interrupted_commit_is_reported_as_stored(
    road: Road, server: PostgresServer, database: str, open_catalog: Opened
) -> None:
    catalog = await open_catalog(road.address(database))
    # The server may read the COMMIT, or terminate the session before it does.
    road.cut_next("UNHEARD")
    (answer,) = await asyncio.gather(catalog.organizations.create("Mine"), return_exceptions=True)
    assert road.made == 1
    assert (names(server, database), type(answer)) in ((["Mine"], tuple), ([], StoreUnreachable))


async def test_a_change_whose_commit_never_arrived_is_reported_as_not_stored(
    road: Road, server: PostgresServer, database: str, open_catalog: Opened
) -> None:
    catalog = await open_catalog(road.address(database))
    road.cut_next("BEFORE")
    with pytest.raises(StoreUnreachable, match="nothing was stored"):
        await catalog.organizations.create("Mine")
    assert names(server, database) == []
    await catalog.organizations.create("Next")
    assert names(server, database) == ["Next"]


async def test_only_a_database_that_cannot_be_asked_leaves_an_outcome_open(
    road: Road, server: PostgresServer, database: str, open_catalog: Opened
) -> None:
    catalog = await open_catalog(road.address(database))
    road.cut_next("AFTER")
    road.close_to_others()
    with pytest.raises(StoreLost):
        await catalog.organizations.create("Mine")
    assert names(server, database) == ["Mine"]


async def test_a_full_disk_is_reported_and_nothing_is_stored(
    server: PostgresServer, database: str, catalog: Catalog
) -> None:
    server.run(_FILL, database)
    with pytest.raises(StoreFull):
        await catalog.organizations.create("Mine")
    assert names(server, database) == []
    server.run("DROP TRIGGER full_disk ON looply_catalog.audit_records", database)
    await catalog.organizations.create("Mine")
    assert names(server, database) == ["Mine"]


async def test_a_closed_catalog_leaves_no_session_behind(
    server: PostgresServer, database: str, catalog: Catalog
) -> None:
    await asyncio.gather(
        catalog.organizations.create("Mine"),
        catalog.database.changes(),
        *(catalog.database.read(lambda connection: threading.get_ident()) for _ in range(20)),
    )
    assert 3 <= len(server.run(_SESSIONS.format(database))) <= 4
    await catalog.close()
    while server.run(_SESSIONS.format(database)):
        continue
