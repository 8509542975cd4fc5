"""The dispatcher in the process: slots, lines, fairness, and its end."""

import asyncio
from datetime import timedelta

import pytest

from looply.engine.effects.in_process import InProcessDispatcher
from looply.engine.effects.targets import KnownTargets
from looply.engine.ports.dispatch import EffectRef
from looply.slots import Lane
from looply.testing.clock import fake_loop


class Desk:
    """Performs effects and keeps each until a test ends it."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, bool]] = []
        self.open: dict[int, asyncio.Future[None]] = {}

    async def perform(self, effect: EffectRef, is_running: bool) -> None:
        self.begun.append((effect.seq, is_running))
        self.open[effect.seq] = asyncio.get_running_loop().create_future()
        await self.open[effect.seq]

    async def end(self, seq: int) -> None:
        self.open.pop(seq).set_result(None)
        await fake_loop().quiet()


def lane(target: str = "q", owner: str = "acme") -> Lane:
    return Lane(owner, target)


def effect(seq: int, target: str = "q", owner: str = "acme") -> EffectRef:
    return EffectRef("execution", seq, lane(target, owner))


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_target_has_so_many_slots_and_gives_them_back(desk: Desk) -> None:
    dispatcher = InProcessDispatcher(per_queue=2)
    dispatcher.start(desk.perform)
    assert [dispatcher.reserve(lane()) for _ in range(3)] == [True, True, False]
    assert dispatcher.reserve(lane("another"))
    dispatcher.release(lane())
    assert dispatcher.reserve(lane())


async def test_all_targets_together_have_a_bound(desk: Desk) -> None:
    dispatcher = InProcessDispatcher(per_queue=2, total=6)
    dispatcher.start(desk.perform)
    assert [dispatcher.reserve(lane(target)) for target in ("a", "a", "b", "c")] == [True, True, True, False]


async def test_an_effect_that_is_offered_again_is_queued_once(desk: Desk) -> None:
    dispatcher = InProcessDispatcher(per_queue=1)
    for _ in range(3):
        dispatcher.offer(effect(1))
    dispatcher.start(desk.perform)
    await fake_loop().quiet()
    for _ in range(2):
        dispatcher.offer(effect(2))
    await desk.end(1)
    await desk.end(2)
    assert [seq for seq, _ in desk.begun] == [1, 2]
    # What has left the line may stand in it again.
    dispatcher.offer(effect(1))
    await fake_loop().quiet()
    await desk.end(1)
    assert [seq for seq, _ in desk.begun] == [1, 2, 1]


async def test_nothing_is_reserved_before_the_start_and_what_was_offered_runs_at_it(desk: Desk) -> None:
    dispatcher = InProcessDispatcher()
    assert not dispatcher.reserve(lane())
    dispatcher.offer(effect(1))
    await fake_loop().quiet()
    assert desk.begun == []
    dispatcher.start(desk.perform)
    await fake_loop().quiet()
    assert desk.begun == [(1, False)]
    await desk.end(1)


async def test_no_effect_overtakes_a_queue(desk: Desk) -> None:
    dispatcher = InProcessDispatcher(per_queue=1)
    dispatcher.start(desk.perform)
    for seq in (1, 2, 3):
        dispatcher.offer(effect(seq))
    await fake_loop().quiet()
    assert not dispatcher.reserve(lane())
    await desk.end(1)
    assert not dispatcher.reserve(lane())
    await desk.end(2)
    await desk.end(3)
    assert [seq for seq, _ in desk.begun] == [1, 2, 3]
    assert dispatcher.reserve(lane())


async def test_a_long_queue_of_one_target_does_not_starve_another(desk: Desk) -> None:
    dispatcher = InProcessDispatcher(per_queue=5, total=4)
    dispatcher.start(desk.perform)
    for seq in range(6):
        dispatcher.offer(effect(seq, "busy"))
    dispatcher.offer(effect(10, "quiet"))
    await fake_loop().quiet()
    await desk.end(0)
    await desk.end(1)
    assert [seq for seq, _ in desk.begun] == [0, 1, 10, 2]
    while desk.open:
        await desk.end(min(desk.open))
    assert len(desk.begun) == 7


async def test_a_launched_effect_is_said_to_run_already(desk: Desk) -> None:
    dispatcher = InProcessDispatcher()
    dispatcher.start(desk.perform)
    assert dispatcher.reserve(lane())
    dispatcher.launch(effect(1))
    await fake_loop().quiet()
    assert desk.begun == [(1, True)]
    await desk.end(1)


async def test_the_stop_waits_for_what_runs_and_starts_nothing(desk: Desk) -> None:
    dispatcher = InProcessDispatcher(per_queue=1)
    dispatcher.start(desk.perform)
    dispatcher.offer(effect(1))
    dispatcher.offer(effect(2))
    await fake_loop().quiet()
    stopping = asyncio.create_task(dispatcher.stop(timedelta(seconds=25)))
    await fake_loop().quiet()
    assert not stopping.done()
    assert not dispatcher.reserve(lane("another"))
    dispatcher.offer(effect(3))
    await desk.end(1)
    await stopping
    assert [seq for seq, _ in desk.begun] == [1]


async def test_the_stop_waits_for_an_effect_whose_unit_is_being_stored(desk: Desk) -> None:
    dispatcher = InProcessDispatcher()
    dispatcher.start(desk.perform)
    assert dispatcher.reserve(lane())
    stopping = asyncio.create_task(dispatcher.stop(timedelta(seconds=25)))
    await fake_loop().quiet()
    assert not stopping.done()
    dispatcher.launch(effect(1))
    await fake_loop().quiet()
    await desk.end(1)
    await stopping
    assert desk.begun == [(1, True)]


async def test_what_lasts_longer_than_the_drain_is_abandoned(desk: Desk) -> None:
    dispatcher = InProcessDispatcher()
    dispatcher.start(desk.perform)
    dispatcher.offer(effect(1))
    await fake_loop().quiet()
    stopping = asyncio.create_task(dispatcher.stop(timedelta(seconds=25)))
    await fake_loop().quiet()
    fake_loop().clock.advance(timedelta(seconds=25))
    await stopping
    assert desk.open[1].cancelled()
    await dispatcher.stop(timedelta(0))


async def test_a_unit_that_is_stored_after_the_stop_launches_nothing(desk: Desk) -> None:
    dispatcher = InProcessDispatcher()
    dispatcher.start(desk.perform)
    assert dispatcher.reserve(lane())
    await dispatcher.stop(timedelta(0))
    dispatcher.launch(effect(1))
    await fake_loop().quiet()
    assert desk.begun == []


async def test_lanes_that_lead_to_one_system_share_its_slots(desk: Desk) -> None:
    targets = KnownTargets(lambda _kind, settings: str(settings["base_url"]))
    for name in ("S4", "S4_TOO"):
        targets.learn(lane(f"sap.odata {name}"), "sap", {"base_url": "https://s4:443"})
    dispatcher = InProcessDispatcher(per_queue=2, targets=targets)
    dispatcher.start(desk.perform)
    names = ("sap.odata S4", "sap.odata S4_TOO", "http.request https://s4:443", "http.request https://other:443")
    assert [dispatcher.reserve(lane(name)) for name in names] == [True, True, False, True]
    dispatcher.release(lane("sap.odata S4_TOO"))
    assert dispatcher.reserve(lane("http.request https://s4:443"))


async def test_a_lane_that_then_leads_to_another_system_releases_the_slot_that_it_took(desk: Desk) -> None:
    targets = KnownTargets(lambda _kind, settings: str(settings["base_url"]))
    dispatcher = InProcessDispatcher(per_queue=1, targets=targets)
    dispatcher.start(desk.perform)
    assert dispatcher.reserve(lane("sap.odata S4"))
    dispatcher.offer(effect(2, "sap.odata S4"))
    targets.learn(lane("sap.odata S4"), "sap", {"base_url": "https://new:443"})
    assert dispatcher.reserve(lane("http.request https://new:443"))
    dispatcher.release(lane("sap.odata S4"))
    await fake_loop().quiet()
    assert desk.begun == [(2, False)]
    await desk.end(2)
    dispatcher.release(lane("http.request https://new:443"))
    assert dispatcher.reserve(lane("sap.odata S4"))
