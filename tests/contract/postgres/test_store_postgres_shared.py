"""What the PostgreSQL store promises where several processes share the database: rows are given to one at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from contract.store.deliveries import sent
from contract.store.samples import ORGANIZATION, WORKFLOW, Samples, effect, incident, schedule, timer, working
from kit.servers.postgres_server import PostgresServer
from kit.servers.postgres_stores import PostgresStores
from looply.engine.ports.port import Fire
from looply.engine.ports.store import StoredDefinition
from looply.engine.postgres import PostgresStore
from looply.engine.postgres.database.clock import DatabaseClock
from looply.engine.postgres.database.connections import WRITER_OPTIONS, Connection, Connections
from looply.engine.postgres.database.opening import upgrade
from looply.engine.postgres.database.ownership import RENEWAL_SECONDS
from looply.errors import FireTaken, StoreLost
from looply.testing.clock import START_TIME, FakeClock, fake_loop

HOUR = timedelta(hours=1)


@pytest.fixture
def samples() -> Samples:
    return Samples()


@pytest.fixture
async def three(postgres_stores: PostgresStores) -> list[PostgresStore]:
    """Gives three processes that share the database; their epochs are 1, 2 and 3."""
    stores = [postgres_stores.make(is_alone=False) for _ in range(3)]
    for each in stores:
        await each.open()
    return stores


def sql(stores: PostgresStores, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """Runs a statement on the database."""
    with psycopg.connect(stores.address, options="-c search_path=looply", autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), arguments)
        return cursor.fetchall() if cursor.description is not None else []


def forget(stores: PostgresStores, *epochs: int) -> None:
    """Lets the leases of processes expire; all others were renewed."""
    sql(stores, "UPDATE lease SET since = since - interval '31 s', seen = clock_timestamp()")
    sql(stores, "UPDATE lease SET seen = seen - interval '31 s' WHERE epoch = ANY (%s)", list(epochs))


def alive(stores: PostgresStores) -> list[int]:
    """Returns the epochs of processes that may write."""
    return [epoch for (epoch,) in sql(stores, "SELECT epoch FROM lease ORDER BY epoch")]


async def renewed(until: Callable[[], bool]) -> None:
    """Lets the processes renew their leases, and returns when that has done what the test waits for."""
    await fake_loop().quiet()
    fake_loop().clock.advance(timedelta(seconds=RENEWAL_SECONDS))
    while not until():  # noqa: ASYNC110 - the database notifies no waiter
        await asyncio.sleep(0)


async def each_of(*calls: Awaitable[Any]) -> list[Any]:
    """Returns what each call gave, all begun at once."""
    return await asyncio.gather(*calls)


async def test_only_processes_that_share_a_database_say_so(postgres_stores: PostgresStores) -> None:
    assert postgres_stores.make(is_alone=False).is_shared
    assert not postgres_stores.make().is_shared


async def test_a_timer_is_given_to_one_process_until_its_claim_runs_out(
    three: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples
) -> None:
    unit = samples.first()
    rows = tuple(timer(unit.execution_id, seq, samples.now + seq * timedelta(minutes=1)) for seq in range(20))
    await three[0].journal.commit(working(unit, timers=rows))
    assert await three[1].work.next_due() == rows[0].due
    now = rows[9].due
    taken = await each_of(*(store.work.due_timers(now, 4) for store in three))
    assert sorted(len(some) for some in taken) == [2, 4, 4]
    assert {row.seq for some in taken for row in some} == set(range(10))
    assert await three[0].work.next_due() == rows[10].due
    assert list(await three[0].work.due_timers(now, 100)) == []
    sql(postgres_stores, "UPDATE timer SET taken = taken - interval '11 s' WHERE seq < 3")
    assert [row.seq for row in await three[2].work.due_timers(now, 100)] == [0, 1, 2]


async def test_a_schedule_is_given_to_one_process_until_it_has_fired(
    three: list[PostgresStore], samples: Samples
) -> None:
    await three[0].schedules.put(schedule(START_TIME))
    assert await three[1].schedules.next_due() == START_TIME
    taken = await each_of(*(store.schedules.due(START_TIME, 10) for store in three))
    assert sorted(len(some) for some in taken) == [0, 0, 1]
    assert await three[1].schedules.next_due() is None
    taker = three[[len(some) for some in taken].index(1)]
    await taker.journal.commit(samples.fired(Fire(workflow_id=WORKFLOW, nominal=START_TIME, next=START_TIME + HOUR)))
    assert await three[1].schedules.next_due() == START_TIME + HOUR
    (found,) = await three[1].schedules.due(START_TIME + HOUR, 10)
    assert found.last == START_TIME
    assert (await three[0].schedules.list(ORGANIZATION)) == [found]


async def test_a_schedule_whose_taker_does_not_fire_it_is_given_to_another(
    three: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples
) -> None:
    await three[0].schedules.put(schedule(START_TIME))
    assert len(await three[0].schedules.due(START_TIME, 10)) == 1
    assert list(await three[1].schedules.due(START_TIME, 10)) == []
    sql(postgres_stores, "UPDATE schedule SET taken = taken - interval '11 s'")
    assert len(await three[1].schedules.due(START_TIME, 10)) == 1
    # The first one was only slow: what it knows of the schedule may be over.
    late, due = (Fire(workflow_id=WORKFLOW, nominal=START_TIME + n * HOUR, next=START_TIME + 2 * HOUR) for n in (0, 1))
    with pytest.raises(FireTaken):
        await three[0].journal.commit(samples.fired(late))
    await three[1].journal.commit(samples.fired(due))
    assert len(await three[2].reads.scan("", 10)) == 1


async def test_an_effect_that_no_process_begins_is_offered_again_by_one_process(
    three: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples
) -> None:
    unit = samples.first()
    rows = (effect(unit.execution_id, 2), effect(unit.execution_id, 3), effect(unit.execution_id, 4, "RUNNING", 1))
    await three[0].journal.commit(working(unit, effects=rows))
    assert list(await three[1].work.overdue_effects(10)) == []
    sql(postgres_stores, "UPDATE effect SET offered = offered - interval '11 s'")
    found = await each_of(*(store.work.overdue_effects(10) for store in three))
    # Which of the processes takes which of the rows is open; none is taken twice.
    assert sorted((row.seq, row.state, row.queue) for some in found for row in some) == [
        (2, "QUEUED", rows[0].queue),
        (3, "QUEUED", rows[1].queue),
    ]
    assert await three[2].work.mark_running(unit.execution_id, 2, 3)
    # While an incident is open nothing starts.
    await three[0].journal.commit(
        working(samples.next(unit.head), incidents=(incident(unit.execution_id, 4, samples.now),))
    )
    sql(postgres_stores, "UPDATE effect SET offered = offered - interval '11 s'")
    assert list(await three[1].work.overdue_effects(10)) == []
    assert not await three[1].work.mark_running(unit.execution_id, 3, 2)


async def test_a_cut_stretch_is_recovered_when_its_process_has_ended(
    three: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples
) -> None:
    unit = samples.first()
    await three[0].journal.commit(working(unit, continues=True))
    assert list(await three[1].work.continuations(10)) == []
    forget(postgres_stores, 1)
    await three[1].work.end_lost_processes()
    taken = await each_of(*(store.work.continuations(10) for store in three[1:]))
    assert sorted(map(list, taken)) == [[], [unit.execution_id]]
    # The process that took it continues it: the stretch belongs to it, and to no other while it lives.
    await three[2].journal.commit(working(samples.next(unit.head), continues=True))
    sql(postgres_stores, "UPDATE continuation SET taken = taken - interval '31 s' WHERE taken > '-infinity'")
    assert list(await three[1].work.continuations(10)) == []


async def test_a_cut_stretch_that_its_taker_does_not_move_is_taken_by_another(
    three: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples
) -> None:
    unit = samples.first()
    await three[0].journal.commit(working(unit, continues=True))
    await three[0].close()
    assert list(await three[1].work.continuations(10)) == [unit.execution_id]
    assert list(await three[2].work.continuations(10)) == []
    sql(postgres_stores, "UPDATE continuation SET taken = taken - interval '31 s'")
    assert list(await three[2].work.continuations(10)) == [unit.execution_id]


async def test_what_a_lost_process_worked_on_is_suspect_and_named_once_its_trials_ended_too_many(
    three: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples
) -> None:
    calls, cut, fires, rests, of_a_living_one = (samples.first() for _ in range(5))
    due = samples.now
    await three[0].journal.commit(working(calls, effects=(effect(calls.execution_id, 2, "RUNNING", 1),)))
    await three[0].journal.commit(working(cut, continues=True))
    await three[0].journal.commit(working(fires, timers=(timer(fires.execution_id, 2, due),)))
    await three[0].work.due_timers(due, 10)
    await three[0].journal.commit(working(rests, effects=(effect(rests.execution_id, 2),)))
    row = effect(of_a_living_one.execution_id, 2, "RUNNING", 2)
    await three[1].journal.commit(working(of_a_living_one, effects=(row,)))
    forget(postgres_stores, 1)
    assert await each_of(*(store.work.end_lost_processes() for store in three[1:])) == [[], []]
    crash_count = dict(sql(postgres_stores, "SELECT id::text, crash_count FROM execution"))
    assert crash_count == {
        calls.execution_id: 1,
        cut.execution_id: 1,
        fires.execution_id: 1,
        rests.execution_id: 0,
        of_a_living_one.execution_id: 0,
    }
    assert [row.execution_id for row in await three[2].work.find_lost_effects(3, 10)] == [calls.execution_id]
    everybody = [unit.execution_id for unit in (calls, cut, fires, rests, of_a_living_one)]
    assert await three[1].trials.suspects(everybody) == dict.fromkeys(everybody[:3], 1)
    sql(postgres_stores, "UPDATE execution SET crash_count = 4")
    named = [calls.execution_id, cut.execution_id, fires.execution_id]
    assert await each_of(*(store.work.end_lost_processes() for store in three[1:])) == [named, named]


async def test_one_process_at_a_time_tries_a_suspect_and_another_one_once_that_has_ended(
    three: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples
) -> None:
    unit = working(samples.first(), continues=True)
    key = unit.execution_id
    await three[0].journal.commit(unit)
    sql(postgres_stores, "UPDATE execution SET crash_count = 1")
    tried = await each_of(*(store.trials.begin_trial(key) for store in three[:2]))
    assert sorted(tried) == [False, True]
    first, second = (0, 1) if tried[0] else (1, 0)
    sql(postgres_stores, "UPDATE execution SET crash_count = 4")
    assert await three[second].trials.suspects([key]) == {key: 1}, "no execution is blamed before the end of a trial"
    sql(postgres_stores, "UPDATE execution SET crash_count = 2")
    await three[second].trials.end_trial(key)
    assert not await three[second].trials.begin_trial(key), "a trial is ended by its process"
    forget(postgres_stores, first + 1)
    await three[2].work.end_lost_processes()
    assert await three[second].trials.suspects([key]) == {key: 2}
    assert await three[second].trials.begin_trial(key)
    await three[second].trials.end_trial(key)
    assert sql(postgres_stores, "SELECT crash_count, (SELECT count(*) FROM trial) FROM execution") == [(0, 0)]


async def test_the_trial_of_a_process_that_ended_is_forgotten_when_the_execution_has_moved(
    three: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples
) -> None:
    unit = working(samples.first(), continues=True)
    await three[0].journal.commit(unit)
    assert await three[0].trials.begin_trial(unit.execution_id)
    await three[1].journal.commit(working(samples.next(unit.head)))
    forget(postgres_stores, 1)
    await three[1].work.end_lost_processes()
    assert sql(postgres_stores, "SELECT count(*) FROM trial") == [(1,)], (
        "it worked on the stretch, whatever advanced it"
    )
    await three[1].journal.commit(samples.next(samples.next(unit.head).head))
    forget(postgres_stores, 3)
    await three[1].work.end_lost_processes()
    assert sql(postgres_stores, "SELECT count(*) FROM trial") == [(0,)]


@pytest.mark.parametrize("is_silent", [True, False], ids=["silent", "slow"])
async def test_work_that_a_process_took_and_did_not_do_is_suspect_if_its_lease_was_not_renewed(
    three: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples, is_silent: bool
) -> None:
    unit, target = samples.first(), samples.first()
    row = timer(unit.execution_id, 2, samples.now)
    sends = replace(working(unit, timers=(row,)), sent=(sent(unit, target.execution_id),))
    for each in (target, sends):
        await three[0].journal.commit(each)
    assert list(await three[0].work.due_timers(samples.now, 10)) == [row]
    assert len(await three[0].work.deliveries(10)) == 1
    for table in ("timer", "delivery"):
        sql(postgres_stores, f"UPDATE {table} SET taken = taken - interval '11 s'")
    if is_silent:
        sql(postgres_stores, "UPDATE lease SET seen = seen - interval '11 s' WHERE epoch = 1")
    assert list(await three[1].work.due_timers(samples.now, 10)) == [row]
    assert len(await three[1].work.deliveries(10)) == 1
    both = [unit.execution_id, target.execution_id]
    assert await three[1].trials.suspects(both) == (dict.fromkeys(both, 1) if is_silent else {})


async def test_after_a_time_without_any_renewal_no_process_is_ended(
    three: list[PostgresStore], postgres_stores: PostgresStores
) -> None:
    # The database was away for a minute; the first process that reaches it again judges no other one.
    sql(postgres_stores, "UPDATE lease SET seen = seen - interval '61 s', since = since - interval '61 s'")
    await three[1].work.end_lost_processes()
    assert alive(postgres_stores) == [1, 2, 3]


async def test_a_process_that_just_began_ends_no_other(
    three: list[PostgresStore], postgres_stores: PostgresStores
) -> None:
    sql(postgres_stores, "UPDATE lease SET seen = seen - interval '61 s' WHERE epoch < 4")
    late = postgres_stores.make(is_alone=False)
    await late.open()
    await late.work.end_lost_processes()
    assert alive(postgres_stores) == [1, 2, 3, 4]


async def test_a_process_that_renews_its_lease_while_it_is_ended_lives_on(
    three: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples
) -> None:
    forget(postgres_stores, 1)
    sql(postgres_stores, "UPDATE lease SET seen = clock_timestamp() WHERE epoch = 1")
    await three[1].work.end_lost_processes()
    await three[0].journal.commit(samples.first())


async def test_a_process_whose_lease_was_ended_takes_nothing_and_says_what_to_do(
    three: list[PostgresStore], postgres_stores: PostgresStores, samples: Samples
) -> None:
    unit = samples.first()
    await three[0].journal.commit(working(unit, timers=(timer(unit.execution_id, 2, samples.now),)))
    forget(postgres_stores, 1)
    await three[1].work.end_lost_processes()
    with pytest.raises(StoreLost, match=r"epoch 1 .* start this process again"):
        await three[0].work.due_timers(samples.now, 10)
    assert isinstance(three[0].failure(), StoreLost)
    assert len(await three[1].work.due_timers(samples.now, 10)) == 1


async def test_a_process_whose_lease_was_ended_changes_no_schedule(
    three: list[PostgresStore], postgres_stores: PostgresStores
) -> None:
    former, moved = schedule(START_TIME), schedule(START_TIME + HOUR)
    await three[1].schedules.put(former)
    fire = Fire(workflow_id=WORKFLOW, nominal=START_TIME, next=START_TIME + HOUR, outcome="SKIPPED")
    definition = StoredDefinition(hash="e" * 64, workflow_id=WORKFLOW, workflow_version=1, body=b"{}")
    forget(postgres_stores, 1)
    await three[1].work.end_lost_processes()
    acts: list[Callable[[PostgresStore], Awaitable[Any]]] = [
        lambda store: store.schedules.put(moved),
        lambda store: store.schedules.put(moved, former=former),
        lambda store: store.schedules.skip(fire),
        lambda store: store.schedules.drop(ORGANIZATION, WORKFLOW),
        lambda store: store.schedules.due(START_TIME, 1),
        lambda store: store.journal.put_definition(definition),
    ]
    for act in acts:
        # Each is the first thing that the process does after its pause.
        three[0]._database.failure = None
        with pytest.raises(StoreLost):
            await act(three[0])
    assert await three[2].schedules.find(ORGANIZATION, WORKFLOW) == former
    assert await three[2].journal.find_definition(definition.hash) is None


async def test_an_idle_process_finds_out_that_its_lease_was_ended(
    three: list[PostgresStore], postgres_stores: PostgresStores
) -> None:
    forget(postgres_stores, 1)
    await three[1].work.end_lost_processes()
    await renewed(lambda: three[0].failure() is not None)
    assert "start this process again" in str(three[0].failure())
    assert three[1].failure() is None


class MonthlyStore(PostgresStore):
    """A store on a database whose clock a test sets."""

    now: datetime = START_TIME

    async def database_now(self, connection: Connection) -> datetime:
        return self.now


async def test_the_months_ahead_are_made_while_a_process_runs(postgres_stores: PostgresStores) -> None:
    store = MonthlyStore(postgres_stores.address, FakeClock(), is_alone=False, writers=2, readers=1)
    await store.open()
    later = "SELECT count(*) FROM pg_class WHERE relname = 'execution_2033_05' AND relispartition"
    assert sql(postgres_stores, later) == [(0,)]
    store.now = START_TIME.replace(year=2033, month=3)
    await renewed(lambda: sql(postgres_stores, later) == [(1,)])
    await store.close()
    for table in ("execution", "batch", "snapshot", "value_use"):
        for month in ("03", "04", "05"):
            sql(postgres_stores, f"DROP TABLE {table}_2033_{month}")


def test_a_clock_follows_the_database_s_whatever_the_machine_s_says() -> None:
    machine = FakeClock(START_TIME + 5 * HOUR)
    clock = DatabaseClock(machine)
    assert clock.now() == START_TIME + 5 * HOUR
    asked_at = clock.monotonic()
    machine.advance(timedelta(milliseconds=20))
    clock.follow(START_TIME, asked_at)
    assert clock.now() == START_TIME + timedelta(milliseconds=10)
    machine.set_wall(-9 * HOUR)
    machine.advance(HOUR + timedelta(microseconds=300))
    assert clock.now() == START_TIME + HOUR + timedelta(milliseconds=10)
    before = clock.monotonic()
    clock.follow(START_TIME, before)
    assert (clock.now(), clock.monotonic()) == (START_TIME, before)


async def audits(stores: list[PostgresStore]) -> list[bool]:
    """Returns for each process whether it is the auditor, all asking at once."""
    return await each_of(*(store.survey.acquire_auditor_role() for store in stores))


async def test_of_several_processes_one_audits_however_often_they_ask(three: list[PostgresStore]) -> None:
    first = await audits(three)
    assert sum(first) == 1
    for _ in range(3):
        assert await audits(three[::-1]) == first[::-1]


async def test_the_duty_of_a_process_that_ends_in_order_falls_to_another(three: list[PostgresStore]) -> None:
    assert [await store.survey.acquire_auditor_role() for store in three] == [True, False, False]
    await three[0].close()
    assert sum(await audits(three[1:])) == 1


async def test_the_duty_of_a_process_with_an_expired_lease_falls_to_another_and_stays_there(
    three: list[PostgresStore], postgres_stores: PostgresStores
) -> None:
    assert await three[0].survey.acquire_auditor_role()
    forget(postgres_stores, 1)
    assert not await three[1].survey.acquire_auditor_role()
    await three[1].work.end_lost_processes()
    assert await three[1].survey.acquire_auditor_role()
    with pytest.raises(StoreLost):
        await three[0].survey.acquire_auditor_role()
    assert await audits(three[1:]) == [True, False]


async def test_a_process_that_has_the_database_for_itself_audits(postgres_stores: PostgresStores) -> None:
    store = postgres_stores.make()
    await store.open()
    assert await store.survey.acquire_auditor_role()
    assert len(sql(postgres_stores, "SELECT 1 FROM lease WHERE audits")) == 1


async def test_an_upgrade_waits_for_writers_before_it_locks_a_table(postgres_server: PostgresServer) -> None:
    stores = PostgresStores(postgres_server.new_database("upgraded"))
    await stores.make(is_alone=False).open()
    later = {1: "", 2: "ALTER TABLE effect ADD COLUMN later integer; ALTER TABLE execution ADD COLUMN later integer"}
    connection = await Connections(stores.address, 1, WRITER_OPTIONS).connect()
    with psycopg.connect(stores.address, options="-c search_path=looply -c lock_timeout=2s") as writer:
        writer.execute("SELECT hold_lease(1)")
        writer.execute("LOCK TABLE execution IN ROW EXCLUSIVE MODE")
        upgrading = asyncio.ensure_future(upgrade(connection, later))
        while not sql(stores, "SELECT 1 FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110 - no other sign
            await asyncio.sleep(0)
        # Were the upgrade to hold this table by now, each would wait for the other.
        writer.execute("LOCK TABLE effect IN ROW EXCLUSIVE MODE")
    await upgrading
    await connection.close()
    assert sql(stores, "SELECT max(n) FROM schema_version") == [(2,)]
    assert sql(stores, "SELECT count(later) FROM execution") == [(0,)]
    await stores.drop()
