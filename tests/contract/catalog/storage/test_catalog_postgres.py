"""Processes that share a catalog on PostgreSQL: all see an acknowledged change at once, and no change is lost."""

import asyncio
import threading

import pytest
from sqlalchemy import text

from kit.catalog import Opened, Tenant
from looply.catalog import Catalog
from looply.catalog.authored.connections import ConnectionDraft
from looply.catalog.authored.profiles import MAX_PROFILES
from looply.catalog.authored.workflows import WorkflowDraft
from looply.catalog.tenants.keys import KeyDraft
from looply.errors import BadRequest, Conflict, Overloaded, StoreUnreachable

DRAFT = WorkflowDraft(name="w", definition={"count": 0})
S4 = ConnectionDraft(name="S4", kind="sap", settings={})
_NAMES = text("SELECT organization_name FROM organizations ORDER BY organization_id")
_PID = text("SELECT pg_backend_pid()")


@pytest.fixture
async def processes(open_catalog: Opened, address: str) -> list[Catalog]:
    """Yields four processes on one catalog."""
    return [await open_catalog(address) for _ in range(4)]


@pytest.fixture
def one(processes: list[Catalog]) -> Catalog:
    return processes[0]


@pytest.fixture
def other(processes: list[Catalog]) -> Catalog:
    return processes[1]


@pytest.fixture
async def mine(one: Catalog) -> Tenant:
    return Tenant(*await one.organizations.create("Mine"))


@pytest.fixture
async def workflow_id(one: Catalog, mine: Tenant) -> str:
    """Returns a workflow whose version 1 is ACTIVE."""
    version = await one.workflows.create(mine.organization_id, mine.workspace_id, DRAFT)
    await one.workflows.activate(mine.organization_id, (version.workflow_id, 1))
    return version.workflow_id


def names(catalog: Catalog):
    return catalog.database.read(lambda connection: connection.execute(_NAMES).scalars().all())


async def test_a_key_that_one_process_revokes_opens_nothing_in_any_other(
    one: Catalog, processes: list[Catalog], mine: Tenant, clock
) -> None:
    made = await one.keys.create(mine.organization_id, mine.workspace_id, KeyDraft("SAP", ["trigger"]))
    for each in processes:
        assert await each.keys.authenticate(made.text, clock.now()) is not None
    await one.keys.revoke(mine.organization_id, made.key.key_id)
    for each in processes:
        assert await each.keys.authenticate(made.text, clock.now()) is None


async def test_a_read_in_flight_during_a_revocation_does_not_serve_later_callers(
    one: Catalog, other: Catalog, mine: Tenant, clock
) -> None:
    for _ in range(20):
        made = await one.keys.create(mine.organization_id, mine.workspace_id, KeyDraft("SAP", ["trigger"]))
        asked = [asyncio.ensure_future(other.keys.authenticate(made.text, clock.now())) for _ in range(3)]
        await one.keys.revoke(mine.organization_id, made.key.key_id)
        assert await other.keys.authenticate(made.text, clock.now()) is None
        await asyncio.gather(*asked)


async def test_an_activation_by_one_process_is_the_latest_of_all(
    one: Catalog, processes: list[Catalog], mine: Tenant, workflow_id: str
) -> None:
    org = mine.organization_id
    await one.workflows.save_draft(org, (workflow_id, 1), DRAFT, modified_on=None)
    for each in processes:
        assert (await each.workflows.latest_active(org, workflow_id)).workflow_version == 1
        assert (await each.workflows.get(org, (workflow_id, 2))).status == "DRAFT"
    await one.workflows.activate(org, (workflow_id, 2))
    for each in processes:
        assert (await each.workflows.latest_active(org, workflow_id)).workflow_version == 2
        assert (await each.workflows.get(org, (workflow_id, 2))).status == "ACTIVE"


async def test_profiles_are_seen_by_all_as_they_are_after_every_change(
    one: Catalog, other: Catalog, mine: Tenant, workflow_id: str
) -> None:
    org = mine.organization_id
    assert await other.profiles.find_default(org, workflow_id) is None
    await one.profiles.create(org, workflow_id, "prod", {"a": 1})
    assert (await other.profiles.get(org, workflow_id, "prod")).values == {"a": 1}
    await one.profiles.update(org, workflow_id, "prod", {"a": 2})
    found = await other.profiles.find_default(org, workflow_id)
    assert found is not None
    assert found.values == {"a": 2}
    await one.profiles.delete(org, workflow_id, "prod")
    assert await other.profiles.find_default(org, workflow_id) is None


async def test_of_32_writers_with_optimistic_locks_none_loses_an_update(processes: list[Catalog], mine: Tenant) -> None:
    org = mine.organization_id
    made = await processes[0].workflows.create(org, mine.workspace_id, DRAFT)
    key = (made.workflow_id, 1)

    async def count_up(author: Catalog) -> None:
        while True:
            read = await author.workflows.get(org, key)
            draft = WorkflowDraft(name="w", definition={"count": read.definition["count"] + 1})
            try:
                await author.workflows.save_draft(org, key, draft, modified_on=read.modified_on)
                return
            except Conflict as error:
                if error.code != "STALE":
                    raise

    await asyncio.gather(*(count_up(processes[number % 4]) for number in range(32)))
    for each in processes:
        assert (await each.workflows.get(org, key)).definition == {"count": 32}
    actions = [record.action for record in (await processes[0].audit.list_page(org, 100)).items]
    assert actions.count("workflow.save") == 32


async def test_of_32_connections_with_one_name_one_is_created_and_the_others_get_the_reason(
    processes: list[Catalog], mine: Tenant
) -> None:
    answers = await asyncio.gather(
        *(processes[n % 4].connections.create(mine.organization_id, mine.workspace_id, S4) for n in range(32)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, Conflict)]
    assert [error.code for error in refused] == ["CONNECTION_EXISTS"] * 31
    assert len((await processes[0].connections.list_page(mine.organization_id, 10)).items) == 1


async def test_of_profiles_made_at_once_the_first_is_the_default_and_no_more_are_made_than_allowed(
    processes: list[Catalog], mine: Tenant, workflow_id: str
) -> None:
    answers = await asyncio.gather(
        *(
            processes[n % 4].profiles.create(mine.organization_id, workflow_id, f"p{n}", {})
            for n in range(MAX_PROFILES + 16)
        ),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, Conflict)]
    assert [error.code for error in refused] == ["TOO_MANY_PROFILES"] * 16
    stored = await processes[0].profiles.list_all(mine.organization_id, workflow_id)
    assert [profile.is_default for profile in stored].count(True) == 1
    assert len(stored) == MAX_PROFILES


async def test_a_read_sees_one_snapshot_whatever_is_written_concurrently(
    one: Catalog, other: Catalog, mine: Tenant
) -> None:
    begun, written = threading.Event(), threading.Event()

    def read(connection):
        before = connection.execute(_NAMES).all()
        begun.set()
        assert written.wait(60)
        return before, connection.execute(_NAMES).all()

    reading = asyncio.ensure_future(one.database.read(read))
    await asyncio.to_thread(begun.wait, 60)
    await other.organizations.create("Later")
    written.set()
    before, after = await reading
    assert before == after
    assert list(await names(one)) == ["Mine", "Later"]


async def test_readers_and_reads_of_the_change_count_do_not_wait_for_a_writer(
    one: Catalog, other: Catalog, mine: Tenant
) -> None:
    begun, read = threading.Event(), threading.Event()

    def write(connection):
        begun.set()
        assert read.wait(60)

    writing = asyncio.ensure_future(one.database.write(write))
    await asyncio.to_thread(begun.wait, 60)
    for each in (one, other):
        await each.database.changes()
        assert list(await names(each)) == ["Mine"]
    read.set()
    await writing


async def test_the_count_of_changes_moves_with_a_change_and_with_nothing_else(one: Catalog, other: Catalog) -> None:
    before = await other.database.changes()
    await names(one)

    def fail(connection):
        raise Conflict("no")

    with pytest.raises(Conflict):
        await one.database.write(fail)
    assert await other.database.changes() == await one.database.changes() == before
    await one.organizations.create("Mine")
    assert await other.database.changes() == await one.database.changes() == before + 1


async def test_a_writer_that_does_not_get_the_lock_is_asked_to_repeat(one: Catalog, other: Catalog) -> None:
    await other.database.write(lambda connection: connection.exec_driver_sql("SET lock_timeout = '10ms'"))
    begun, reported = threading.Event(), threading.Event()

    def write(connection):
        begun.set()
        assert reported.wait(60)

    writing = asyncio.ensure_future(one.database.write(write))
    await asyncio.to_thread(begun.wait, 60)
    with pytest.raises(Overloaded):
        await other.organizations.create("Refused")
    reported.set()
    await writing
    await other.organizations.create("Repeated")
    assert list(await names(one)) == ["Repeated"]


async def test_a_process_that_hangs_while_writing_loses_its_lock_and_stores_nothing(
    one: Catalog, other: Catalog
) -> None:
    begun, awake = threading.Event(), threading.Event()

    def write(connection):
        connection.exec_driver_sql("UPDATE organizations SET organization_name = 'Frozen'")
        connection.exec_driver_sql("SET idle_in_transaction_session_timeout = '10ms'")
        begun.set()
        assert awake.wait(60)

    frozen = asyncio.ensure_future(one.database.write(write))
    await asyncio.to_thread(begun.wait, 60)
    await other.organizations.create("Mine")
    awake.set()
    with pytest.raises(StoreUnreachable):
        await frozen
    await one.organizations.create("Next")
    assert list(await names(one)) == ["Mine", "Next"]


async def test_a_value_that_postgresql_cannot_hold_is_a_bad_request(one: Catalog, mine: Tenant) -> None:
    with pytest.raises(BadRequest) as caught:
        await one.connections.list_page(mine.organization_id, 10, "\x00")
    assert caught.value.code == "UNSTORABLE"


async def test_a_row_of_an_unknown_organization_is_refused_by_the_database(one: Catalog) -> None:
    with pytest.raises(Conflict):
        await one.database.write(
            lambda connection: connection.execute(text("INSERT INTO workspaces VALUES ('w', 'nobody', 'name', 1)"))
        )


async def test_reads_run_beside_each_other_and_no_more_sessions_are_opened_than_a_few(
    one: Catalog, address: str, mine: Tenant
) -> None:
    together = threading.Barrier(2)

    def read(connection):
        together.wait(60)
        return connection.execute(_PID).scalar()

    sessions = await asyncio.gather(*(one.database.read(read) for _ in range(2)))
    assert len(set(sessions)) == 2
    sessions += await asyncio.gather(
        *(one.database.read(lambda connection: connection.execute(_PID).scalar()) for _ in range(50))
    )
    assert len(set(sessions)) == 2
