"""Several processes on one database under a test's hands, each with a clock of its own.

    processes = Processes(address)
    a, b, c = await processes.open(3)
    execution_id = await a.trigger(asking())
    assert await b.resume(execution_id) == Released()

Each is a whole engine (`Driver`). They share the database, the world that they call, and the true time; their own
clocks differ by seconds. `crash` ends one of them as a kill does, `pause` suspends one; `forget` lets its
lease run out, as half a minute does. Every story ends with `finish`, which proves what it left.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg

from kit.driver import Driver
from looply.clock import Clock
from looply.engine.postgres import PostgresStore
from looply.engine.postgres.database.connections import Connection
from looply.testing.clock import FakeClock, fake_loop
from looply.testing.world import World

SWEEP = timedelta(seconds=5)
SKEWS = (timedelta(seconds=-5), timedelta(0), timedelta(seconds=5), timedelta(seconds=2))


class SkewedClock:
    """The clock of a machine that is wrong by a span."""

    def __init__(self, true: FakeClock, span: timedelta) -> None:
        self._true = true
        self._span = span

    def now(self) -> datetime:
        """Returns what the machine takes for the time."""
        return self._true.now() + self._span

    def monotonic(self) -> float:
        """Returns seconds that never go back."""
        return self._true.monotonic() + self._span.total_seconds()


class TimedStore(PostgresStore):
    """A store on a database whose clock shows the true time of the test."""

    def __init__(self, address: str, clock: Clock, true: FakeClock) -> None:
        super().__init__(address, clock, is_alone=False, writers=4, readers=2)
        self._true = true

    async def database_now(self, connection: Connection) -> datetime:
        """Returns the true time."""
        return self._true.now()


class NumberedEntropy:
    """Chance that only counts, from another place in each process."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._count = 0

    def token(self, size: int) -> bytes:
        """Returns `size` bytes that no other caller gets."""
        self._count += 1
        return bytes((self._number,)) + self._count.to_bytes(size - 1, "big")


class Processes:
    """The processes of one database."""

    def __init__(self, address: str) -> None:
        self.true = fake_loop().clock
        self.world = World()
        self.living: list[Driver] = []
        self._gone: list[Driver] = []
        self._address = address
        self._count = 0

    async def open(self, count: int, **settings: Any) -> list[Driver]:
        """Opens so many more processes. `settings` are those of `Driver`.

        With `is_held` they store no unit, and recover what they find without waiting for the end of it. They share
        `channels` of cards, and know `callees`, workflows by their ids.
        """
        return [await self._one(dict(settings)) for _ in range(count)]

    async def settle(self) -> None:
        """Lets tasks run until nothing moves but for time, the world, or what the test holds."""
        while True:
            await fake_loop().quiet()
            moving = [each.faults for each in (*self.living, *self._gone) if not each.faults.is_idle]
            if not moving:
                return
            for faults in moving:
                await faults.idle()

    async def tick(self, *some: Driver) -> None:
        """Lets processes fire what is due, all at the same moment, and everything that follows happen."""
        await asyncio.gather(*(each.pump.tick() for each in some or self.living))
        await self.settle()

    async def advance(self, span: timedelta, *some: Driver) -> None:
        """Lets time pass in all processes, and some of them, or all, fire what it brings."""
        self.true.advance(span)
        await self.settle()
        await self.tick(*some)

    async def crash(self, process: Driver, *, is_forgotten: bool = True) -> None:
        """Kills a process: nothing is drained, its callers get no answer. Then its lease runs out."""
        await process.faults.idle()
        process.faults.is_dead = True
        process.faults.let_go()
        await self._leave(process)
        await process.store.inner.abandon()
        await process.shell.dispatcher.stop(timedelta(0))
        if is_forgotten:
            self.forget(process)

    async def pause(self, process: Driver) -> None:
        """Pauses a process for so long that its lease runs out."""
        await self._leave(process)
        process.store.inner._upkeep.stop()
        self.forget(process)

    def forget(self, process: Driver) -> None:
        """Lets half a minute pass in which one process did not renew its lease, and all other live ones did."""
        self.hear(but=process)
        self.sql("UPDATE lease SET seen = seen - interval '31 s' WHERE epoch = %s", process.boot.epoch)

    def hear(self, *, but: Driver | None = None) -> None:
        """Lets half a minute pass in which all live processes but one renewed their leases.

        In the tests' time no process renews a lease. However long a test takes by the clock of the database, that must
        not expire a lease.
        """
        # One that is held may not have its lease yet.
        renewed = [each.boot.epoch for each in self.living if each is not but and hasattr(each, "boot")]
        self.sql("UPDATE lease SET since = since - interval '31 s'")
        self.sql("UPDATE lease SET seen = clock_timestamp() WHERE epoch = ANY (%s)", renewed)

    def sql(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Runs a statement on the database."""
        with psycopg.connect(self._address, options="-c search_path=looply", autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), arguments)
            return cursor.fetchall() if cursor.description is not None else []

    async def finish(self) -> None:
        """Proves what the story left, from the side of each process, and ends them."""
        for each in self.living:
            each.faults.let_go()
        await self.settle()
        for each in self.living:
            await each.prove()
        for each in self.living:
            await each.stop(timedelta(0))
        for each in self._gone:
            await each.store.inner.abandon()

    async def together(self, *actions: Coroutine[Any, Any, Any]) -> Sequence[Any]:
        """Lets several callers act at the same moment and returns what each got, errors included."""
        return await asyncio.gather(*actions, return_exceptions=True)

    async def _leave(self, process: Driver) -> None:
        self.living.remove(process)
        self._gone.append(process)

    async def _one(self, settings: dict[str, Any]) -> Driver:
        number, self._count = self._count, self._count + 1
        machine = SkewedClock(self.true, SKEWS[number % len(SKEWS)])

        def open_store() -> TimedStore:
            store = TimedStore(self._address, machine, self.true)
            # What the process goes by is the clock that its store has set right.
            process.clock = store.clock
            return store

        is_held = settings.pop("is_held", False)
        channels, callees = settings.pop("channels", {}), settings.pop("callees", {})
        process = Driver(open_store, **settings)
        process.channels = channels
        for workflow_id, workflow in callees.items():
            process.callees.put(workflow_id, workflow)
        process.world = self.world
        process.entropy = NumberedEntropy(number)
        if is_held:
            process.faults.hold()
            process.call(process.open())
        else:
            await process.open()
        self.living.append(process)
        return process
