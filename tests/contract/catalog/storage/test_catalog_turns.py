"""The critical section of changes of more than the catalog: one caller at a time, across processes."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import looply
from kit.catalog import Opened
from looply.catalog import Catalog
from looply.errors import ShuttingDown

_HOLDER = """
import sys
from looply.catalog.storage.postgres import PostgresDatabase

release = PostgresDatabase(sys.argv[1]).acquire_lock()
print("held", flush=True)
sys.stdin.read()
"""


class Room:
    """Records how many callers were inside at once."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.visits = 0

    async def visit(self, catalog: Catalog) -> None:
        async with catalog.database.exclusive():
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.visits += 1
            # Other callers get the chance to enter, too.
            await catalog.organizations.list_ids()
            self.inside -= 1


@pytest.fixture
def room() -> Room:
    return Room()


async def test_of_many_that_want_their_turn_one_has_it(catalog: Catalog, room: Room) -> None:
    await asyncio.gather(*(room.visit(catalog) for _ in range(16)))
    assert (room.most, room.visits) == (1, 16)


async def test_a_turn_that_failed_lets_the_next_one_come(catalog: Catalog, room: Room) -> None:
    with pytest.raises(ZeroDivisionError):
        async with catalog.database.exclusive():
            raise ZeroDivisionError
    await room.visit(catalog)
    assert room.visits == 1


async def test_processes_on_postgresql_take_turns_with_each_other(
    open_catalog: Opened, address: str, room: Room
) -> None:
    processes = [await open_catalog(address) for _ in range(4)]
    await asyncio.gather(*(room.visit(processes[number % 4]) for number in range(16)))
    assert (room.most, room.visits) == (1, 16)


async def test_a_caller_that_is_cancelled_while_waiting_leaves_no_lock_held(
    open_catalog: Opened, address: str, room: Room
) -> None:
    one, other = await open_catalog(address), await open_catalog(address)
    async with one.database.exclusive():
        waiting = asyncio.ensure_future(room.visit(other))
        while not await one.database.read(_is_waited_for):
            continue
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await room.visit(one)
    await room.visit(other)
    assert room.visits == 2


def _is_waited_for(connection):
    waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 0 AND classid = 1819242621 AND NOT granted"
    return connection.exec_driver_sql(waits).first() is not None


async def test_a_process_that_is_killed_in_its_turn_has_lost_it(open_catalog: Opened, address: str, room: Room) -> None:
    catalog = await open_catalog(address)
    environment = {**os.environ, "PYTHONPATH": str(Path(looply.__file__).parents[1])}
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _HOLDER, address), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    visit = asyncio.ensure_future(room.visit(catalog))
    while not await catalog.database.read(_is_waited_for):
        continue
    assert room.visits == 0
    holder.send_signal(signal.SIGKILL)
    await visit
    await holder.wait()
    assert room.visits == 1


async def test_a_closed_catalog_has_no_critical_section(open_catalog: Opened, address: str, room: Room) -> None:
    catalog = await open_catalog(address)
    await catalog.close()
    with pytest.raises(ShuttingDown):
        await room.visit(catalog)
