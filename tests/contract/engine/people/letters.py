"""Dead letters: resumes that were kept and moved nothing are found again, and settled by exactly one person."""

from collections import Counter
from typing import Any

import pytest

from contract.engine.upkeep.proofs import stored_text
from kit.definitions import call, chain, note, step, wait
from kit.driver import ORGANIZATION, Driver, id_of
from looply.engine.records.letters import LetterFilter, LetterRow
from looply.execution.facts.commands import (
    AlreadyReleased,
    AlreadySettled,
    Declined,
    Released,
    Reply,
    Settled,
    SettleLetter,
    Unfit,
)
from looply.execution.facts.events import LetterSettled, Resumed, ResumeIgnored
from looply.jsontext import Json
from looply.testing.world import HANG

CALLERS = 32
PIN = "a-very-secret-pin"


async def unfit(engine: Driver, payload: dict[str, Json] | None = None, **fields: Any) -> str:
    """Returns an execution that waits for TEAMS, while a kept resume from SAP has become a letter."""
    engine.world.script("call_1", HANG)
    workflow = chain(call(), wait(sources=["TEAMS"]), wait("wait_2"))
    execution_id = await engine.trigger(workflow, **fields)
    await engine.settle()
    assert await engine.resume(execution_id, payload or {"n": 1}, by="early") == Released(buffered=True)
    engine.world.open_calls()[-1].release()
    await engine.settle()
    return execution_id


async def letters(engine: Driver, **criteria: Any) -> list[LetterRow]:
    """Returns the letters that the list shows."""
    return list(await engine.shell.letters.list(ORGANIZATION, LetterFilter(**criteria), None, 100))


async def settle(engine: Driver, row: LetterRow, action: Any = "apply", **fields: Any) -> Reply:
    """Settles a letter as an operator does."""
    ((_, event),) = await engine.shell.executions.history(row.execution_id, row.seq - 1, 1)
    assert isinstance(event, ResumeIgnored)
    facts: dict[str, Any] = {"at": engine.clock.now(), "by": "operator", "via": "API", "reason": "asked by phone"}
    command = SettleLetter(letter=row.seq, action=action, payload=event.payload, **{**facts, **fields})
    return await engine.shell.submit(row.execution_id, command)


class LetterStories:
    """A resume that could not be used is a dead letter until an operator settles it."""

    async def test_a_resume_that_was_kept_and_does_not_fit_is_listed(self, engine: Driver) -> None:
        execution_id = await unfit(engine, process_id="PO-1")
        (row,) = await letters(engine)
        assert (row.execution_id, row.process_id, row.reason) == (execution_id, "PO-1", "UNFIT")
        assert (row.source, row.sender, row.action, row.settled_on) == ("SAP", "early", "", None)
        (event,) = await engine.events(execution_id, ResumeIgnored)
        assert (event.payload["n"], event.is_letter) == (1, True)

    async def test_a_resume_that_was_kept_and_met_no_wait_is_listed(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        workflow = chain(call(), wait(), note("skipped"), edges=(("call_1", "error", "skipped"),))
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        await engine.resume(execution_id, {"n": 1})
        await engine.terminate(execution_id)
        (row,) = await letters(engine)
        assert (row.execution_id, row.reason, row.process_id) == (execution_id, "UNUSED", execution_id)
        engine.world.open_calls()[0].release()

    async def test_a_duplicate_is_no_letter(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(wait(), wait("wait_2")))
        await engine.resume(execution_id, {"n": 1})
        assert isinstance(await engine.resume(execution_id, {"n": 1}), AlreadyReleased)
        assert len(await engine.events(execution_id, ResumeIgnored)) == 1
        assert await letters(engine) == []

    async def test_a_letter_is_applied_to_a_wait_that_takes_it(self, engine: Driver) -> None:
        execution_id = await unfit(engine)
        (row,) = await letters(engine)
        assert isinstance(refused := await settle(engine, row), Declined)
        assert refused.code == "SOURCE_NOT_ACCEPTED"
        assert await engine.resume(execution_id, {}, source="TEAMS") == Released()
        assert await settle(engine, row) == Settled(action="APPLIED")
        assert await engine.status(execution_id) == "COMPLETED"
        resumed = (await engine.events(execution_id, Resumed))[-1]
        assert (resumed.step, resumed.output["n"], resumed.via, resumed.by) == ("wait_2", 1, "LETTER", "operator")
        (settled,) = await engine.events(execution_id, LetterSettled)
        assert (settled.letter, settled.action, settled.reason) == (row.seq, "APPLIED", "asked by phone")
        (after,) = await letters(engine, is_settled=True)
        assert (after.action, after.settled_by, after.note) == ("APPLIED", "operator", "asked by phone")

    async def test_a_sender_who_repeats_an_applied_letter_gets_that_it_is_answered(self, engine: Driver) -> None:
        execution_id = await unfit(engine)
        await engine.resume(execution_id, {}, source="TEAMS")
        (row,) = await letters(engine)
        await settle(engine, row)
        repeated = await engine.resume(execution_id, {"n": 1})
        assert repeated == AlreadyReleased(answered_by="operator", answered_on=engine.clock.now())

    async def test_of_32_who_apply_a_letter_one_does_and_the_others_get_who(self, engine: Driver) -> None:
        execution_id = await unfit(engine)
        await engine.resume(execution_id, {}, source="TEAMS")
        (row,) = await letters(engine)
        replies = await engine.together(*(settle(engine, row, by=f"operator-{n}") for n in range(CALLERS)))
        winner = replies.index(Settled(action="APPLIED"))
        lost = AlreadySettled(action="APPLIED", by=f"operator-{winner}", on=engine.clock.now(), reason="asked by phone")
        assert Counter(map(repr, replies)) == {repr(Settled(action="APPLIED")): 1, repr(lost): CALLERS - 1}
        assert len(await engine.events(execution_id, LetterSettled)) == 1

    async def test_of_those_who_apply_and_discard_a_letter_at_once_one_decides(self, engine: Driver) -> None:
        execution_id = await unfit(engine)
        await engine.resume(execution_id, {}, source="TEAMS")
        (row,) = await letters(engine)
        actions = ("apply", "discard") * (CALLERS // 2)
        replies = await engine.together(*(settle(engine, row, action) for action in actions))
        assert sum(isinstance(reply, Settled) for reply in replies) == 1
        (settled,) = await engine.events(execution_id, LetterSettled)
        assert (await engine.status(execution_id) == "COMPLETED") == (settled.action == "APPLIED")

    async def test_a_letter_of_an_execution_that_has_ended_can_only_be_discarded(self, engine: Driver) -> None:
        execution_id = await unfit(engine)
        await engine.terminate(execution_id)
        (row,) = await letters(engine)
        assert isinstance(refused := await settle(engine, row), Declined)
        assert refused.code == "TERMINATED"
        assert await settle(engine, row, "discard") == Settled(action="DISCARDED")
        again = await settle(engine, row, "discard", by="another")
        assert again == AlreadySettled(
            action="DISCARDED", by="operator", on=engine.clock.now(), reason="asked by phone"
        )
        assert await letters(engine, is_settled=False) == []
        assert await engine.status(execution_id) == "TERMINATED"

    async def test_a_letter_that_does_not_fit_the_schema_stays_a_letter(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        schema: dict[str, Json] = {"type": "object", "required": ["po"]}
        execution_id = await engine.trigger(chain(call(), wait(schema=schema)))
        await engine.settle()
        await engine.resume(execution_id, {"n": 1})
        engine.world.open_calls()[0].release()
        await engine.settle()
        (row,) = await letters(engine)
        assert isinstance(await settle(engine, row), Unfit)
        assert await letters(engine, is_settled=False) == [row]

    async def test_what_is_no_letter_cannot_be_settled(self, engine: Driver) -> None:
        execution_id = await unfit(engine)
        command = SettleLetter(at=engine.clock.now(), letter=1, action="discard")
        reply = await engine.shell.submit(execution_id, command)
        assert isinstance(reply, Declined)
        assert reply.code == "NO_LETTER"

    async def test_a_letter_survives_a_crash_and_is_applied_after_it(self, engine: Driver) -> None:
        execution_id = await unfit(engine)
        await engine.resume(execution_id, {}, source="TEAMS")
        (row,) = await letters(engine)
        await engine.crash()
        assert await letters(engine) == [row]
        assert await settle(engine, row) == Settled(action="APPLIED")
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_secret_letter_stays_sealed_and_can_be_applied(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        workflow = chain(call(), wait(sources=["TEAMS"]), step("wait_2", "wait", secret=["/output/pin"]))
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        await engine.resume(execution_id, {"pin": PIN})
        engine.world.open_calls()[0].release()
        await engine.settle()
        await engine.resume(execution_id, {}, source="TEAMS")
        assert PIN.encode() not in stored_text(engine)
        (row,) = await letters(engine)
        assert await settle(engine, row) == Settled(action="APPLIED")
        assert (await engine.state(execution_id)).outputs["wait_2"]["pin"] == PIN
        assert PIN.encode() not in stored_text(engine)

    @pytest.mark.parametrize("limit", [1, 2, 100])
    async def test_pages_show_each_letter_once_newest_first(self, engine: Driver, limit: int) -> None:
        ids = [await unfit(engine, process_id=f"PO-{n}") for n in range(3)]
        found: list[LetterRow] = []
        while page := await engine.shell.letters.list(
            ORGANIZATION, LetterFilter(), (found[-1].execution_id, found[-1].seq) if found else None, limit
        ):
            found.extend(page)
        assert [row.execution_id for row in found] == ids[::-1]

    async def test_the_list_is_narrowed_by_each_filter(self, engine: Driver) -> None:
        first = await unfit(engine, process_id="PO-1")
        second = await unfit(engine, process_id="PO-2")
        await engine.terminate(second)
        (row,) = await letters(engine, process_id="PO-2")
        await settle(engine, row, "discard")
        workflow_id = row.workflow_id
        assert [row.execution_id for row in await letters(engine, process_id="PO-1")] == [first]
        assert [row.execution_id for row in await letters(engine, execution_id=second)] == [second]
        assert [row.execution_id for row in await letters(engine, is_settled=False)] == [first]
        assert [row.execution_id for row in await letters(engine, is_settled=True)] == [second]
        assert len(await letters(engine, workflow_id=workflow_id, reason="UNFIT")) == 2
        assert await letters(engine, reason="UNUSED") == []
        assert await letters(engine, workflow_id=id_of(chain(note()))) == []
        assert await letters(engine, execution_id=first, process_id="PO-2") == []
        assert await engine.shell.letters.list("another", LetterFilter(), None, 10) == []
