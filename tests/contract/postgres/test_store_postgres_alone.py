"""What a process promises that has a PostgreSQL database to itself: its predecessor has ended, and no claim counts."""

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from contract.store.deliveries import sent
from contract.store.samples import Samples, effect, schedule, timer, working
from kit.servers.postgres_stores import PostgresStores
from looply.engine.postgres.database.ownership import RENEWAL_SECONDS
from looply.testing.clock import START_TIME, fake_loop


@pytest.fixture
def samples() -> Samples:
    return Samples()


def value(stores: PostgresStores, statement: str) -> Any:
    """Returns the one value of a statement on the database."""
    with psycopg.connect(stores.address, options="-c search_path=looply", autocommit=True) as connection:
        ((found,),) = connection.execute(statement.encode()).fetchall()
        return found


@pytest.mark.parametrize("was_alone", [True, False])
async def test_it_waits_neither_for_the_lease_nor_for_the_claims_of_a_process_that_was_killed(
    postgres_stores: PostgresStores, samples: Samples, was_alone: bool
) -> None:
    killed = postgres_stores.make(is_alone=was_alone)
    epoch = (await killed.open()).epoch
    target, sender = samples.first(), samples.first()
    effects = (effect(target.execution_id, 2, "RUNNING", epoch), effect(target.execution_id, 3))
    timers = (timer(target.execution_id, 4, START_TIME),)
    await killed.journal.commit(working(target, continues=True, effects=effects, timers=timers))
    await killed.journal.commit(replace(sender, sent=(sent(sender, target.execution_id),)))
    await killed.schedules.put(schedule(START_TIME))
    assert len(await killed.work.due_timers(START_TIME, 10)) == 1
    assert len(await killed.work.deliveries(10)) == 1
    assert len(await killed.schedules.due(START_TIME, 10)) == 1
    await killed.abandon()
    store = postgres_stores.make()
    startup = await store.open()
    assert target.execution_id in startup.suspects
    assert [row.seq for row in await store.work.find_lost_effects(startup.epoch, 10)] == [2]
    assert [row.seq for row in await store.work.find_queued_effects(("", 0), 10)] == [3]
    assert [row.seq for row in await store.work.due_timers(START_TIME, 10)] == [4]
    assert list(await store.work.continuations(10)) == [target.execution_id]
    assert [row.row.target for row in await store.work.deliveries(10)] == [target.execution_id]
    assert len(await store.schedules.due(START_TIME, 10)) == 1
    assert value(postgres_stores, "SELECT array_agg(epoch) FROM lease") == [startup.epoch]
    await store.close()


async def test_it_reads_due_rows_as_often_as_it_asks_for_them(
    postgres_stores: PostgresStores, samples: Samples
) -> None:
    store = postgres_stores.make()
    await store.open()
    unit = samples.first()
    await store.journal.commit(working(unit, timers=(timer(unit.execution_id, 2, START_TIME),)))
    assert [len(await store.work.due_timers(START_TIME, 10)) for _ in range(3)] == [1, 1, 1]
    assert value(postgres_stores, "SELECT bool_and(taken = '-infinity') FROM timer")
    assert await store.work.next_due() == START_TIME
    await store.close()


async def test_it_renews_its_lease_as_processes_do_that_share_the_database(postgres_stores: PostgresStores) -> None:
    store = postgres_stores.make()
    await store.open()
    begun = value(postgres_stores, "SELECT seen FROM lease")
    await fake_loop().quiet()
    fake_loop().clock.advance(timedelta(seconds=RENEWAL_SECONDS))
    while value(postgres_stores, "SELECT seen FROM lease") == begun:  # noqa: ASYNC110 - the database notifies no waiter
        await asyncio.sleep(0)
    await store.close()
    assert value(postgres_stores, "SELECT count(*) FROM lease") == 0
