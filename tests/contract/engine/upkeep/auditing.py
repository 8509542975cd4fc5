"""The auditor: rows that went missing behind the engine's back are found, and repaired where that is safe."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from msgspec.structs import replace

from contract.engine.people.letters import letters, unfit
from contract.engine.upkeep.proofs import plant, problems
from kit.definitions import asking, call, calling, card, chain, delaying, note
from kit.driver import Driver
from looply.definition import Workflow
from looply.engine.ports.store import Store, TimerRow, WaitRow, Work, WorkChange
from looply.engine.records.letters import LetterRow
from looply.engine.upkeep.auditor import SLICE, Auditor
from looply.execution.facts.commands import Released
from looply.testing.clock import START_TIME
from looply.testing.world import HANG, Answer

BROKEN = chain(call(fail_on=["5xx"]))
DEFINITIONS: Mapping[str, Workflow] = MappingProxyType(
    {"waits": asking(), "timers": delaying(), "cards": chain(card()), "incidents": BROKEN}
)


def auditor_of(engine: Driver, store: Store | None = None) -> Auditor:
    """Returns an auditor of the engine's store, or of another one."""
    return Auditor(engine.shell, store or engine.store, engine.clock, frozenset(engine.channels))


async def audited(engine: Driver) -> Auditor:
    """Lets an auditor go round once."""
    auditor = auditor_of(engine)
    while not await auditor.tick():
        pass
    await engine.settle()
    return auditor


def without(work: Work, kind: str) -> WorkChange:
    """Returns the change that takes away all rows of one kind."""
    gone: dict[str, Any] = {
        "effects": {"drop_effects": tuple(row.seq for row in work.effects)},
        "timers": {"drop_timers": tuple((row.due, row.seq) for row in work.timers)},
        "waits": {"drop_waits": tuple(row.seq for row in work.waits)},
        "incidents": {"drop_incidents": tuple(row.seq for row in work.incidents)},
        "cards": {"drop_cards": tuple(row.card_id for row in work.cards)},
    }
    return WorkChange(**gone[kind])


class AuditorStories:
    """What the auditor finds on its way round, and what it does about it."""

    @pytest.mark.parametrize("table", list(DEFINITIONS))
    async def test_a_row_that_went_missing_is_written_again(self, engine: Driver, table: str) -> None:
        engine.world.script("call_1", Answer(status=500))
        execution_id = await engine.trigger(DEFINITIONS[table])
        await engine.settle()
        before = await engine.store.reads.work_of(execution_id)
        assert getattr(before, table)
        await plant(engine, execution_id, work=without(before, table))
        assert "WORK" in await problems(engine, execution_id)
        auditor = await audited(engine)
        assert auditor.damaged == {}
        assert await engine.store.reads.work_of(execution_id) == before
        await engine.prove()

    async def test_a_wait_whose_row_was_gone_is_resumed_after_the_round(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        await plant(engine, execution_id, work=without(await engine.store.reads.work_of(execution_id), "waits"))
        await audited(engine)
        assert await engine.resume(execution_id) == Released()
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_timer_whose_row_was_gone_fires_after_the_round(self, engine: Driver) -> None:
        execution_id = await engine.trigger(delaying("PT1H"))
        await plant(engine, execution_id, work=without(await engine.store.reads.work_of(execution_id), "timers"))
        await engine.advance(timedelta(hours=2))
        assert await engine.status(execution_id) == "WAITING"
        await audited(engine)
        await engine.tick()
        assert await engine.status(execution_id) == "COMPLETED"

    @pytest.mark.parametrize(("method", "status"), [("GET", "COMPLETED"), ("POST", "FAILED")])
    async def test_a_call_whose_row_was_gone_counts_as_unknown(self, engine: Driver, method: str, status: str) -> None:
        engine.world.script("call_1", HANG, Answer())
        execution_id = await engine.trigger(calling(method))
        await engine.settle()
        await plant(engine, execution_id, work=without(await engine.store.reads.work_of(execution_id), "effects"))
        auditor = await audited(engine)
        assert auditor.damaged == {}
        assert await engine.status(execution_id) == status
        engine.world.open_calls()[0].release()
        await engine.settle()
        await engine.prove()

    async def test_rows_too_many_of_an_open_execution_go(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        extra = Work(
            timers=(TimerRow(execution_id=execution_id, seq=99, due=START_TIME + timedelta(days=9), kind="WAIT"),),
            waits=(WaitRow(execution_id=execution_id, seq=99, step="wait_1", sources=("SAP",)),),
            continues=True,
        )
        await plant(engine, execution_id, work=WorkChange(put=extra))
        assert (await audited(engine)).damaged == {}
        await engine.prove()

    async def test_a_claim_that_went_missing_is_put_again(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking(), process_id="PO-1")
        (claim,) = await engine.store.reads.claims_of(execution_id)
        await plant(engine, execution_id, drop_claim=claim)
        assert await problems(engine, execution_id) == {"CLAIM"}
        assert (await audited(engine)).damaged == {}
        assert list(await engine.store.reads.claims_of(execution_id)) == [claim]
        await engine.prove()

    async def test_a_head_that_differs_is_repaired(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        await plant(engine, execution_id, head={"current_state": "elsewhere"})
        assert await problems(engine, execution_id) == {"HEAD"}
        assert (await audited(engine)).damaged == {}
        await engine.prove()

    async def test_the_row_of_a_letter_is_written_as_the_history_says(self, engine: Driver) -> None:
        execution_id = await unfit(engine)
        (row,) = await letters(engine)
        await plant(engine, execution_id, letters=(_settled(row),))
        assert await problems(engine, execution_id) == {"LETTER"}
        assert (await audited(engine)).damaged == {}
        assert await letters(engine) == [row]

    async def test_rows_of_an_ended_execution_are_reported_and_left(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(note()))
        wait_row = WaitRow(execution_id=execution_id, seq=99, step="wait_1", sources=("SAP",))
        await plant(engine, execution_id, work=WorkChange(put=Work(waits=(wait_row,))))
        auditor = await audited(engine)
        assert list(auditor.damaged) == [execution_id]
        assert (await engine.store.reads.work_of(execution_id)).waits == (wait_row,)

    async def test_a_damaged_history_is_reported_once_and_harms_no_other_execution(self, engine: Driver) -> None:
        healthy = await engine.trigger(asking())
        execution_id = await engine.trigger(asking())
        await plant(engine, execution_id, data=b"garbage")
        auditor = await audited(engine)
        assert {problem["kind"] for problem in auditor.damaged[execution_id]} == {"UNREADABLE"}
        assert list(auditor.damaged) == [execution_id]
        assert await engine.resume(healthy) == Released()

    async def test_a_sound_store_is_left_as_it_is(self, engine: Driver) -> None:
        engine.world.always("call_1", HANG)
        for workflow in (*DEFINITIONS.values(), calling()):
            await engine.trigger(workflow)
        await engine.settle()
        heads = await engine.store.reads.scan("", 100)
        auditor = await audited(engine)
        assert (auditor.damaged, auditor.orphans) == ({}, 0)
        assert await engine.store.reads.scan("", 100) == heads

    async def test_a_round_has_as_many_slices_as_it_needs(self, engine: Driver) -> None:
        last = ""
        for _ in range(SLICE + 1):
            last = await engine.trigger(asking())
        await plant(engine, last, work=without(await engine.store.reads.work_of(last), "waits"))
        auditor = auditor_of(engine)
        assert not await auditor.tick()
        assert "WORK" in await problems(engine, last)
        assert await auditor.tick()
        await engine.prove()


def _settled(row: LetterRow) -> LetterRow:
    return replace(row, action="DISCARDED", settled_by="nobody", settled_on=row.kept_on)
