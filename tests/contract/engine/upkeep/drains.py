"""What waits for a system, as a process sees it that has not called it, and while others read the rows of systems."""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from contract.engine.steps.outages import SHOP, TICK, calling, down, guarded, statuses
from kit.definitions import chain, datastore, note
from kit.driver import ORGANIZATION, Driver, watch_targets
from looply.connectors.port import ConnectionValues
from looply.engine.effects.held_effects import HeldEffects
from looply.engine.ports.store import Store
from looply.engine.records.targets import Maintenance
from looply.engine.upkeep.target_watch import UNREADABLE_FOR, TargetWatch
from looply.errors import StoreUnreachable, Unavailable
from looply.slots import Lane
from looply.testing.world import Answer


class Reread:
    """A store in which the rows of systems are read by a call while a watch counts what waits, `counted` times."""

    is_shared = False

    def __init__(self, engine: Driver) -> None:
        self.engine = engine
        self.targets = self
        self.counted = 0

    async def count_queued(self, organization_id: str) -> Sequence[tuple[Lane, int]]:
        self.counted += 1
        await self.engine.shell.targets.list(organization_id)
        return await self.engine.store.targets.count_queued(organization_id)


class Away(dict[str, ConnectionValues]):
    """The connections of a catalog that cannot be reached."""

    def __contains__(self, _name: object) -> bool:
        raise StoreUnreachable("the catalog is away")


async def planned(engine: Driver) -> None:
    """Plans a maintenance of the shop for tomorrow."""
    begin = engine.clock.now() + timedelta(days=1)
    window = Maintenance(begins_on=begin, until=begin + timedelta(hours=1))
    await engine.shell.targets.pause(ORGANIZATION, SHOP, window)


async def draining(engine: Driver) -> Reread:
    """Lets calls wait for a system until its drain is so old that it would end if nothing waited."""
    await guarded(engine)
    await down(engine, 200)
    engine.world.always("call_1", Answer())
    while engine.shell.gate.rows.all[0].state == "OPEN":
        await watch_targets(engine, TICK, TICK)
    engine.clock.advance(timedelta(seconds=11))
    return Reread(engine)


class DrainStories:
    """A drain lasts as long as anything waits."""

    async def test_a_process_that_has_called_nothing_yet_says_what_waits_for_the_system_of_a_connection(
        self, engine: Driver
    ) -> None:
        await guarded(engine)
        engine.world.connections.put("S4", {}, settings={"base_url": SHOP})
        engine.world.always("call_1", Unavailable("refused"))
        for n in range(12):
            await engine.trigger(calling(connection="S4"), {"po": n})
        await watch_targets(engine, timedelta(seconds=3), TICK)
        await engine.crash()
        (report,) = await engine.shell.targets.list(ORGANIZATION)
        assert (report.row.target, report.waiting) == (SHOP, 12)
        assert list((await engine.shell.targets.queues(ORGANIZATION, {SHOP})).values()) == [12]
        assert (await engine.shell.targets.count()).parked == 12

    async def test_a_drain_continues_although_the_rows_are_read_while_it_is_seen_what_waits(
        self, engine: Driver
    ) -> None:
        store = await draining(engine)
        gate = engine.shell.gate
        # As in a process where nothing is held: others do.
        own, gate.held = gate.held, HeldEffects()
        await TargetWatch(engine.shell, cast("Store", store), engine.clock).tick()
        (row,) = gate.rows.all
        assert (row.state, store.counted) == ("HALF", 1)
        gate.held = own

    async def test_a_process_that_holds_what_waits_does_not_count_it(self, engine: Driver) -> None:
        store = await draining(engine)
        watch = TargetWatch(engine.shell, cast("Store", store), engine.clock)
        for _ in range(3):
            await watch.tick()
            await engine.settle()
        (row,) = engine.shell.gate.rows.all
        assert engine.shell.gate.held.lanes
        assert (row.state, store.counted) == ("HALF", 0)

    async def test_operations_on_datastores_that_queued_run_although_a_maintenance_is_planned(
        self, engine: Driver
    ) -> None:
        await planned(engine)
        workflow = chain(datastore("merge", value={"seen": 1}), note())
        ids = await engine.together(*(engine.trigger(workflow, {"po": n}) for n in range(60)))
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}

    async def test_a_drain_at_a_fixed_rate_ends_although_a_connection_stays_unreadable(self, engine: Driver) -> None:
        await guarded(engine)
        engine.world.connections.put("S4", {}, settings={"base_url": SHOP})
        engine.world.always("call_1", Unavailable("refused"))
        for n in range(12):
            await engine.trigger(calling(connection="S4"), {"po": n})
        await watch_targets(engine, timedelta(seconds=3), TICK)
        await engine.crash()
        engine.world.connections.by_name = Away()
        await engine.shell.targets.drain(ORGANIZATION, SHOP, 1.0)
        await watch_targets(engine, UNREADABLE_FOR, TICK)
        assert [row.state for row in engine.shell.gate.rows.all] == ["HALF"]
        await watch_targets(engine, timedelta(seconds=15), TICK)
        assert engine.shell.gate.rows.all == ()
