"""What quotas know between two counts, and when they count."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from kit.definitions import asking
from kit.driver import ORGANIZATION, Driver
from looply.engine.processing.quotas import Quotas
from looply.engine.records.figures.survey import Usage
from looply.engine.upkeep.quota_meter import COUNT_SECONDS, MEASURE_SECONDS, QuotaMeter
from looply.errors import QuotaExhausted, StoreUnreachable
from looply.limits import Limits
from looply.testing.clock import FakeClock

MINE, THEIRS = "mine", "theirs"


class FakeSurvey:
    """A survey with fixed counts, which counts its calls. `slices` are the parts of one measurement."""

    def __init__(self) -> None:
        self.open: Mapping[str, int] = {}
        self.slices: list[Mapping[str, int]] = [{}]
        self.counts = 0
        self.measured = 0
        self.is_away = False

    async def acquire_auditor_role(self) -> bool:
        raise NotImplementedError

    async def count(self) -> object:
        raise NotImplementedError

    async def find_orphans(self, limit: int) -> list[str]:
        raise NotImplementedError

    async def open_counts(self) -> Mapping[str, int]:
        if self.is_away:
            raise StoreUnreachable("the store is away")
        self.counts += 1
        return self.open

    async def measure_bytes(self, after: str, limit: int) -> tuple[Mapping[str, int], str]:
        self.measured += 1
        number = int(after or 0)
        is_last = number + 1 == len(self.slices)
        return self.slices[number], "" if is_last else str(number + 1)


@pytest.fixture
def survey() -> FakeSurvey:
    return FakeSurvey()


@pytest.fixture
def quotas(survey: FakeSurvey) -> Quotas:
    return Quotas(survey, Limits(open_executions=3, stored_bytes=100))  # type: ignore[arg-type]


async def test_what_is_open_is_counted_once_before_the_first_start(survey: FakeSurvey, quotas: Quotas) -> None:
    survey.open = {MINE: 3}
    for _ in range(3):
        await quotas.wait_until_counted()
    assert survey.counts == 1
    with pytest.raises(QuotaExhausted):
        quotas.check(MINE)
    quotas.check(THEIRS)


async def test_while_the_store_is_down_the_first_start_fails_and_the_next_one_counts(
    survey: FakeSurvey, quotas: Quotas
) -> None:
    survey.is_away = True
    with pytest.raises(StoreUnreachable):
        await quotas.wait_until_counted()
    survey.is_away = False
    await quotas.wait_until_counted()
    assert survey.counts == 1


async def test_a_start_counts_from_its_beginning_until_it_has_failed(quotas: Quotas) -> None:
    await quotas.wait_until_counted()
    for _ in range(3):
        quotas.begin(MINE)
    with pytest.raises(QuotaExhausted):
        quotas.check(MINE)
    quotas.end(MINE)
    quotas.check(MINE)
    assert quotas.usage(MINE) == Usage(2, 0)


async def test_a_count_replaces_what_was_added_before_it(engine: Driver) -> None:
    quotas = engine.shell.quotas
    for n in range(3):
        await engine.trigger(asking(), {"n": n})
    assert quotas.usage(ORGANIZATION).open_executions == 3
    await quotas.count()
    assert quotas.usage(ORGANIZATION).open_executions == 3
    await engine.resume((await engine.newest())[0].head.execution_id)
    assert quotas.usage(ORGANIZATION).open_executions == 2


async def test_figures_of_bytes_are_new_when_the_last_slice_was_measured(survey: FakeSurvey, quotas: Quotas) -> None:
    survey.slices = [{MINE: 60}, {MINE: 60, THEIRS: 10}]
    assert not await quotas.measure_slice()
    assert quotas.usage(MINE).stored_bytes == 0
    assert await quotas.measure_slice()
    assert (quotas.usage(MINE).stored_bytes, quotas.usage(THEIRS).stored_bytes) == (120, 10)
    survey.slices = [{MINE: 50}]
    await quotas.measure()
    assert quotas.usage(MINE).stored_bytes == 50
    quotas.check(MINE)


async def test_reaching_and_leaving_a_quota_is_logged_once(survey: FakeSurvey, quotas: Quotas) -> None:
    survey.open, survey.slices = {MINE: 4}, [{THEIRS: 100}]
    with capture_logs() as logs:
        for _ in range(2):
            await quotas.count()
            await quotas.measure()
        assert set(quotas.list_reached()) == {(MINE, "open_executions"), (THEIRS, "stored_bytes")}
        survey.open = {}
        await quotas.count()
    logged = [(entry["event"], entry["organization_id"], entry["quota"]) for entry in logs]
    assert logged == [
        ("quota_reached", MINE, "open_executions"),
        ("quota_reached", THEIRS, "stored_bytes"),
        ("quota_left", MINE, "open_executions"),
    ]
    assert (logs[0]["used"], logs[0]["limit"]) == (4, 3)


class TestMeter:
    """The loop counts and measures at intervals."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    async def test_the_first_measurement_is_made_at_once_slice_by_slice(
        self, survey: FakeSurvey, quotas: Quotas, clock: FakeClock
    ) -> None:
        survey.slices = [{MINE: 40}] * 3
        meter = QuotaMeter(quotas, clock)
        rests = [await meter.round() for _ in range(3)]
        assert rests == [0.0, 0.0, COUNT_SECONDS]
        assert (survey.counts, survey.measured) == (1, 3)
        assert quotas.usage(MINE).stored_bytes == 120

    async def test_it_counts_and_measures_again_after_a_while(
        self, survey: FakeSurvey, quotas: Quotas, clock: FakeClock
    ) -> None:
        meter = QuotaMeter(quotas, clock)
        passed = 0.0
        while passed < 2 * MEASURE_SECONDS:
            rest = await meter.round()
            clock.advance(timedelta(seconds=rest))
            passed += rest
        assert survey.counts == 2 * MEASURE_SECONDS / COUNT_SECONDS
        assert survey.measured == 2
