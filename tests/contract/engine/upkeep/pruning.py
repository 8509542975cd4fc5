"""What is past its time goes whole, and nothing goes that something open may still ask for."""

from datetime import timedelta
from typing import Any

import pytest

from contract.engine.callers.reads import paged
from contract.engine.callers.streams import numbers, read_feed
from contract.engine.people.approvals import asked
from contract.engine.people.copies import elsewhere, reconcile
from contract.engine.people.letters import unfit
from contract.engine.steps.children import CALLEE, calling_child, child_of, sub
from contract.engine.upkeep.auditing import audited
from contract.engine.upkeep.proofs import plant
from kit.definitions import asking, call, chain, computing, every, note, stop, wait
from kit.driver import ORGANIZATION, Driver, id_of
from looply.engine.ports.port import LedgerRow
from looply.engine.ports.store import TimerRow, WaitRow, Work, WorkChange
from looply.engine.records.letters import LetterFilter
from looply.engine.records.pruning import BEGIN, SLICE, RetentionFilter, Slice, plan
from looply.engine.upkeep.pruner import Pruner, prune_now
from looply.errors import LooplyError, NotFound, StoreFull
from looply.execution.facts.commands import Released, SettleLetter
from looply.jsontext import Json
from looply.testing.world import Answer

DAY = timedelta(days=1)
MONTH = 30 * DAY
LARGE: dict[str, Json] = {"text": "x" * 40_000}


async def aged(engine: Driver, span: timedelta = MONTH + DAY) -> str:
    """Lets time pass, and returns an execution that is stored then: what was stored last never goes."""
    await engine.advance(span)
    return await engine.trigger(asking())


async def pruned(engine: Driver, retention: timedelta | None = MONTH) -> Slice:
    """Goes round once where executions are kept so long whose workflow does not say it."""
    return await prune_now(engine.shell.pruning, plan(engine.clock.now(), retention))


async def pruned_by_hand(engine: Driver, ended_before: timedelta, *, is_dry: bool = False, **fields: Any) -> Slice:
    """Goes round once over all that ended so long ago, as an operator does. `fields` are those of `RetentionFilter`."""
    now = engine.clock.now()
    spent = RetentionFilter(now=now, ended_before=now - ended_before, overrides=True, **fields)
    return await prune_now(engine.shell.pruning, [spent], is_dry=is_dry)


async def stored(engine: Driver) -> list[str]:
    """Returns the ids of all executions, oldest first."""
    return (await paged(engine, 30))[::-1]


class PruneStories:
    """What goes, and what stays."""

    async def test_what_has_ended_long_ago_goes_and_what_is_young_or_open_stays(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=500))
        ended = [
            await engine.trigger(computing()),
            await engine.trigger(chain(stop())),
            await engine.trigger(asking()),
        ]
        await engine.terminate(ended[-1])
        waiting = await engine.trigger(asking())
        failed = await engine.trigger(chain(call(fail_on=["5xx"])))
        await engine.settle()
        assert [await engine.status(id_) for id_ in (*ended, failed)] == ["COMPLETED", "FAILED", "TERMINATED", "FAILED"]
        await engine.advance(MONTH)
        young = await engine.trigger(computing())
        last = await aged(engine, DAY)
        found = await pruned(engine)
        assert (found.executions, found.held, found.is_elsewhere) == (3, 0, False)
        assert found.size > 0
        assert await stored(engine) == [waiting, failed, young, last]
        for execution_id in ended:
            with pytest.raises(NotFound):
                await engine.shell.executions.get(execution_id)
            assert list(await engine.find(execution_id)) == []
        assert (await pruned(engine)).executions == 0
        assert await engine.resume(waiting) == Released()

    async def test_the_highest_id_stays_so_that_none_is_given_twice(self, engine: Driver) -> None:
        waiting = await engine.trigger(asking())
        highest = await engine.trigger(computing())
        await engine.advance(MONTH + DAY)
        # What is stored last is of the one with the lower id.
        await engine.resume(waiting)
        found = await pruned(engine)
        assert (found.executions, found.held) == (0, 1)
        assert await stored(engine) == [waiting, highest]
        await aged(engine)
        assert (await pruned(engine)).executions == 2

    async def test_an_incident_that_is_closed_lets_its_execution_go(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=500))
        failed = await engine.trigger(chain(call(fail_on=["5xx"])))
        await engine.settle()
        await aged(engine)
        assert (await pruned(engine)).executions == 0
        await engine.terminate(failed)
        await aged(engine)
        assert (await pruned(engine)).executions == 1

    async def test_the_version_that_ran_says_how_long_its_executions_are_kept(self, engine: Driver) -> None:
        brief = await engine.trigger(chain(note(), retention="P1D"))
        long = await engine.trigger(chain(note(), retention="P1Y"))
        default = await engine.trigger(chain(note("other")))
        last = await aged(engine, DAY - timedelta(milliseconds=1))
        assert (await pruned(engine)).executions == 0
        await engine.advance(timedelta(milliseconds=1))
        assert (await pruned(engine)).executions == 1
        assert await stored(engine) == [long, default, last]
        await engine.advance(2 * MONTH)
        assert (await pruned(engine, None)).executions == 0
        assert (await pruned(engine)).executions == 1
        assert await stored(engine) == [long, last]
        await engine.advance(12 * MONTH)
        assert (await pruned(engine, None)).executions == 1
        assert await stored(engine) == [last]
        assert brief not in await stored(engine)

    async def test_an_operator_prunes_by_age_and_by_workflow_and_counts_before(self, engine: Driver) -> None:
        kept = chain(note(), retention="P1Y")
        ids = [await engine.trigger(kept), await engine.trigger(computing())]
        last = await aged(engine)
        counted = await pruned_by_hand(engine, MONTH, is_dry=True)
        assert counted.executions == 2
        assert await stored(engine) == [*ids, last]
        assert (await pruned_by_hand(engine, 2 * MONTH)).executions == 0
        assert (await pruned_by_hand(engine, MONTH, workflow_id=CALLEE)).executions == 0
        found = await pruned_by_hand(engine, MONTH, workflow_id=id_of(kept))
        assert found.executions == 1
        assert await stored(engine) == [ids[1], last]
        rest = await pruned_by_hand(engine, MONTH)
        assert (rest.executions, found.size + rest.size) == (1, counted.size)

    async def test_more_than_a_slice_goes_slice_by_slice_over_a_crash(self, engine: Driver) -> None:
        ids = await engine.together(*(engine.trigger(computing(), {"n": n}) for n in range(SLICE + 20)))
        last = await aged(engine)
        spent = plan(engine.clock.now(), MONTH)[1]
        first = await engine.shell.pruning.prune(spent, BEGIN)
        assert (first.executions, first.after is not None) == (SLICE, True)
        await engine.crash()
        await engine.prove()
        assert await stored(engine) == [*sorted(ids)[SLICE:], last]
        assert (await pruned(engine)).executions == 20
        assert await stored(engine) == [last]

    async def test_on_a_full_disk_nothing_goes_and_it_goes_when_there_is_space(self, engine: Driver) -> None:
        await engine.trigger(computing())
        await aged(engine)
        engine.faults.is_full = True
        with pytest.raises(StoreFull):
            await pruned(engine)
        engine.faults.is_full = False
        assert (await pruned(engine)).executions == 1

    async def test_a_large_value_goes_with_the_last_execution_that_uses_it(self, engine: Driver) -> None:
        first = await engine.trigger(computing(), LARGE)
        await engine.advance(MONTH)
        second = await engine.trigger(computing(), LARGE)
        await aged(engine, DAY)
        assert (await pruned(engine)).executions == 1
        assert (await engine.state(second)).payload["text"] == LARGE["text"]
        assert len(await engine.store.journal.values_of(second)) == 1
        assert len(await engine.store.journal.values_of(first)) == 0
        await aged(engine)
        found = await pruned(engine)
        assert found.executions == 1
        assert found.size > 100
        again = await engine.trigger(computing(), LARGE)
        assert (await engine.state(again)).payload["text"] == LARGE["text"]

    async def test_nothing_of_it_is_found_any_more(self, engine: Driver) -> None:
        workflow = chain(note(), search_fields=["/payload/output/po"])
        body: dict[str, Json] = {"po": "a-text-of-its-own"}
        execution_id = await engine.trigger(workflow, body, process_id="PO-4711", key="key-4711")
        await aged(engine)
        assert (await pruned(engine)).executions == 1
        assert list(await engine.find("PO-4711")) == []
        for criteria in (
            {"fields": (("po", ("a-text-of-its-own",)),)},
            {"terms": ("PO-*",)},
            {"process_ids": ("*4711",)},
        ):
            assert list(await engine.newest(**criteria)) == []
        assert await engine.store.journal.find_key(ORGANIZATION, "key-4711", engine.clock.now()) is None
        assert dict(await engine.store.reads.tails([execution_id], 10)) in ({}, {execution_id: []})

    async def test_what_was_damaged_is_removed_too_and_not_reported_any_more(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking(), process_id="PO-1")
        (claim,) = await engine.store.reads.claims_of(execution_id)
        await engine.terminate(execution_id)
        wait_row = WaitRow(execution_id=execution_id, seq=99, step="wait_1", sources=("SAP",))
        timer = TimerRow(execution_id=execution_id, seq=99, due=engine.clock.now() + 90 * DAY, kind="WAIT")
        rows = Work(waits=(wait_row,), timers=(timer,), continues=True)
        await plant(engine, execution_id, work=WorkChange(put=rows), put_claim=claim)
        auditor = await audited(engine)
        assert list(auditor.damaged) == [execution_id]
        await aged(engine)
        assert (await pruned(engine)).executions == 1
        assert list(await engine.store.reads.dangling_rows()) == []
        await auditor.tick()
        assert auditor.damaged == {}
        await engine.prove()
        assert not (await engine.start(asking(), process_id="PO-1")).replayed

    async def test_a_round_of_the_pruner_ends_with_what_is_left(self, engine: Driver) -> None:
        await engine.together(*(engine.trigger(computing()) for _ in range(3)))
        last = await aged(engine)
        pruner = Pruner(engine.shell.pruning, engine.clock, MONTH)
        await prune_round(pruner)
        assert await stored(engine) == [last]

    async def test_a_round_that_failed_is_begun_again(self, engine: Driver) -> None:
        await engine.trigger(computing())
        last = await aged(engine)
        pruner = Pruner(engine.shell.pruning, engine.clock, MONTH)
        engine.faults.is_full = True
        with pytest.raises(StoreFull):
            await prune_round(pruner)
        engine.faults.is_full = False
        await prune_round(pruner)
        assert await stored(engine) == [last]


async def prune_round(pruner: Pruner) -> None:
    """Lets a pruner go round once."""
    for _ in range(100):
        if await pruner.tick():
            return
    raise AssertionError("the round does not end")


class HeldStories:
    """What is past its time and stays, because something may still ask for it."""

    async def test_neither_parent_nor_child_goes_while_the_other_one_is_open(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        left = await engine.trigger(chain(sub(wait=False), note()))
        await engine.deliver()
        child = await child_of(engine, left)
        engine.callees.put(CALLEE, computing())
        waiting = await engine.trigger(chain(sub(), wait()))
        await engine.deliver()
        ended = await child_of(engine, waiting)
        assert [await engine.status(id_) for id_ in (left, child, waiting, ended)] == [
            "COMPLETED",
            "WAITING",
            "WAITING",
            "COMPLETED",
        ]
        last = await aged(engine)
        assert (await pruned(engine)).held == 2
        assert await stored(engine) == sorted([left, child, waiting, ended, last])
        await engine.resume(child)
        await engine.resume(waiting)
        await aged(engine)
        assert (await pruned(engine)).executions == 4

    async def test_the_parent_of_a_child_with_an_incident_stays(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=500))
        engine.callees.put(CALLEE, chain(call(fail_on=["5xx"])))
        parent = await engine.trigger(chain(sub(wait=False), note()))
        await engine.deliver()
        assert await engine.status(await child_of(engine, parent)) == "FAILED"
        last = await aged(engine)
        found = await pruned(engine)
        assert (found.executions, found.held) == (0, 1)
        assert parent in await stored(engine)
        assert last in await stored(engine)

    async def test_what_is_on_its_way_holds_both_ends(self, engine: Driver) -> None:
        engine.callees.fails = [LooplyError("the catalog is away")] * 50
        parent = await engine.trigger(calling_child())
        await engine.terminate(parent)
        await aged(engine)
        assert (await pruned(engine)).held == 1
        engine.callees.fails = []
        engine.callees.put(CALLEE, computing())
        await engine.deliver()
        await aged(engine)
        assert (await pruned(engine)).executions >= 1
        assert parent not in await stored(engine)

    async def test_a_dead_letter_that_is_not_settled_holds_its_execution(self, engine: Driver) -> None:
        execution_id = await unfit(engine)
        await engine.terminate(execution_id)
        await aged(engine)
        assert (await pruned(engine)).held == 1
        (row,) = await engine.shell.letters.list(ORGANIZATION, LetterFilter(), None, 10)
        discard = SettleLetter(
            at=engine.clock.now(), by="operator", via="API", letter=row.seq, action="discard", reason="settled by phone"
        )
        await engine.shell.submit(execution_id, discard)
        await aged(engine, DAY)
        assert (await pruned(engine)).executions == 0
        await aged(engine)
        assert (await pruned(engine)).executions == 1
        assert list(await engine.shell.letters.list(ORGANIZATION, LetterFilter(), None, 10)) == []

    async def test_a_card_that_its_channel_must_still_close_holds_its_execution(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        execution_id = await asked(engine)
        await reconcile(engine)
        await engine.terminate(execution_id)
        await aged(engine)
        assert (await pruned(engine)).held == 1
        await reconcile(engine)
        assert {view.status for view in channel.seen.values()} == {"CLOSED"}
        assert (await pruned(engine)).executions == 1
        assert await engine.store.copies.count_stale() == 0

    async def test_a_key_is_known_for_its_day_and_then_goes_without_its_execution(self, engine: Driver) -> None:
        brief = chain(note(), retention="PT1H")
        first = await engine.start(brief, key="key-1")
        open_one = await engine.start(asking(), key="key-2")
        await aged(engine, DAY - timedelta(seconds=1))
        assert (await pruned(engine)).held == 1
        assert (await engine.start(brief, key="key-1")).replayed
        await engine.advance(timedelta(seconds=1))
        found = await pruned(engine)
        assert (found.executions, found.keys) == (1, 0)
        again = await engine.start(brief, key="key-1")
        assert (again.replayed, again.execution_id != first.execution_id) == (False, True)
        await aged(engine, DAY)
        kept = await pruned_by_hand(engine, MONTH)
        assert (kept.executions, kept.keys) == (0, 1)
        assert (await engine.start(asking(), key="key-2")).execution_id == open_one.execution_id
        assert again.execution_id in await stored(engine)

    async def test_what_was_stored_last_stays_so_that_positions_continue(self, engine: Driver) -> None:
        first = await engine.trigger(computing())
        last = await engine.trigger(computing())
        await engine.advance(MONTH + DAY)
        place = await engine.shell.feed.position()
        found = await pruned(engine)
        assert (found.executions, found.held) == (1, 1)
        assert await stored(engine) == [last]
        await engine.crash()
        newer = await engine.trigger(computing())
        assert numbers(await read_feed(engine, place), newer) != []
        assert first not in await stored(engine)


class PrunedPositionStories:
    """Lists, schedules and approvals beside what is pruned."""

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 30])
    async def test_pages_continue_while_executions_start_end_and_are_pruned_the_cursors_own_row_included(
        self, engine: Driver, limit: int
    ) -> None:
        there = [await engine.trigger(asking() if n % 3 else computing()) for n in range(24)]
        open_ids = [id_ for n, id_ in enumerate(there) if n % 3]
        staying = open_ids[:8]
        await engine.advance(MONTH)
        found: list[str] = []
        after = ""
        while page := await engine.newest(limit, after):
            found += [item.head.execution_id for item in page]
            after = found[-1]
            assert len(found) == len(set(found)), "a page repeats what an earlier one showed"
            # The cursor's own row ends and goes, and so do others before and behind it.
            if len(open_ids) > len(staying):
                await engine.resume(open_ids.pop())
            if after in open_ids and after not in staying:
                open_ids.remove(after)
                await engine.terminate(after)
            await engine.together(engine.trigger(computing()), engine.trigger(asking()))
            engine.clock.advance(timedelta(milliseconds=1))
            await pruned_by_hand(engine, timedelta(0))
            if after not in staying:
                with pytest.raises(NotFound):
                    await engine.shell.executions.get(after)
        assert [id_ for id_ in found if id_ in staying] == staying[::-1]
        assert set(found) <= set(there)
        assert not set(there[::3]) & set(await stored(engine))

    async def test_a_schedule_continues_and_fires_no_instant_again(self, engine: Driver) -> None:
        workflow = every("P10D")
        await engine.put_schedule(workflow)
        for _ in range(5):
            await engine.advance(10 * DAY)
        assert len(await stored(engine)) == 5
        before = await engine.schedule(workflow)
        assert (await pruned_by_hand(engine, 15 * DAY)).executions == 3
        ledger = list(await engine.shell.schedules.fires(id_of(workflow), None, 10))
        assert [bool(row.execution_id) for row in ledger] == [True, True, False, False]
        assert {row.outcome for row in ledger} == {"STARTED"}
        assert await engine.schedule(workflow) == before
        last = await aged(engine, timedelta(seconds=1))
        assert (await pruned_by_hand(engine, timedelta(0))).executions == 2
        after = await engine.schedule(workflow)
        assert (after.last, after.next, after.last_execution) == (before.last, before.next, "")
        await engine.tick()
        assert await stored(engine) == [last]
        await engine.advance(10 * DAY)
        assert len(await stored(engine)) == 2
        newest: LedgerRow = (await engine.shell.schedules.fires(id_of(workflow), None, 1))[0]
        assert newest.execution_id == (await stored(engine))[-1]

    async def test_a_start_that_must_not_overlap_starts_when_the_one_before_was_pruned(self, engine: Driver) -> None:
        workflow = every("P10D", wait(), overlap="skip")
        await engine.put_schedule(workflow)
        await engine.advance(10 * DAY)
        (first,) = await stored(engine)
        await engine.resume(first)
        last = await aged(engine, DAY)
        assert (await pruned_by_hand(engine, timedelta(0))).executions == 1
        await engine.advance(9 * DAY)
        assert len(await stored(engine)) == 2
        assert last in await stored(engine)

    async def test_a_late_call_finds_no_execution(self, engine: Driver) -> None:
        execution_id = await asked(engine)
        await engine.terminate(execution_id)
        await aged(engine)
        assert (await pruned(engine)).executions == 1
        for late in (engine.resume(execution_id), engine.terminate(execution_id)):
            with pytest.raises(NotFound):
                await late
        assert list(await engine.shell.executions.open_cards(ORGANIZATION)) == []
