"""Quotas of an organization: open executions and stored bytes. What is open already continues."""

from datetime import timedelta

import pytest

from contract.engine.steps.children import CALLEE, calling_child, note_only
from contract.engine.steps.cron import ledger
from kit.definitions import asking, computing, every, note, wait
from kit.driver import Driver, id_of
from looply.errors import QuotaExhausted
from looply.execution.facts.commands import Released, Terminated
from looply.execution.facts.events import StepFailed
from looply.limits import Limits

HOUR = timedelta(hours=1)
OTHER = "umbrella"


async def limited(engine: Driver, limits: Limits) -> None:
    """Opens the engine again with other limits."""
    engine.limits = limits
    await engine.restart()


class OpenExecutionStories:
    """An organization has so many executions that run or wait; another organization is not concerned."""

    async def test_an_organization_has_so_many_open_executions_and_the_next_trigger_is_refused(
        self, engine: Driver
    ) -> None:
        await limited(engine, Limits(open_executions=2))
        first, _ = [await engine.trigger(asking(), {"n": n}) for n in range(2)]
        with pytest.raises(QuotaExhausted) as caught:
            await engine.trigger(computing())
        assert caught.value.code == "QUOTA"
        assert "2 open executions" in caught.value.message
        assert "the limit open_executions is 2" in caught.value.message
        await engine.trigger(asking(), organization_id=OTHER)
        assert await engine.resume(first) == Released()
        await engine.trigger(asking())

    async def test_what_is_open_can_be_read_resumed_and_terminated_when_the_quota_is_reached(
        self, engine: Driver
    ) -> None:
        await limited(engine, Limits(open_executions=2))
        first, second = [await engine.trigger(asking(), {"n": n}) for n in range(2)]
        assert await engine.status(first) == "WAITING"
        assert await engine.resume(first) == Released()
        assert await engine.terminate(second) == Terminated()
        assert len([await engine.trigger(asking(), {"n": n}) for n in range(2)]) == 2

    async def test_the_quota_counts_what_was_open_before_a_crash(self, engine: Driver) -> None:
        await limited(engine, Limits(open_executions=2))
        for n in range(2):
            await engine.trigger(asking(), {"n": n})
        await engine.crash()
        with pytest.raises(QuotaExhausted):
            await engine.trigger(computing())

    async def test_triggers_at_once_do_not_exceed_the_quota(self, engine: Driver) -> None:
        await limited(engine, Limits(open_executions=3))
        answers = await engine.together(*(engine.trigger(asking(), {"n": n}) for n in range(10)))
        assert sum(isinstance(answer, str) for answer in answers) == 3
        assert {type(answer) for answer in answers} == {str, QuotaExhausted}

    async def test_a_trigger_that_is_repeated_is_answered_as_the_first_one_when_the_quota_is_reached(
        self, engine: Driver
    ) -> None:
        await limited(engine, Limits(open_executions=2))
        first = await engine.start(asking(), {"po": 1}, key="a key")
        second = await engine.start(asking(), {"po": 2}, process_id="PO-2")
        for repeated, former in (
            (await engine.start(asking(), {"po": 1}, key="a key"), first),
            (await engine.start(asking(), {"po": 2}, process_id="PO-2"), second),
        ):
            assert (repeated.execution_id, repeated.replayed) == (former.execution_id, True)

    async def test_a_step_that_would_start_one_too_many_fails_and_says_why(self, engine: Driver) -> None:
        await limited(engine, Limits(open_executions=1))
        engine.callees.put(CALLEE, note_only())
        parent = await engine.trigger(calling_child())
        await engine.deliver()
        (failure,) = await engine.events(parent, StepFailed)
        assert failure.code == "QUOTA"
        assert "the limit open_executions is 1" in failure.message

    async def test_a_schedule_skips_what_the_quota_refuses_and_continues_when_there_is_room(
        self, engine: Driver
    ) -> None:
        await limited(engine, Limits(open_executions=1))
        workflow = every("PT1H", note())
        await engine.put_schedule(workflow)
        waiting = await engine.trigger(asking())
        await engine.advance(HOUR)
        await engine.resume(waiting)
        await engine.advance(HOUR)
        assert await ledger(engine, id_of(workflow)) == [("REFUSED", 1), ("STARTED", 2)]

    async def test_a_start_that_waits_for_another_one_waits_on_until_there_is_room(self, engine: Driver) -> None:
        workflow = every("PT1H", wait(), overlap="queue", end="2030-01-07T11:00:00Z")
        await engine.put_schedule(workflow)
        await engine.advance(HOUR)
        await engine.advance(HOUR)
        await limited(engine, Limits(open_executions=1))
        (scheduled,) = await engine.newest()
        await engine.resume(scheduled.head.execution_id)
        other = await engine.trigger(asking())
        await engine.tick()
        assert await ledger(engine, id_of(workflow)) == [("STARTED", 1), ("QUEUED", 2)]
        await engine.resume(other)
        await engine.tick()
        assert await ledger(engine, id_of(workflow)) == [("STARTED", 1), ("STARTED", 2)]


class StoredByteStories:
    """What the executions of an organization take in the store is measured from time to time."""

    async def test_an_organization_that_uses_up_its_bytes_starts_nothing_and_open_executions_continue(
        self, engine: Driver
    ) -> None:
        await limited(engine, Limits(stored_bytes=500))
        first = await engine.trigger(asking(), {"numbers": [n * n * 7919 % 99991 for n in range(300)]})
        await engine.shell.quotas.measure()
        with pytest.raises(QuotaExhausted) as caught:
            await engine.trigger(computing())
        assert "the limit stored_bytes is 500" in caught.value.message
        await engine.trigger(computing(), organization_id=OTHER)
        assert await engine.resume(first) == Released()

    async def test_large_values_count_too(self, engine: Driver) -> None:
        await limited(engine, Limits(stored_bytes=20_000))
        await engine.trigger(asking(), {"numbers": [n * n * 7919 % 99991 for n in range(30_000)]})
        await engine.shell.quotas.measure()
        with pytest.raises(QuotaExhausted):
            await engine.trigger(computing())
