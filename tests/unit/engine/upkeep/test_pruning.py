"""What goes in one slice, and how a round goes from slice to slice."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from looply.engine.records.pruning import (
    BEGIN,
    SLICE,
    SLICE_BYTES,
    Candidate,
    Cursor,
    RetentionFilter,
    Slice,
    plan,
    plan_removals,
)
from looply.engine.upkeep.pruner import Pruner, prune_now
from looply.errors import StoreUnreachable
from looply.testing.clock import START_TIME, FakeClock

DAY = timedelta(days=1)


def candidate(number: int, *, size: int = 1, is_expired: bool = True, is_held: bool = False) -> Candidate:
    return Candidate(number, f"{number:04}", 7, is_expired=is_expired, is_held=is_held, size=size)


class FakePruning:
    """Gives the slices of a script, and notes what it was asked for."""

    def __init__(self, *slices: Slice) -> None:
        self.slices = list(slices)
        self.asked: list[tuple[RetentionFilter, Cursor, bool]] = []
        self.decisions: list[Slice] = []
        self.dropped: list[tuple[datetime, Cursor, bool]] = []
        self.busy = 0
        self.released = 0
        self.fails = False

    async def is_busy(self) -> bool:
        self.busy -= 1
        return self.busy >= 0

    async def prune(self, spent: RetentionFilter, after: Cursor, *, is_dry: bool = False) -> Slice:
        if self.fails:
            raise StoreUnreachable("away")
        self.asked.append((spent, after, is_dry))
        return self.slices.pop(0) if self.slices else Slice()

    async def drop_keys(self, now: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        self.asked.append((RetentionFilter(now=now), after, is_dry))
        return Slice(keys=3)

    async def drop_decisions(self, before: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        self.dropped.append((before, after, is_dry))
        return self.decisions.pop(0) if self.decisions else Slice()

    async def release_space(self) -> bool:
        self.released += 1
        return self.released < 3

    async def last_pruned_position(self, organization_id: str) -> tuple[int, int]:
        raise AssertionError(f"a round asks for no place of {organization_id}")


def numbers(gone: Sequence[Candidate]) -> list[int]:
    return [each.due_ms for each in gone]


def test_a_slice_takes_what_has_expired_and_counts_what_is_held() -> None:
    found = [
        candidate(1),
        candidate(2, is_held=True),
        candidate(3, is_expired=False, is_held=True),
        candidate(4, size=9),
    ]
    choice = plan_removals(found, has_more=False)
    assert numbers(choice.removed) == [1, 4]
    assert choice.report == Slice(executions=2, size=10, held=1, after=None)


def test_a_slice_continues_after_the_last_row_that_it_read() -> None:
    choice = plan_removals([candidate(1), candidate(2, is_expired=False)], has_more=True)
    assert choice.report == Slice(executions=1, size=1, after=(2, "0002"))
    assert plan_removals([], has_more=False).report == Slice()


def test_a_slice_is_full_after_so_many_executions() -> None:
    choice = plan_removals((candidate(number) for number in range(SLICE + 5)), has_more=False)
    assert (len(choice.removed), choice.report.after) == (SLICE, (SLICE - 1, f"{SLICE - 1:04}"))


def test_a_slice_is_full_after_so_many_bytes_and_a_large_execution_goes_alone() -> None:
    large = [candidate(1, size=SLICE_BYTES - 1), candidate(2, size=2), candidate(3, size=2 * SLICE_BYTES), candidate(4)]
    assert numbers(plan_removals(large, has_more=False).removed) == [1]
    assert numbers(plan_removals(large[1:], has_more=False).removed) == [2]
    assert numbers(plan_removals(large[2:], has_more=False).removed) == [3]


def test_without_a_retention_of_the_installation_only_workflows_that_state_theirs_are_pruned() -> None:
    assert plan(START_TIME, None) == (RetentionFilter(now=START_TIME),)
    assert plan(START_TIME, DAY)[1] == RetentionFilter(now=START_TIME, ended_before=START_TIME - DAY)


async def test_a_round_continues_where_the_slice_before_ended_and_releases_space_at_its_end() -> None:
    pruning = FakePruning(Slice(executions=2, size=5, after=(4, "0004")), Slice(executions=1, size=1, held=1))
    result = await prune_now(pruning, [RetentionFilter(now=START_TIME)])
    assert result == Slice(executions=3, size=6, held=1, keys=3)
    assert [after for _, after, _ in pruning.asked] == [BEGIN, (4, "0004"), BEGIN]
    assert pruning.released == 3


async def test_a_rehearsal_gives_nothing_back() -> None:
    pruning = FakePruning(Slice(executions=2))
    assert (await prune_now(pruning, [RetentionFilter(now=START_TIME)], is_dry=True)).executions == 2
    assert [is_dry for _, _, is_dry in pruning.asked] == [True, True]
    assert pruning.released == 0


async def test_a_round_is_left_to_the_process_that_is_at_it() -> None:
    pruning = FakePruning(Slice(is_elsewhere=True))
    result = await prune_now(pruning, plan(START_TIME, DAY))
    assert result == Slice(is_elsewhere=True)
    assert len(pruning.asked) == 1


async def test_recorded_decisions_have_a_retention_of_their_own_or_stay() -> None:
    pruning = FakePruning()
    pruning.decisions = [Slice(decisions=2, after=(4, "0004")), Slice(decisions=1)]
    result = await prune_now(pruning, [RetentionFilter(now=START_TIME)], decided_before=START_TIME - DAY)
    assert result == Slice(keys=3, decisions=3)
    assert pruning.dropped == [(START_TIME - DAY, BEGIN, False), (START_TIME - DAY, (4, "0004"), False)]
    await prune_now(pruning, [RetentionFilter(now=START_TIME)])
    assert len(pruning.dropped) == 2


async def test_the_pruner_keeps_the_record_for_its_time_and_asks_for_nothing_where_it_is_kept_for_ever() -> None:
    pruning = FakePruning()
    for retention, dropped in ((None, []), (DAY, [(START_TIME - DAY, BEGIN, False)])):
        pruner = Pruner(pruning, FakeClock(START_TIME), None, retention)
        while not await pruner.tick():
            pass
        assert pruning.dropped == dropped


async def test_the_pruner_gives_way_while_others_wait_and_not_for_ever() -> None:
    pruning = FakePruning()
    pruning.busy = 4
    pruner = Pruner(pruning, FakeClock(), None)
    for _ in range(4):
        assert await pruner.round() < 1
    assert pruning.asked == []
    await pruner.round()
    assert len(pruning.asked) == 1
    pruning.busy = 1_000_000
    rounds = 0
    while len(pruning.asked) < 2:
        assert await pruner.round() < 1
        rounds += 1
    assert 10 < rounds < 1000


async def test_the_pruner_rests_after_a_round_and_begins_again_after_one_that_failed() -> None:
    pruning = FakePruning()
    pruner = Pruner(pruning, FakeClock(), DAY)
    pauses = [await pruner.round() for _ in range(6)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > 1000
    pruning.fails = True
    with pytest.raises(StoreUnreachable):
        await pruner.round()
    pruning.fails = False
    pruning.asked.clear()
    await pruner.round()
    assert pruning.asked[0][1] == BEGIN
