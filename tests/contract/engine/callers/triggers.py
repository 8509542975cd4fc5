"""Triggers: durable when they are answered, and started once however often they are sent."""

import asyncio
from datetime import timedelta

import pytest

from kit.definitions import asking, call, calling, calling_then_asking, chain, computing, note, wait
from kit.driver import Driver, id_of, start_of
from looply.engine.ports.port import Key
from looply.errors import BadRequest, Conflict, NotFound, Refused
from looply.execution.answering.starting import Started
from looply.execution.facts.commands import Released
from looply.execution.facts.events import ExecutionStarted
from looply.testing.world import HANG, Answer

BODY = {"po": "4500000101", "amount": 1200}


class TriggerStories:
    """What a caller of `start` can rely on."""

    async def test_a_trigger_is_answered_only_when_it_is_durable(self, engine: Driver) -> None:
        engine.faults.hold()
        trigger = engine.call(engine.trigger(asking(), BODY))
        await engine.settle()
        assert not trigger.done()
        assert await engine.newest() == []
        engine.faults.let_go()
        assert await engine.status(await trigger) == "WAITING"

    async def test_a_trigger_without_an_answer_left_nothing_when_its_unit_was_not_stored(self, engine: Driver) -> None:
        engine.faults.hold()
        trigger = engine.call(engine.trigger(asking(), BODY))
        await engine.faults.holding(1)
        await engine.crash()
        assert trigger.cancelled()
        assert await engine.newest() == []

    async def test_a_trigger_that_lost_its_answer_gives_the_same_execution_when_repeated(self, engine: Driver) -> None:
        engine.faults.lost_answers = 1
        trigger = engine.call(engine.trigger(asking(), BODY, process_id="PO-1"))
        await engine.settle()
        await engine.crash()
        assert trigger.cancelled()
        (stored,) = await engine.newest()
        assert await engine.start(asking(), BODY, process_id="PO-1") == Started(
            execution_id=stored.head.execution_id, replayed=True
        )

    async def test_an_execution_that_only_computes_is_one_unit(self, engine: Driver) -> None:
        execution_id = await engine.trigger(computing(), BODY)
        assert await engine.status(execution_id) == "COMPLETED"
        assert len(engine.faults.units) == 1
        assert await engine.path(execution_id) == ["ExecutionStarted", "Computed note_1", "ExecutionClosed note_1"]

    async def test_what_a_trigger_says_is_in_the_data_document(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking(), BODY, profile="test", environment={"url": "x"}, process_id="PO-1")
        state = await engine.state(execution_id)
        assert state.payload["po"] == "4500000101"
        assert state.payload["workflow_process_id"] == "PO-1"
        assert state.started.environment == {"url": "x"}
        (head,) = await engine.find("PO-1")
        assert (head.execution_id, head.profile, head.process_id) == (execution_id, "test", "PO-1")

    async def test_ids_rise_whatever_the_clock_does(self, engine: Driver) -> None:
        ids = [await engine.trigger(computing()) for _ in range(3)]
        engine.clock.set_wall(timedelta(hours=-2))
        ids += [await engine.trigger(computing())]
        await engine.crash()
        ids += [await engine.trigger(computing()) for _ in range(3)]
        assert ids == sorted(ids)
        assert [item.head.execution_id for item in await engine.newest()] == ids[::-1]

    async def test_a_caller_that_goes_away_does_not_harm_what_it_started(self, engine: Driver) -> None:
        engine.faults.hold()
        trigger = engine.call(engine.trigger(calling(), BODY))
        await engine.faults.holding(1)
        trigger.cancel()
        await engine.settle()
        engine.faults.let_go()
        await engine.settle()
        (stored,) = await engine.newest()
        assert stored.head.status == "COMPLETED"
        assert len(engine.world.calls) == 1


class ProcessIdStories:
    """One process id through its life."""

    async def test_the_same_trigger_answers_the_same_execution_while_it_is_open(self, engine: Driver) -> None:
        first = await engine.start(asking(), BODY, process_id="PO-1")
        again = await engine.start(asking(), BODY, process_id="PO-1")
        assert (first.replayed, again) == (False, Started(execution_id=first.execution_id, replayed=True))

    async def test_another_body_under_an_open_process_id_is_refused(self, engine: Driver) -> None:
        await engine.start(asking(), BODY, process_id="PO-1")
        with pytest.raises(Conflict) as caught:
            await engine.start(asking(), {"po": "other"}, process_id="PO-1")
        assert caught.value.code == "PROCESS_ID_IN_USE"
        assert len(await engine.newest()) == 1

    async def test_a_trigger_that_would_end_at_once_is_refused_too_while_the_process_id_is_in_use(
        self, engine: Driver
    ) -> None:
        waiting = start_of(asking(), BODY, process_id="PO-1")
        await engine.shell.start(waiting)
        with pytest.raises(Conflict) as caught:
            await engine.start(computing(), {"po": "other"}, process_id="PO-1", workflow_id=waiting.workflow_id)
        assert caught.value.code == "PROCESS_ID_IN_USE"

    async def test_another_workflow_may_use_the_same_process_id(self, engine: Driver) -> None:
        first = await engine.trigger(asking(), BODY, process_id="PO-1")
        second = await engine.trigger(calling_then_asking("GET"), BODY, process_id="PO-1")
        await engine.settle()
        assert first != second
        assert {head.execution_id for head in await engine.find("PO-1")} == {first, second}

    @pytest.mark.parametrize("end", ["completed", "terminated", "failed"])
    async def test_an_ended_execution_gives_its_process_id_back(self, engine: Driver, end: str) -> None:
        engine.world.script("call_1", Answer(status=500))
        workflow = calling(fail_on=["5xx"]) if end == "failed" else asking()
        first = await engine.trigger(workflow, BODY, process_id="PO-1")
        if end == "completed":
            assert await engine.resume(first) == Released()
        elif end == "terminated":
            await engine.terminate(first)
        await engine.settle()
        assert await engine.status(first) == end.upper()
        second = await engine.start(workflow, BODY, process_id="PO-1")
        assert not second.replayed
        assert second.execution_id != first
        assert [head.execution_id for head in await engine.find("PO-1")] == [second.execution_id]
        await engine.settle()

    async def test_of_64_equal_triggers_at_once_one_starts(self, engine: Driver) -> None:
        answers = await engine.together(*(engine.start(asking(), BODY, process_id="PO-1") for _ in range(64)))
        assert len({answer.execution_id for answer in answers}) == 1
        assert sum(not answer.replayed for answer in answers) == 1
        assert len(await engine.newest()) == 1

    async def test_of_64_unequal_triggers_at_once_one_starts_and_the_others_are_refused(self, engine: Driver) -> None:
        triggers = (engine.start(asking(), {"n": n}, process_id="PO-1") for n in range(64))
        answers = await engine.together(*triggers)
        assert sum(isinstance(answer, Started) for answer in answers) == 1
        assert sum(isinstance(answer, Conflict) for answer in answers) == 63

    async def test_64_equal_triggers_that_meet_a_crash_agree_when_they_are_repeated(self, engine: Driver) -> None:
        engine.faults.lost_answers = 64
        calls = [engine.call(engine.start(asking(), BODY, process_id="PO-1")) for _ in range(64)]
        await engine.settle()
        answered = {made.result().execution_id for made in calls if made.done()}
        await engine.crash()
        again = await engine.together(*(engine.start(asking(), BODY, process_id="PO-1") for _ in range(64)))
        (stored,) = await engine.newest()
        assert answered | {answer.execution_id for answer in again} == {stored.head.execution_id}
        assert all(answer.replayed for answer in again)

    async def test_an_activation_in_between_does_not_make_the_same_trigger_another_one(self, engine: Driver) -> None:
        old, new = chain(wait(), note("version", 1)), chain(wait(), note("version", 2))
        first = await engine.trigger(old, BODY, process_id="PO-1")
        latest = {"workflow_id": id_of(old), "workflow_version": 2, "process_id": "PO-1"}
        again = await engine.together(*(engine.start(new, BODY, **latest) for _ in range(64)))
        assert {(answer.execution_id, answer.replayed) for answer in again} == {(first, True)}
        await engine.resume(first)
        assert (await engine.state(first)).payload["version"] == 1
        second = await engine.trigger(new, BODY, **latest)
        await engine.resume(second)
        assert second != first
        assert (await engine.state(second)).payload["version"] == 2

    async def test_a_process_id_and_its_keys_through_three_lives(self, engine: Driver) -> None:
        engine.world.always("call_1", Answer(status=500))
        workflow = chain(wait(), call(fail_on=["5xx"]))
        ids = []
        for life in ("terminated", "failed", "open"):
            named = {"process_id": "PO-1", "key": f"key-{life}"}
            answers = await engine.together(*(engine.start(workflow, BODY, **named) for _ in range(64)))
            (execution_id,) = {answer.execution_id for answer in answers}
            ids.append(execution_id)
            with pytest.raises(Conflict):
                await engine.start(workflow, {"po": "other"}, process_id="PO-1")
            assert (await engine.start(workflow, BODY, process_id="PO-1", key=f"beside-{life}")).replayed
            if life == "terminated":
                await engine.terminate(execution_id)
            elif life == "failed":
                await engine.resume(execution_id)
            await engine.settle()
            assert await engine.status(execution_id) == ("WAITING" if life == "open" else life.upper())
        assert ids == sorted(set(ids))
        for life, execution_id in zip(("terminated", "failed", "open"), ids, strict=True):
            again = await engine.start(workflow, BODY, process_id="PO-1", key=f"key-{life}")
            assert again == Started(execution_id=execution_id, replayed=True)
        assert [head.execution_id for head in await engine.find("PO-1")] == [ids[2]]

    async def test_the_id_of_an_execution_cannot_be_a_process_id(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking(), BODY)
        for name in (execution_id, execution_id.upper()):
            with pytest.raises(BadRequest) as caught:
                await engine.start(asking(), BODY, process_id=name)
            assert caught.value.code == "PROCESS_ID_IS_EXECUTION"

    async def test_an_open_execution_is_found_before_an_ended_one(self, engine: Driver) -> None:
        ended = await engine.trigger(asking(), BODY, process_id="PO-1")
        await engine.resume(ended)
        assert [head.execution_id for head in await engine.find("PO-1")] == [ended]
        opened = await engine.trigger(asking(), BODY, process_id="PO-1")
        assert [head.execution_id for head in await engine.find("PO-1")] == [opened]
        assert [head.execution_id for head in await engine.find(ended)] == [ended]
        assert await engine.find("unknown") == []


class KeyStories:
    """Idempotency keys, alone and beside a process id."""

    async def test_the_same_call_with_a_key_is_answered_from_memory_for_a_day(self, engine: Driver) -> None:
        first = await engine.start(computing(), BODY, key="k-1")
        await engine.crash()
        engine.clock.advance(timedelta(hours=23))
        assert await engine.start(computing(), BODY, key="k-1") == Started(
            execution_id=first.execution_id, replayed=True
        )
        engine.clock.advance(timedelta(hours=2))
        assert not (await engine.start(computing(), BODY, key="k-1")).replayed

    async def test_a_key_is_kept_as_long_as_its_execution_is_open(self, engine: Driver) -> None:
        first = await engine.trigger(asking(), BODY, key="k-1")
        engine.clock.advance(timedelta(days=90))
        assert (await engine.start(asking(), BODY, key="k-1")).execution_id == first
        await engine.resume(first)
        assert not (await engine.start(asking(), BODY, key="k-1")).replayed

    async def test_a_key_with_another_request_is_refused(self, engine: Driver) -> None:
        await engine.start(computing(), BODY, key="k-1")
        with pytest.raises(Refused) as caught:
            await engine.start(computing(), {"po": "other"}, key="k-1")
        assert caught.value.code == "KEY_REUSED"
        assert len(await engine.newest()) == 1

    async def test_of_64_equal_triggers_with_one_key_one_starts(self, engine: Driver) -> None:
        answers = await engine.together(*(engine.start(computing(), BODY, key="k-1") for _ in range(64)))
        assert len({answer.execution_id for answer in answers}) == 1
        assert sum(not answer.replayed for answer in answers) == 1

    async def test_the_key_is_looked_at_before_the_process_id(self, engine: Driver) -> None:
        first = await engine.trigger(asking(), BODY, key="k-1", process_id="PO-1")
        await engine.resume(first)
        second = await engine.trigger(asking(), BODY, key="k-2", process_id="PO-1")
        assert (await engine.start(asking(), BODY, key="k-1", process_id="PO-1")).execution_id == first
        assert (await engine.start(asking(), BODY, key="k-3", process_id="PO-1")).execution_id == second
        with pytest.raises(Refused):
            await engine.start(asking(), {"po": "other"}, key="k-2", process_id="PO-1")

    async def test_of_64_triggers_with_key_and_process_id_one_starts(self, engine: Driver) -> None:
        triggers = (engine.start(asking(), BODY, key="k-1", process_id="PO-1") for _ in range(64))
        answers = await engine.together(*triggers)
        assert len({answer.execution_id for answer in answers}) == 1

    async def test_keys_of_two_organizations_have_nothing_to_do_with_each_other(self, engine: Driver) -> None:
        mine = await engine.trigger(computing(), BODY, key="k-1")
        other = "01900000-0000-7000-8000-0000000000ff"
        theirs = await engine.trigger(computing(), BODY, key="k-1", organization_id=other)
        assert mine != theirs
        assert [item.head.execution_id for item in await engine.newest()] == [mine]


class StartStories:
    """What the history says of a start."""

    async def test_the_seed_of_an_execution_is_its_own(self, engine: Driver) -> None:
        ids = [await engine.trigger(computing(), BODY) for _ in range(3)]
        starts = [(await engine.events(id_, ExecutionStarted))[0] for id_ in ids]
        assert len({start.seed for start in starts}) == 3

    async def test_an_unknown_execution_is_not_found(self, engine: Driver) -> None:
        unknown = "01944ca1-1c00-7000-8000-00000000ffff"
        for ask in (engine.state(unknown), engine.resume(unknown), engine.terminate(unknown)):
            with pytest.raises(NotFound):
                await ask
        assert await engine.events(unknown) == []

    async def test_triggers_and_calls_of_many_executions_do_not_mix(self, engine: Driver) -> None:
        engine.world.always("call_1", HANG)
        ids = await engine.together(*(engine.trigger(calling(), {"po": n}) for n in range(10)))
        await engine.settle()
        for seen in engine.world.open_calls():
            seen.release(Answer(data={"po": seen.input["body"]}))
        await engine.settle()
        states = [await engine.state(execution_id) for execution_id in ids]
        assert [state.outputs["call_1"]["data"]["po"] for state in states] == list(range(10))

    async def test_a_start_holds_what_it_was_given(self, engine: Driver) -> None:
        request = start_of(computing(), BODY, key=Key(text="k", fingerprint=b"r"))
        started = await asyncio.wait_for(engine.shell.start(request), 1)
        (first,) = await engine.events(started.execution_id, ExecutionStarted)
        assert (first.body, first.request, first.by, first.via) == (BODY, request.fingerprint, "caller", "API")
