"""Figures: counters and roll-ups of real executions, whatever process folds them and whichever ends."""

from collections import Counter
from datetime import timedelta

from structlog.testing import capture_logs

from contract.engine.upkeep.auditing import auditor_of
from contract.engine.upkeep.proofs import plant
from kit.definitions import approval, asking, call, card, chain, computing, delaying
from kit.driver import ORGANIZATION, Driver, id_of
from looply.engine.ports.store import WorkChange
from looply.engine.records.figures.figures import RollUp
from looply.engine.upkeep.figure_folder import SLICE, FigureFolder
from looply.execution.facts.commands import Redrive
from looply.execution.facts.events import (
    Event,
    ExecutionClosed,
    ExecutionStarted,
    IncidentOpened,
    Resumed,
    StepFailed,
    StepScheduled,
    StepSucceeded,
    StepUnknown,
    WaitTimedOut,
)
from looply.testing.clock import START_TIME
from looply.testing.world import Answer

DAY = timedelta(days=1)
RETRYING = chain(call(fail_on=["5xx"], retry={"max_attempts": 2, "interval": "PT1M"}))


async def counts(engine: Driver, *workflow_ids: str) -> dict[str, int]:
    """Folds everything and returns the counters."""
    while await engine.store.figures.fold(SLICE):
        pass
    return dict((await engine.store.figures.counts(ORGANIZATION, workflow_ids)).totals)


async def rollup(engine: Driver, step: str = "") -> RollUp:
    """Returns the sum of the days of a story, of executions or of one step."""
    await counts(engine)
    span = (START_TIME - DAY, engine.clock.now() + DAY)
    total = RollUp()
    for row in (await engine.store.figures.rollups(ORGANIZATION, "day", span, (), None)).rows:
        if row.step == step:
            total.add(row.rollup)
    return total


def counted(events: list[Event]) -> Counter[tuple[str, str]]:
    """Returns how often the histories say what roll-ups count, by step (empty: of executions) and name."""
    found = Counter[tuple[str, str]]()
    for event in events:
        match event:
            case ExecutionStarted():
                found["", "started"] += 1
            case ExecutionClosed():
                found["", event.status.lower()] += 1
            case IncidentOpened():
                found["", "failed"] += 1
            case StepSucceeded() | Resumed() | WaitTimedOut():
                found[event.step, "ended"] += 1
                found[event.step, "timed_out"] += isinstance(event, WaitTimedOut)
            case StepFailed() | StepUnknown():
                found[event.step, "failed"] += 1
            case StepScheduled() if event.attempt > 1:
                found[event.step, "retried"] += 1
            case _:
                pass
    return +found


class FigureStories:
    """Counters that are moved by differences, and their proof."""

    async def test_roll_ups_are_what_a_count_of_all_histories_says(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=503), Answer(), Answer(status=503), Answer(status=503))
        retried = [await engine.trigger(RETRYING) for _ in range(2)]
        asked = [await engine.trigger(asking()) for _ in range(3)]
        others = [await engine.trigger(each) for each in (computing(), delaying(), chain(approval(timeout="PT2H")))]
        await engine.settle()
        await engine.store.figures.fold(2)
        await engine.crash()
        await engine.resume(asked[0])
        await engine.terminate(asked[1])
        await engine.advance(timedelta(hours=3))
        await engine.shell.submit(retried[1], Redrive(at=engine.clock.now(), by="operator"))
        await engine.settle()
        await engine.terminate(others[1])
        histories = [event for each in (*retried, *asked, *others) for event in await engine.events(each)]
        expected = counted(histories)
        found = Counter[tuple[str, str]]()
        for step in {"", *(step for step, _ in expected)}:
            total = await rollup(engine, step)
            for name in ("started", "completed", "failed", "terminated", "ended", "retried", "timed_out"):
                found[step, name] += getattr(total, name)
        assert +found == expected
        assert expected["call_1", "retried"] > 0

    async def test_what_is_open_is_counted_by_status(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=500))
        waiting = [await engine.trigger(asking()) for _ in range(3)]
        await engine.trigger(computing())
        await engine.trigger(delaying())
        failed = await engine.trigger(chain(call(fail_on=["5xx"])))
        await engine.trigger(chain(card(recipients=["ann@example.com", "bob@example.com"])))
        await engine.settle()
        assert await engine.status(failed) == "FAILED"
        assert await counts(engine) == {"W": 5, "F": 1, "i1": 1, "c": 2}
        assert await counts(engine, id_of(asking())) == {"W": 3}
        await engine.resume(waiting[0])
        await engine.terminate(waiting[1])
        await engine.shell.submit(failed, Redrive(at=engine.clock.now(), by="operator"))
        await engine.settle()
        assert await counts(engine) == {"W": 3, "c": 2}
        found = await rollup(engine)
        assert (found.started, found.completed, found.failed, found.terminated) == (7, 3, 1, 1)

    async def test_a_crash_loses_no_figure_and_counts_none_twice(self, engine: Driver) -> None:
        for _ in range(2):
            await engine.trigger(asking())
        await engine.store.figures.fold(1)
        await engine.crash()
        await engine.trigger(asking())
        await engine.crash()
        await engine.settle()
        assert await counts(engine) == {"W": 3}
        assert list(await engine.store.figures.find_drift()) == []

    async def test_steps_that_call_or_wait_are_measured(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=503), Answer())
        execution_id = await engine.trigger(RETRYING)
        await engine.settle()
        await engine.advance(timedelta(minutes=2))
        assert await engine.status(execution_id) == "COMPLETED"
        called = await rollup(engine, "call_1")
        assert (called.ended, called.failed, called.retried, called.count) == (1, 1, 1, 1)
        asked = await engine.trigger(chain(approval(timeout="PT2H")))
        await engine.advance(timedelta(hours=3))
        assert await engine.status(asked) == "COMPLETED"
        approved = await rollup(engine, "approval_1")
        assert (approved.ended, approved.timed_out, approved.is_approval) == (1, 1, True)
        took = approved.quantile(0.5)
        assert took is not None
        assert abs(took / 1000 - timedelta(hours=3).total_seconds()) < 3 * 3600 / 20

    async def test_the_folder_folds_slice_by_slice_and_drops_what_is_old(self, engine: Driver) -> None:
        folder = FigureFolder(engine.store.figures, engine.clock, 1.0)
        for _ in range(SLICE + 1):
            await engine.trigger(computing())
        assert await folder.round() < 1
        assert await folder.round() == 1
        assert (await rollup(engine)).completed == SLICE + 1
        engine.clock.advance(timedelta(days=500))
        await folder.round()
        assert (await rollup(engine)).completed == 0

    async def test_the_auditor_corrects_a_counter_that_differs(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(card()))
        auditor = auditor_of(engine)
        await auditor.round()
        assert auditor.findings is not None
        assert auditor.findings.corrected == 0
        (row,) = (await engine.store.reads.work_of(execution_id)).cards
        await plant(engine, execution_id, work=WorkChange(drop_cards=(row.card_id,)))
        assert [(each.name, each.missing) for each in await engine.store.figures.find_drift()] == [("c", -1)]
        with capture_logs() as logged:
            await auditor.count()
        assert auditor.findings.corrected == 1
        (said,) = [line for line in logged if line["event"] == "counters_differ"]
        assert (said["log_level"], said["count"]) == ("error", 1)
        assert await counts(engine) == {"W": 1}
        assert list(await engine.store.figures.find_drift()) == []
