"""The audit sees who holds a process id, and what schedules refer to."""

import pytest
from msgspec.structs import replace

from contract.engine.upkeep.proofs import plant, problems
from kit.definitions import asking, every, note
from kit.driver import Driver
from looply.engine.records.claims import Claim

UNKNOWN = "01900000-0000-7000-8000-0000000000ff"


async def claim_of(engine: Driver, execution_id: str, process_id: str = "PO-1") -> Claim:
    """Returns the claim that an execution would hold on a process id."""
    started = (await engine.state(execution_id)).started
    return Claim(
        organization_id=started.organization_id,
        workflow_id=started.workflow_id,
        process_id=process_id,
        fingerprint=started.request,
    )


class ClaimAuditStories:
    """What `audit` says of claims on process ids."""

    async def test_a_claim_is_held_as_long_as_the_execution_is_open(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking(), process_id="PO-1")
        assert list(await engine.store.reads.claims_of(execution_id)) == [await claim_of(engine, execution_id)]
        assert await problems(engine, execution_id) == set()
        await engine.terminate(execution_id)
        assert list(await engine.store.reads.claims_of(execution_id)) == []
        assert await problems(engine, execution_id) == set()

    async def test_a_claim_that_is_missing_is_found(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking(), process_id="PO-1")
        await plant(engine, execution_id, drop_claim=await claim_of(engine, execution_id))
        assert await problems(engine, execution_id) == {"CLAIM"}
        (problem,) = (await engine.shell.audit()).problems
        assert problem["message"] == "stored claims on process ids are none, the history says 'PO-1'"

    @pytest.mark.parametrize("ends", [True, False])
    async def test_a_claim_too_many_is_found(self, engine: Driver, ends: bool) -> None:
        execution_id = await engine.trigger(asking(), process_id="PO-1" if ends else "")
        if ends:
            await engine.terminate(execution_id)
        await plant(engine, execution_id, put_claim=await claim_of(engine, execution_id))
        assert await problems(engine, execution_id) == {"CLAIM"}

    async def test_a_claim_of_another_request_is_found(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking(), process_id="PO-1")
        other = replace(await claim_of(engine, execution_id), fingerprint=b"another")
        await plant(engine, execution_id, put_claim=other)
        assert await problems(engine, execution_id) == {"CLAIM"}


class ScheduleAuditStories:
    """What `audit` says of schedules."""

    async def test_a_schedule_that_refers_to_what_is_not_stored_is_found(self, engine: Driver) -> None:
        engine.is_planted = True
        schedule = await engine.put_schedule(every("PT1H", note()))
        assert list((await engine.shell.audit()).problems) == []
        await engine.store.inner.schedules.put(replace(schedule, definition="0" * 64, last_execution=UNKNOWN))
        kinds = {(problem["execution_id"], problem["kind"]) for problem in (await engine.shell.audit()).problems}
        messages = sorted(str(problem["message"]) for problem in (await engine.shell.audit()).problems)
        assert kinds == {("", "ROW")}
        assert messages[0] == f"schedule row of definition {'0' * 64}, which is not stored"
        assert messages[1].startswith("schedule row of execution 01900000")
