"""Turns of large bodies: one organization's large bodies leave the server to the others."""

import pytest
from server_kit import COMPUTING, Caller

from looply.app.context.services import Services
from looply.errors import QuotaReached
from looply.limits import DEFAULT_LIMITS
from looply.rates import HEAVY_BYTES, UNITS_PER_SECOND, Turns
from looply.server.http.request_pace import MAX_WAIT_SECONDS
from looply.server.http.request_parsing import read_json
from looply.testing.clock import FakeClock

RICH = b"[" + b"[]," * 49_990 + b"0]"
LARGE = b'{"text": "%s"}' % (b"x" * HEAVY_BYTES)


class Sleeps:
    """Records sleeps and takes no time for them."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)


def turns(clock: FakeClock, sleeps: Sleeps, *owners: str) -> Turns:
    shared = Turns(clock, sleep=sleeps.sleep)
    for owner in owners:
        shared.note(owner)
    return shared


async def receive() -> dict[str, object]:
    return {"type": "http.request", "body": RICH}


async def read(shared: Turns, owner: str, count: int = 1000) -> None:
    """Reads so many bodies rich in values, as fast as it may."""
    for _ in range(count):
        await read_json({"headers": []}, receive, DEFAULT_LIMITS, turns=(shared, owner))


async def test_each_large_body_waits_for_the_pauses_of_those_before_it_until_too_many_wait(clock: FakeClock) -> None:
    sleeps = Sleeps()
    with pytest.raises(QuotaReached) as caught:
        await read(turns(clock, sleeps, "umbrella", "acme"), "umbrella")
    pause = sleeps.seconds[0]
    assert pause > 0.3
    assert sleeps.seconds == pytest.approx([pause * number for number in range(1, len(sleeps.seconds) + 1)])
    assert sleeps.seconds[-1] <= MAX_WAIT_SECONDS < caught.value.retry_after.total_seconds()


async def test_the_large_bodies_of_another_organization_do_not_wait_behind_them(clock: FakeClock) -> None:
    sleeps = Sleeps()
    ours = turns(clock, sleeps, "umbrella", "acme")
    await read(ours, "umbrella", 5)
    assert len(sleeps.seconds) == 4
    await read(ours, "acme", 1)
    assert len(sleeps.seconds) == 4


async def test_an_organization_that_is_alone_never_waits(clock: FakeClock) -> None:
    sleeps = Sleeps()
    ours = turns(clock, sleeps, "umbrella")
    await read(ours, "umbrella", 20)
    assert not sleeps.seconds


async def test_too_many_large_bodies_are_answered_429_and_small_ones_of_anyone_run(
    mine: Caller, theirs: Caller, services: Services
) -> None:
    ours, foreign = await mine.create(COMPUTING), await theirs.create(COMPUTING)
    await services.turns.wait(mine.organization_id, 7 * UNITS_PER_SECOND)
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
    assert services.turns.wait_seconds(mine.organization_id) > 0.5
