"""Systems that are down or in maintenance: they are called no more, and what waits for them runs once when they are
back."""

from datetime import timedelta
from itertools import pairwise

import pytest

from kit.definitions import call, chain
from kit.driver import ORGANIZATION, Driver, watch_targets
from looply.definition import Workflow
from looply.engine.effects.outages import FAILURES_IN_A_ROW, BreakerSettings
from looply.engine.records.targets import Maintenance, TargetRow
from looply.errors import OperationError, Rejected, Timeout, Unavailable
from looply.execution.facts.events import IncidentOpened, StepParked, StepScheduled, StepUnknown
from looply.jsontext import Json
from looply.testing.world import HANG, Answer

SHOP = "https://shop.example:443"
RETRY: Json = {"max_attempts": 3, "interval": "PT1S"}
TICK = timedelta(milliseconds=500)


def calling(method: str = "POST", **beside: Json) -> Workflow:
    """Returns a workflow of one call of the shop."""
    return chain(call(method=method, retry=RETRY, **beside))


async def guarded(engine: Driver) -> list[TargetRow]:
    """Lets the engine find outages; returns the list to which its alarms are added."""
    engine.parts["breaker"] = BreakerSettings(drain_rate=5.0)
    await engine.restart()
    alarms: list[TargetRow] = []
    engine.shell.gate.on_outage = alarms.append
    return alarms


async def down(engine: Driver, count: int = 12) -> list[str]:
    """Lets the shop be down while executions call it; returns them when they wait."""
    engine.world.always("call_1", Unavailable("refused"))
    ids = [await engine.trigger(calling(), {"po": n}) for n in range(count)]
    await watch_targets(engine, timedelta(seconds=3), TICK)
    return ids


async def statuses(engine: Driver, ids: list[str]) -> set[str]:
    return {await engine.status(each) for each in ids}


class OutageStories:
    """A system that cannot be reached."""

    async def test_one_alarm_no_incident_and_each_call_once_when_the_system_is_back(self, engine: Driver) -> None:
        alarms = await guarded(engine)
        ids = await down(engine, 30)
        assert await statuses(engine, ids) == {"WAITING"}
        (row,) = engine.shell.gate.rows.all
        assert (row.target, row.state, [each.target for each in alarms]) == (SHOP, "OPEN", [SHOP])
        tried = len(engine.world.calls)
        await watch_targets(engine, timedelta(seconds=5), TICK)
        assert len(engine.world.calls) == tried
        engine.world.always("call_1", Answer())
        await watch_targets(engine, timedelta(seconds=30), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}
        answered = [each.execution_id for each in engine.world.calls if each.phase == "ANSWERED"]
        assert sorted(answered) == sorted(ids)
        assert len(alarms) == 1
        for each in ids:
            assert await engine.events(each, IncidentOpened) == []
        await watch_targets(engine, timedelta(seconds=60), TICK)
        assert engine.shell.gate.rows.all == ()

    async def test_an_execution_says_for_which_system_it_waits_and_why(self, engine: Driver) -> None:
        await guarded(engine)
        ids = await down(engine)
        ids.append(await engine.trigger(calling(), {"po": 99}))
        await watch_targets(engine, timedelta(seconds=3), TICK)
        state = await engine.state(ids[-1])
        (opened,) = state.open_steps.values()
        assert opened.parked is not None
        assert (opened.parked.target, state.current_state) == (SHOP, "call_1")
        assert "CONNECTION: refused" in opened.parked.reason
        (parked,) = await engine.events(ids[-1], StepParked)
        assert (parked.step, parked.attempt, parked.again) == ("call_1", 1, False)
        (listed,) = [each for each in await engine.newest() if each.head.execution_id == ids[-1]]
        assert listed.head.status == "WAITING"
        assert len(await engine.newest(statuses=("WAITING",))) == len(ids)

    async def test_an_attempt_that_queued_for_a_slot_when_its_system_went_down_waits_too(self, engine: Driver) -> None:
        await guarded(engine)
        engine.world.always("call_1", Unavailable("refused"))
        ids = await engine.together(*(engine.trigger(calling(), {"po": n}) for n in range(3 * engine.per_queue)))
        await watch_targets(engine, timedelta(seconds=3), timedelta(milliseconds=100))
        assert await statuses(engine, ids) == {"WAITING"}
        assert len(engine.world.calls) < len(ids)

    async def test_an_attempt_that_only_found_the_system_down_does_not_count(self, engine: Driver) -> None:
        await guarded(engine)
        engine.world.always("call_1", Unavailable("refused"))
        ids = [await engine.trigger(calling(), {"po": n}) for n in range(8)]
        await watch_targets(engine, timedelta(minutes=6), timedelta(seconds=2))
        # Four failures come before the system counts as down; probes of half an hour add none.
        attempts = [event.attempt for each in ids for event in await engine.events(each, StepScheduled)]
        assert max(attempts) <= 2
        assert await statuses(engine, ids) == {"WAITING"}
        probes = [event for each in ids for event in await engine.events(each, StepParked) if event.again]
        assert len(probes) >= 4

    async def test_probes_come_one_at_a_time_and_ever_later(self, engine: Driver) -> None:
        await guarded(engine)
        await down(engine)
        begun, seen = engine.clock.now(), len(engine.world.calls)
        instants = []
        while engine.clock.now() - begun < timedelta(seconds=160):
            await watch_targets(engine, TICK, TICK)
            instants += [(engine.clock.now() - begun).total_seconds()] * (len(engine.world.calls) - seen)
            seen = len(engine.world.calls)
        assert len(instants) == 4
        gaps = [later - earlier for earlier, later in pairwise(instants)]
        assert all(20 * 2**n <= gap <= 20 * 2**n + 2 for n, gap in enumerate(gaps)), gaps

    async def test_a_system_that_answers_503_is_down_too(self, engine: Driver) -> None:
        alarms = await guarded(engine)
        engine.world.always("call_1", Answer(status=503))
        ids = [await engine.trigger(calling("GET", fail_on=["5xx"]), {"po": n}) for n in range(8)]
        await watch_targets(engine, timedelta(seconds=30), TICK)
        assert await statuses(engine, ids) == {"WAITING"}
        assert len(alarms) == 1
        engine.world.always("call_1", Answer())
        await watch_targets(engine, timedelta(seconds=60), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}

    async def test_refusals_and_wrong_inputs_never_stop_a_system(self, engine: Driver) -> None:
        alarms = await guarded(engine)
        engine.world.always("call_1", Answer(status=422))
        ids = [await engine.trigger(calling(fail_on=["4xx"]), {"po": n}) for n in range(10)]
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await statuses(engine, ids) == {"FAILED"}
        assert (alarms, engine.shell.gate.rows.all) == ([], ())

    async def test_a_call_that_may_have_arrived_is_never_sent_again_by_itself(self, engine: Driver) -> None:
        await guarded(engine)
        engine.world.always("call_1", Timeout("no answer", sent=True))
        ids = [await engine.trigger(calling(), {"po": n}) for n in range(FAILURES_IN_A_ROW)]
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert [each.phase for each in engine.world.calls] == ["RAISED"] * len(ids)
        assert await statuses(engine, ids) == {"FAILED"}
        for each in ids:
            assert len(await engine.events(each, StepUnknown)) == 1
        late = await engine.trigger(calling(), {"po": 99})
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await engine.status(late) == "WAITING"
        assert len(engine.world.calls) == len(ids)

    async def test_other_systems_and_other_organizations_are_called_as_usual(self, engine: Driver) -> None:
        await guarded(engine)
        await down(engine)
        engine.world.always("call_1", Answer())
        other = await engine.trigger(chain(call("fine", url="https://fine.example/")), {"po": 1})
        theirs = await engine.trigger(calling(), {"po": 2}, organization_id="umbrella")
        await engine.settle()
        assert await engine.status(other) == "COMPLETED"
        assert await engine.status(theirs) == "COMPLETED"

    async def test_a_terminated_execution_is_not_called_for_when_the_system_is_back(self, engine: Driver) -> None:
        await guarded(engine)
        ids = await down(engine)
        await engine.terminate(ids[-1])
        engine.world.always("call_1", Answer())
        await watch_targets(engine, timedelta(seconds=40), TICK)
        assert await statuses(engine, ids[:-1]) == {"COMPLETED"}
        assert await engine.status(ids[-1]) == "TERMINATED"
        assert ids[-1] not in [each.execution_id for each in engine.world.calls if each.phase == "ANSWERED"]

    async def test_a_failure_while_it_is_drained_stops_the_system_again_without_another_alarm(
        self, engine: Driver
    ) -> None:
        alarms = await guarded(engine)
        ids = await down(engine, 30)
        engine.world.script("call_1", Answer(), Answer(), Unavailable("refused again"))
        await watch_targets(engine, timedelta(seconds=16), TICK)
        (row,) = engine.shell.gate.rows.all
        assert (row.state, row.reason) == ("OPEN", "CONNECTION: refused again")
        engine.world.always("call_1", Answer())
        await watch_targets(engine, timedelta(seconds=60), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}
        assert len(alarms) == 1

    async def test_the_rate_of_the_drain_is_held(self, engine: Driver) -> None:
        await guarded(engine)
        ids = await down(engine, 120)
        engine.world.always("call_1", Answer())
        while not engine.shell.gate.rows.all or engine.shell.gate.rows.all[0].state == "OPEN":
            await watch_targets(engine, TICK, TICK)
        seen, counts = len(engine.world.calls), []
        for _ in range(2):
            await watch_targets(engine, timedelta(seconds=9), timedelta(milliseconds=100))
            counts.append(len(engine.world.calls) - seen)
            await watch_targets(engine, timedelta(seconds=1), timedelta(milliseconds=100))
            seen = len(engine.world.calls)
        assert 0.8 * 45 <= counts[0] <= 1.2 * 45, counts
        assert counts[1] >= 0.8 * min(90, 120 - counts[0] - 10), counts
        await watch_targets(engine, timedelta(seconds=20), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}


class OutageAccidentStories:
    """A row that a dead process has left, and a connection that leads elsewhere."""

    async def test_after_a_crash_nothing_is_called_before_the_next_probe(self, engine: Driver) -> None:
        await guarded(engine)
        ids = await down(engine)
        tried = len(engine.world.calls)
        await engine.crash()
        await watch_targets(engine, timedelta(seconds=5), TICK)
        assert len(engine.world.calls) == tried
        assert await statuses(engine, ids) == {"WAITING"}
        engine.world.always("call_1", Answer())
        await watch_targets(engine, timedelta(seconds=40), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}

    async def test_a_probe_that_died_with_its_process_is_made_again(self, engine: Driver) -> None:
        await guarded(engine)
        engine.world.always("call_1", Unavailable("refused"))
        ids = [await engine.trigger(calling("GET"), {"po": n}) for n in range(12)]
        await watch_targets(engine, timedelta(seconds=3), TICK)
        engine.world.always("call_1", HANG)
        await watch_targets(engine, timedelta(seconds=10), TICK)
        assert len(engine.world.open_calls()) == 1
        await engine.crash()
        engine.world.always("call_1", Answer())
        await watch_targets(engine, timedelta(seconds=100), timedelta(seconds=1))
        assert "WAITING" in await statuses(engine, ids)
        await watch_targets(engine, timedelta(seconds=60), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}

    async def test_a_crash_in_the_middle_of_a_drain_sends_nothing_twice(self, engine: Driver) -> None:
        await guarded(engine)
        ids = await down(engine, 30)
        engine.world.always("call_1", Answer())
        await watch_targets(engine, timedelta(seconds=10), TICK)
        assert len(await statuses(engine, ids)) == 2
        await engine.crash()
        await watch_targets(engine, timedelta(seconds=40), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}
        answered = [each.execution_id for each in engine.world.calls if each.phase == "ANSWERED"]
        assert sorted(answered) == sorted(ids)

    async def test_a_connection_that_then_leads_to_another_system_lets_its_executions_go(self, engine: Driver) -> None:
        await guarded(engine)
        engine.world.connections.put("S4", {}, settings={"base_url": "https://old.example:443"})
        engine.world.always("call_1", Unavailable("refused"))
        ids = [await engine.trigger(calling(connection="S4"), {"po": n}) for n in range(12)]
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await statuses(engine, ids) == {"WAITING"}
        engine.world.connections.put("S4", {}, settings={"base_url": "https://new.example:443"})
        engine.world.always("call_1", Answer())
        await watch_targets(engine, timedelta(seconds=7), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}

    async def test_a_connection_is_looked_up_before_anything_is_called_after_a_crash(self, engine: Driver) -> None:
        await guarded(engine)
        engine.world.connections.put("S4", {}, settings={"base_url": "https://old.example:443"})
        engine.world.always("call_1", Unavailable("refused"))
        ids = [await engine.trigger(calling(connection="S4"), {"po": n}) for n in range(12)]
        await watch_targets(engine, timedelta(seconds=3), TICK)
        tried = len(engine.world.calls)
        await engine.crash()
        late = await engine.trigger(calling(connection="S4"), {"po": 99})
        await watch_targets(engine, timedelta(seconds=4), TICK)
        assert len(engine.world.calls) == tried
        assert await statuses(engine, [*ids, late]) == {"WAITING"}

    async def test_a_deleted_connection_fails_the_steps_that_waited_for_its_system(self, engine: Driver) -> None:
        await guarded(engine)
        engine.world.connections.put("S4", {}, settings={"base_url": "https://old.example:443"})
        engine.world.always("call_1", Unavailable("refused"))
        ids = [await engine.trigger(calling(connection="S4"), {"po": n}) for n in range(8)]
        await watch_targets(engine, timedelta(seconds=3), TICK)
        engine.world.connections.by_name.clear()
        await watch_targets(engine, timedelta(seconds=10), TICK)
        assert await statuses(engine, ids) == {"FAILED"}


def closed() -> OperationError:
    """Returns the error of a connection whose client certificate the shop does not accept."""
    error = Rejected("the shop did not accept the client certificate", code="TLS_CLIENT_CERTIFICATE")
    error.kind, error.is_of_connection = "down", True
    return error


def connect(engine: Driver, *names: str) -> None:
    """Stores connections to the shop."""
    for name in names:
        engine.world.connections.put(name, {}, settings={"base_url": SHOP})


async def through(engine: Driver, connection: str, count: int = 1) -> list[str]:
    """Triggers executions that call the shop through a connection, by a step of that name."""
    workflow = chain(call(connection, connection=connection, retry={**RETRY, "on": ["down", "connection"]}))
    return [await engine.trigger(workflow, {"po": n}) for n in range(count)]


class WayStories:
    """A connection that cannot reach a system which others reach: its certificate, its proxy, its token server."""

    async def test_a_fault_of_one_connection_stops_its_own_calls_alone(self, engine: Driver) -> None:
        alarms = await guarded(engine)
        connect(engine, "OLD", "NEW")
        engine.world.always("OLD", closed())
        ids = await through(engine, "OLD", 12)
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await statuses(engine, ids) == {"WAITING"}
        way = f"{SHOP} by connection OLD"
        assert [row.target for row in engine.shell.gate.rows.all] == [way]
        (report,) = await engine.shell.targets.list(ORGANIZATION)
        assert (report.row.target, report.waiting, [each.target for each in alarms]) == (way, 12, [way])
        (parked,) = await engine.events(ids[-1], StepParked)
        assert "client certificate" in parked.reason
        others = [*await through(engine, "NEW", 6), await engine.trigger(calling(), {"po": 1})]
        await watch_targets(engine, timedelta(seconds=1), TICK)
        assert await statuses(engine, others) == {"COMPLETED"}
        engine.world.always("OLD", Answer())
        await watch_targets(engine, timedelta(seconds=40), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}
        assert len(alarms) == 1
        await watch_targets(engine, timedelta(seconds=60), TICK)
        assert engine.shell.gate.rows.all == ()

    async def test_a_failure_of_the_system_is_not_one_of_the_connection_that_met_it(self, engine: Driver) -> None:
        alarms = await guarded(engine)
        connect(engine, "OLD", "NEW")
        engine.world.always("OLD", Unavailable("refused"))
        ids = await through(engine, "OLD", 8)
        await watch_targets(engine, timedelta(seconds=3), TICK)
        ids += await through(engine, "NEW", 2)
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await statuses(engine, ids) == {"WAITING"}
        assert [row.target for row in engine.shell.gate.rows.all] == [SHOP]
        assert [each.target for each in alarms] == [SHOP]

    async def test_a_closed_way_neither_takes_the_probes_of_its_system_nor_holds_up_its_return(
        self, engine: Driver
    ) -> None:
        await guarded(engine)
        connect(engine, "OLD", "NEW")
        engine.world.always("OLD", closed())
        barred = await through(engine, "OLD", 12)
        await watch_targets(engine, timedelta(seconds=3), TICK)
        engine.world.always("NEW", Unavailable("refused"))
        ids = await through(engine, "NEW", 12)
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert len(engine.shell.gate.rows.all) == 2
        seen = len(engine.world.calls_of("OLD"))
        engine.world.always("NEW", Answer())
        await watch_targets(engine, timedelta(seconds=40), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}
        assert await statuses(engine, barred) == {"WAITING"}
        assert len(engine.world.calls_of("OLD")) - seen <= 3
        engine.world.always("OLD", Answer())
        await watch_targets(engine, timedelta(seconds=120), TICK)
        assert await statuses(engine, barred) == {"COMPLETED"}

    async def test_a_closed_way_to_a_dead_system_is_tried_ever_more_rarely(self, engine: Driver) -> None:
        await guarded(engine)
        connect(engine, "OLD")
        engine.world.always("OLD", closed())
        ids = await through(engine, "OLD", 12)
        await watch_targets(engine, timedelta(seconds=3), TICK)
        seen = len(engine.world.calls)
        engine.world.always("OLD", Unavailable("refused"))
        await watch_targets(engine, timedelta(seconds=160), TICK)
        assert 2 <= len(engine.world.calls) - seen <= 8
        assert await statuses(engine, ids) == {"WAITING"}
        # What only found the system down counts no more than what found the way closed.
        attempts = [event.attempt for each in ids for event in await engine.events(each, StepScheduled)]
        assert max(attempts) <= 2
        engine.world.always("OLD", Answer())
        await watch_targets(engine, timedelta(minutes=6), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}

    async def test_in_a_maintenance_of_the_system_a_closed_way_is_not_tried_either(self, engine: Driver) -> None:
        await guarded(engine)
        connect(engine, "OLD")
        engine.world.always("OLD", closed())
        await through(engine, "OLD", 12)
        await watch_targets(engine, timedelta(seconds=3), TICK)
        now, seen = engine.clock.now(), len(engine.world.calls)
        window = Maintenance(begins_on=now, until=now + timedelta(minutes=10))
        await engine.shell.targets.pause(ORGANIZATION, SHOP, window)
        await watch_targets(engine, timedelta(minutes=3), timedelta(seconds=1))
        assert len(engine.world.calls) == seen

    async def test_after_a_crash_the_way_is_still_closed_and_others_are_open(self, engine: Driver) -> None:
        await guarded(engine)
        connect(engine, "OLD", "NEW")
        engine.world.always("OLD", closed())
        ids = await through(engine, "OLD", 12)
        await watch_targets(engine, timedelta(seconds=3), TICK)
        tried = len(engine.world.calls)
        await engine.crash()
        late = await through(engine, "OLD")
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await statuses(engine, [*ids, *late]) == {"WAITING"}
        assert len(engine.world.calls) == tried
        others = await through(engine, "NEW", 3)
        await watch_targets(engine, timedelta(seconds=2), TICK)
        assert await statuses(engine, others) == {"COMPLETED"}

    async def test_a_call_by_a_url_that_is_not_trusted_fails_and_stops_no_other_call(self, engine: Driver) -> None:
        alarms = await guarded(engine)
        engine.world.always("call_1", closed())
        ids = [await engine.trigger(calling(), {"po": n}) for n in range(12)]
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await statuses(engine, ids) == {"FAILED"}
        assert (alarms, engine.shell.gate.rows.all) == ([], ())


class MaintenanceStories:
    """Times in which an operator lets a system alone."""

    async def test_executions_wait_for_the_end_of_a_maintenance_and_go_then(self, engine: Driver) -> None:
        now = engine.clock.now()
        window = Maintenance(begins_on=now, until=now + timedelta(minutes=5), reason="an upgrade", by="ann")
        await engine.shell.targets.pause(ORGANIZATION, SHOP, window)
        ids = [await engine.trigger(calling(), {"po": n}) for n in range(8)]
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await statuses(engine, ids) == {"WAITING"}
        assert engine.world.calls == []
        (parked,) = await engine.events(ids[0], StepParked)
        assert "an upgrade" in parked.reason
        (report,) = await engine.shell.targets.list(ORGANIZATION)
        assert (report.row.maintenance, report.waiting) == (window, 8)
        await engine.crash()
        await watch_targets(engine, timedelta(minutes=4), timedelta(seconds=10))
        assert engine.world.calls == []
        await watch_targets(engine, timedelta(seconds=90), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}
        assert await engine.shell.targets.list(ORGANIZATION) == []

    async def test_a_maintenance_that_is_yet_to_come_stops_nothing(self, engine: Driver) -> None:
        now = engine.clock.now()
        window = Maintenance(begins_on=now + timedelta(minutes=1), until=now + timedelta(minutes=2))
        await engine.shell.targets.pause(ORGANIZATION, SHOP, window)
        early = await engine.trigger(calling(), {"po": 1})
        await engine.settle()
        assert await engine.status(early) == "COMPLETED"
        await watch_targets(engine, timedelta(seconds=70), timedelta(seconds=2))
        late = await engine.trigger(calling(), {"po": 2})
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await engine.status(late) == "WAITING"

    async def test_a_system_that_is_down_after_its_maintenance_is_an_outage_since_then(self, engine: Driver) -> None:
        alarms = await guarded(engine)
        until = engine.clock.now() + timedelta(minutes=5)
        await engine.shell.targets.pause(ORGANIZATION, SHOP, Maintenance(begins_on=engine.clock.now(), until=until))
        await down(engine, 8)
        await watch_targets(engine, timedelta(minutes=6), timedelta(seconds=2))
        (row,) = engine.shell.gate.rows.all
        assert (row.state, row.reason) == ("OPEN", "CONNECTION: refused")
        assert row.since >= until
        assert [(each.target, each.since) for each in alarms] == [(SHOP, row.since)]

    async def test_an_outage_from_before_a_maintenance_says_nothing_of_one_after_it(self, engine: Driver) -> None:
        alarms = await guarded(engine)
        ids = await down(engine, 8)
        begin = engine.clock.now() + timedelta(minutes=10)
        until = begin + timedelta(minutes=5)
        await engine.shell.targets.pause(ORGANIZATION, SHOP, Maintenance(begins_on=begin, until=until))
        engine.world.always("call_1", Answer())
        await watch_targets(engine, timedelta(minutes=11), timedelta(seconds=2))
        assert await statuses(engine, ids) == {"COMPLETED"}
        assert [(row.state, row.reason) for row in engine.shell.gate.rows.all] == [("CLOSED", "")]
        await down(engine, 8)
        await watch_targets(engine, timedelta(minutes=5), timedelta(seconds=2))
        (row,) = engine.shell.gate.rows.all
        assert [each.since for each in alarms[1:]] == [row.since]
        assert row.since >= until

    async def test_a_release_calls_the_system_as_usual_at_once(self, engine: Driver) -> None:
        await guarded(engine)
        ids = await down(engine, 30)
        engine.world.always("call_1", Answer())
        assert await engine.shell.targets.release(ORGANIZATION, SHOP)
        await watch_targets(engine, timedelta(seconds=3), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}
        assert not await engine.shell.targets.release(ORGANIZATION, SHOP)

    @pytest.mark.parametrize("rate", [1.0, 4.0])
    async def test_a_drain_at_a_fixed_rate_keeps_it(self, engine: Driver, rate: float) -> None:
        await guarded(engine)
        ids = await down(engine, 60)
        engine.world.always("call_1", Answer())
        seen = len(engine.world.calls)
        assert await engine.shell.targets.drain(ORGANIZATION, SHOP, rate) is not None
        await watch_targets(engine, timedelta(seconds=12), timedelta(milliseconds=100))
        assert 0.8 * 12 * rate <= len(engine.world.calls) - seen <= 1.2 * 12 * rate
        await watch_targets(engine, timedelta(seconds=60 / rate + 15), TICK)
        assert await statuses(engine, ids) == {"COMPLETED"}
        assert await engine.shell.targets.list(ORGANIZATION) == []
