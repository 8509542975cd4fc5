"""Installations side by side: none waits for a slow one, and none that pauses keeps others from their turn."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from structlog.testing import capture_logs

from looply.app.administration.installation_runner import AGAIN, InstallationRunner
from looply.app.administration.installations import CONNECTION
from looply.app.context.services import Services
from looply.app.messages.bots import Installed, NoBots
from looply.catalog.authored.bulks import MAX_RUNNING, PEOPLE, Bulk
from looply.errors import StoreLost
from looply.testing.clock import FakeClock

SECOND = timedelta(seconds=1)
PAUSE = timedelta(seconds=300)


class Bots(NoBots):
    """Bots of which those of `slow` connections do not answer until they may, and those of `limited` ask for a pause.
    What those of `broken` do raises an error of the store.

    `calls` has the connection of each call.
    """

    def __init__(self) -> None:
        self.slow, self.limited, self.broken = set[str](), set[str](), set[str]()
        self.may_answer = asyncio.Event()
        self.calls: list[str] = []

    async def install(self, *given: object) -> Sequence[Installed]:
        """Installs the app for all of the people, who are the last argument."""
        _, _, connection, people = given
        assert isinstance(connection, str)
        assert isinstance(people, Sequence)
        self.calls.append(connection)
        if connection in self.broken:
            raise StoreLost("the store cannot be reached")
        if connection in self.slow:
            await self.may_answer.wait()
        if connection in self.limited:
            return (Installed(outcome="later", code="HTTP_429", after=PAUSE),)
        return [Installed(outcome="installed") for _ in people]


def runner_of(services: Services, bots: Bots, holder: str = "first") -> InstallationRunner:
    return InstallationRunner(replace(services, bots=bots), holder)


async def organization(services: Services, name: str) -> tuple[str, str]:
    """Creates an organization and returns its id and that of its workspace."""
    organization_id, workspace_id, *_ = await services.catalog.organizations.create(name)
    return organization_id, workspace_id


async def begin(services: Services, owner: tuple[str, str], connection: str, people: int = 1) -> Bulk:
    criteria = {CONNECTION: connection, PEOPLE: [f"p{each}" for each in range(people)]}
    return await services.catalog.installations.start(owner, "install", criteria, {"rate": 1})


async def status(services: Services, bulk: Bulk) -> tuple[str, int]:
    found = await services.catalog.installations.get(bulk.organization_id, bulk.bulk_id)
    return found.status, found.done


async def test_a_slow_installation_holds_up_no_other(services: Services) -> None:
    bots = Bots()
    bots.slow.add("SLOW")
    runner = runner_of(services, bots)
    slow = await begin(services, await organization(services, "Slow"), "SLOW")
    quick = await begin(services, await organization(services, "Quick"), "QUICK", people=2)
    assert await runner.tick() == 2
    assert (await status(services, quick), await status(services, slow)) == (("RUNNING", 1), ("RUNNING", 0))
    assert await runner.tick() == 2
    assert (await status(services, quick), await status(services, slow)) == (("DONE", 2), ("RUNNING", 0))
    assert bots.calls.count("SLOW") == 1
    runner.stop()
    bots.may_answer.set()
    await runner.run()
    assert await status(services, slow) == ("DONE", 1), "a slice that has begun is ended before the process"


async def test_an_installation_that_fails_holds_up_no_other_and_continues_after_a_pause(
    services: Services, clock: FakeClock
) -> None:
    bots = Bots()
    bots.broken.add("BROKEN")
    runner = runner_of(services, bots)
    failing = await begin(services, await organization(services, "Failing"), "BROKEN")
    sound = await begin(services, await organization(services, "Sound"), "SOUND", people=2)
    with capture_logs() as logged:
        assert await runner.tick() == 2
    assert [(line["event"], line["bulk_id"]) for line in logged] == [("installation_held", failing.bulk_id)]
    assert (await status(services, sound), await status(services, failing)) == (("RUNNING", 1), ("RUNNING", 0))
    clock.advance(SECOND)
    await runner.tick()
    assert (await status(services, sound), bots.calls.count("BROKEN")) == (("DONE", 2), 1)
    bots.broken.clear()
    clock.advance(AGAIN)
    await runner.tick()
    assert await status(services, failing) == ("DONE", 1)


async def test_those_that_pause_keep_no_other_from_its_turn_and_no_process_asks_before(
    services: Services, clock: FakeClock
) -> None:
    bots = Bots()
    bots.limited.add("LIMITED")
    runner, second = runner_of(services, bots), runner_of(services, bots, "second")
    owners = [await organization(services, name) for name in ("One", "Two")]
    paused = [await begin(services, owner, "LIMITED") for owner in owners for _ in range(MAX_RUNNING)]
    other = await begin(services, await organization(services, "Three"), "FREE")
    await runner.tick()
    assert bots.calls == ["LIMITED"] * len(paused)
    clock.advance(SECOND)
    assert await runner.tick() == len(paused) + 1
    assert (await status(services, other), len(bots.calls)) == (("DONE", 1), len(paused) + 1)
    clock.advance(PAUSE - 2 * SECOND)
    assert await second.tick() == 0, "the lease lasts as long as the pause"
    bots.limited.clear()
    clock.advance(SECOND)
    assert await runner.tick() == len(paused)
    assert {await status(services, bulk) for bulk in paused} == {("DONE", 1)}


async def test_a_slice_that_another_process_has_taken_over_counts_once(services: Services, clock: FakeClock) -> None:
    bots = Bots()
    runner = runner_of(services, bots)
    bulk = await begin(services, await organization(services, "One"), "FREE")
    bots.slow.add("FREE")
    await runner.tick()
    clock.advance(timedelta(seconds=45))
    second = runner_of(services, Bots(), "second")
    await second.tick()
    assert await status(services, bulk) == ("DONE", 1)
    bots.may_answer.set()
    assert await runner.tick() == 1
    assert await status(services, bulk) == ("DONE", 1), "what another process has recorded counts once"
    assert await runner.tick() == 0
