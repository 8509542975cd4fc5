"""Turns of large bodies: one organization's large bodies leave the server to the others."""

import pytest
from server_kit import COMPUTING, Caller

from looply.app.context.services import Services
from looply.errors import QuotaReached
from looply.rates import HEAVY_BYTES, UNITS_PER_SECOND, WorkPace
from looply.server.http.body_turns import LONGEST_WAIT, BodyTurn, BodyTurns
from looply.testing.clock import FakeClock

RICH = b"[" + b"[]," * 49_990 + b"0]"
LARGE = b'{"text": "%s"}' % (b"x" * HEAVY_BYTES)


class Sleeps:
    """Records sleeps and takes no time for them."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)


def turns(clock: FakeClock, sleeps: Sleeps, *owners: str) -> BodyTurns:
    pace = WorkPace()
    for owner in owners:
        pace.note(owner, clock.monotonic())
    return BodyTurns(pace, clock, sleeps.sleep)


async def wait_for_all(turn: BodyTurn, count: int = 1000) -> None:
    for _ in range(count):
        await turn.wait(RICH)


async def test_each_large_body_waits_for_the_pauses_of_those_before_it_until_too_many_wait(clock: FakeClock) -> None:
    sleeps = Sleeps()
    with pytest.raises(QuotaReached) as caught:
        await wait_for_all(turns(clock, sleeps, "umbrella", "acme").of("umbrella"))
    pause = sleeps.seconds[0]
    assert pause > 0.3
    assert sleeps.seconds == pytest.approx([pause * number for number in range(1, len(sleeps.seconds) + 1)])
    assert sleeps.seconds[-1] <= LONGEST_WAIT < caught.value.retry_after.total_seconds()


async def test_the_large_bodies_of_another_organization_do_not_wait_behind_them(clock: FakeClock) -> None:
    sleeps = Sleeps()
    ours = turns(clock, sleeps, "umbrella", "acme")
    await wait_for_all(ours.of("umbrella"), 5)
    assert len(sleeps.seconds) == 4
    await ours.of("acme").wait(RICH)
    assert len(sleeps.seconds) == 4


async def test_an_organization_that_is_alone_never_waits(clock: FakeClock) -> None:
    sleeps = Sleeps()
    ours = turns(clock, sleeps, "umbrella")
    await wait_for_all(ours.of("umbrella"))
    assert not sleeps.seconds


async def test_too_many_large_bodies_are_answered_429_and_small_ones_of_anyone_run(
    mine: Caller, theirs: Caller, services: Services, clock: FakeClock
) -> None:
    ours, foreign = await mine.create(COMPUTING), await theirs.create(COMPUTING)
    services.pace.reserve(mine.organization_id, 7 * UNITS_PER_SECOND, clock.monotonic())
    refused = await mine.post(f"triggerworkflow/{ours}", content=LARGE)
    assert (refused.status_code, refused.json()["code"]) == (429, "QUOTA")
    assert refused.headers["retry-after"] == "7"
    assert "large bodies" in refused.json()["message"]
    assert (await mine.post(f"triggerworkflow/{ours}", content=b'{"small": true}')).status_code == 200
    assert (await theirs.post(f"triggerworkflow/{foreign}", content=LARGE)).status_code == 200
    assert len((await mine.get("searchExecutions")).json()["items"]) == 1


async def test_a_body_that_is_refused_for_its_values_is_paced_too(
    mine: Caller, theirs: Caller, services: Services
) -> None:
    ours = await mine.create(COMPUTING)
    await theirs.create(COMPUTING)
    answer = await mine.post(f"triggerworkflow/{ours}", content=b"[" + b"[]," * 300_000 + b"0]")
    assert answer.json()["code"] == "TOO_MANY_VALUES"
    assert services.pace.wait_seconds(mine.organization_id, services.clock.monotonic()) > 0.5
