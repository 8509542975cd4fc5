"""Calls of other systems: one key for all attempts, durable retries, and unknown outcomes that are never guessed."""

from datetime import timedelta

import pytest

from kit.carriage import RESERVES
from kit.definitions import call, calling, chain, note, wait
from kit.driver import Driver
from kit.needs import needs
from looply.errors import Rejected, Timeout, Unavailable
from looply.execution.facts.events import IncidentOpened, StepFailed, StepScheduled, StepUnknown
from looply.testing.world import HANG, Answer

RETRY = {"max_attempts": 5, "interval": "PT10S", "backoff": 2, "jitter": 0}
BODY = {"po": "4500000101"}


class AttemptStories:
    """Attempts of one visit."""

    async def test_a_call_carries_the_key_of_its_visit(self, engine: Driver) -> None:
        execution_id = await engine.trigger(calling(), BODY)
        await engine.settle()
        (seen,) = engine.world.calls
        assert (seen.key, seen.attempt) == (f"{execution_id}:call_1:1", 1)
        assert seen.input["body"] == "4500000101"
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_target_of_any_text_is_stored_and_fails_its_step_alone(self, engine: Driver) -> None:
        workflow = chain(call(connection="${payload.output.target}"), note())
        for target in ("a\0b", "\0", "x" * 100_000):
            execution_id = await engine.trigger(workflow, {"target": target})
            await engine.settle()
            assert await engine.status(execution_id) in ("COMPLETED", "FAILED")

    async def test_the_intention_is_stored_before_the_call_leaves(self, engine: Driver) -> None:
        engine.faults.hold()
        trigger = engine.call(engine.trigger(calling()))
        await engine.settle()
        assert engine.world.calls == []
        engine.faults.let_go()
        execution_id = await trigger
        await engine.settle()
        assert (await engine.path(execution_id))[:2] == ["ExecutionStarted", "StepScheduled call_1"]

    async def test_retries_send_the_same_input_under_the_same_key(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=503), Unavailable("refused"), Answer(data={"ok": True}))
        body = "${concat(utcNow(), newGuid(), string(rand(1, 1000000)))}"
        execution_id = await engine.trigger(chain(call(body=body, retry=RETRY), note()))
        await engine.settle()
        await engine.advance(timedelta(seconds=10))
        await engine.advance(timedelta(seconds=20))
        first, *rest = engine.world.calls
        assert [seen.attempt for seen in engine.world.calls] == [1, 2, 3]
        assert {seen.key for seen in rest} == {first.key}
        assert all(seen.input == first.input for seen in rest)
        assert (await engine.state(execution_id)).outputs["call_1"]["data"] == {"ok": True}

    async def test_retries_wait_as_the_policy_says(self, engine: Driver) -> None:
        engine.world.always("call_1", Unavailable("refused"))
        await engine.trigger(calling(retry=RETRY))
        await engine.settle()
        for attempts, seconds in ((1, 9.9), (2, 0.1), (2, 19.9), (3, 0.1), (3, 39.9), (4, 0.1), (5, 80)):
            await engine.advance(timedelta(seconds=seconds))
            assert len(engine.world.calls) == attempts
        await engine.advance(timedelta(days=1))
        assert len(engine.world.calls) == 5

    async def test_retries_survive_a_crash_in_every_back_off(self, engine: Driver) -> None:
        engine.world.always("call_1", Answer(status=503))
        execution_id = await engine.trigger(calling(retry=RETRY, fail_on=["5xx"]))
        await engine.settle()
        for attempts in (2, 3, 4, 5):
            await engine.crash()
            await engine.advance(timedelta(seconds=0))
            assert len(engine.world.calls) == attempts - 1
            await engine.advance(timedelta(seconds=10 * 2 ** (attempts - 2)))
            assert len(engine.world.calls) == attempts
        await engine.advance(timedelta(days=1))
        assert [seen.attempt for seen in engine.world.calls] == [1, 2, 3, 4, 5]
        assert await engine.status(execution_id) == "FAILED"

    async def test_a_status_after_the_last_attempt_is_data_unless_it_fails_the_step(self, engine: Driver) -> None:
        engine.world.always("call_1", Answer(status=503))
        engine.world.always("call_2", Answer(status=404))
        retry = {"max_attempts": 2, "interval": "PT0S"}
        execution_id = await engine.trigger(chain(call("call_1", retry=retry), call("call_2", fail_on=["4xx"])))
        await engine.settle()
        await engine.tick()
        state = await engine.state(execution_id)
        assert state.outputs["call_1"]["status"] == "503"
        (incident,) = state.incidents.values()
        assert (incident.step, incident.code, incident.kind) == ("call_2", "STATUS", "FAILED")

    async def test_an_error_exit_takes_a_failure(self, engine: Driver) -> None:
        engine.world.script("call_1", Rejected("no", sent=True, status="400"))
        workflow = chain(call(), note("handled"), edges=(("call_1", "error", "handled"),))
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.payload["handled"], state.error["code"]) == ("COMPLETED", "seen", "REJECTED")

    async def test_a_defect_of_a_connector_fails_its_step_and_nothing_else(self, engine: Driver) -> None:
        engine.world.script("call_1", ZeroDivisionError("inside"))
        broken = await engine.trigger(calling())
        await engine.settle()
        healthy = await engine.trigger(calling())
        await engine.settle()
        (failed,) = await engine.events(broken, StepFailed)
        assert failed.code == "CONNECTOR_DEFECT"
        assert "inside" not in failed.message
        assert await engine.status(healthy) == "COMPLETED"

    async def test_a_target_takes_so_many_calls_at_once_and_the_others_in_their_order(self, engine: Driver) -> None:
        engine.per_queue = 2
        await engine.restart()
        engine.world.always("call_1", HANG)
        for n in range(5):
            await engine.trigger(calling(), {"po": n})
            await engine.settle()
        seen = []
        while opened := engine.world.open_calls():
            assert len(opened) <= 2
            seen.append(opened[0].input["body"])
            opened[0].release()
            await engine.settle()
        assert seen == [0, 1, 2, 3, 4]

    async def test_calls_of_one_organization_that_hang_leave_slots_to_another(self, engine: Driver) -> None:
        engine.total = 8
        await engine.restart()
        engine.world.always("call_1", HANG)
        for n in range(10):
            await engine.trigger(calling(), {"po": n}, organization_id="umbrella")
        await engine.settle()
        assert len(engine.world.open_calls()) == 3
        other = await engine.trigger(chain(call("other")), {"po": 99})
        await engine.settle()
        assert await engine.status(other) == "COMPLETED"
        seen = 0
        while opened := engine.world.open_calls():
            assert len(opened) <= 4
            seen += 1
            opened[0].release()
            await engine.settle()
        assert seen == 10

    async def test_systems_that_hang_leave_slots_to_a_healthy_one_of_the_same_organization(
        self, engine: Driver
    ) -> None:
        engine.total = 16
        engine.per_queue = 2
        await engine.restart()
        healthy = chain(call("good", url="https://good.example/"))
        await engine.trigger(healthy, {"po": 0})
        await engine.settle()
        for host in range(8):
            engine.world.always(f"bad_{host}", HANG)
        for n in range(3):
            for host in range(8):
                await engine.trigger(chain(call(f"bad_{host}", url=f"https://bad{host}.example/")), {"po": n})
        await engine.settle()
        # The half of the organization is 8 slots; three quarters of it may be at systems that do not answer.
        assert len(engine.world.open_calls()) == 6
        ids = [await engine.trigger(healthy, {"po": n}) for n in range(10)]
        await engine.settle()
        assert [await engine.status(each) for each in ids] == ["COMPLETED"] * 10
        assert len(engine.world.open_calls()) == 6
        while opened := engine.world.open_calls():
            opened[0].release()
            await engine.settle()


class UnknownStories:
    """Unknown outcomes: the process died, or no answer came."""

    @pytest.mark.parametrize(
        ("method", "on_unknown", "expected"),
        [
            ("GET", None, "COMPLETED"),
            ("PUT", None, "COMPLETED"),
            ("DELETE", None, "COMPLETED"),
            ("POST", None, "FAILED"),
            ("PATCH", None, "FAILED"),
            ("GET", "incident", "FAILED"),
            ("POST", "retry", "COMPLETED"),
        ],
    )
    async def test_a_crash_while_a_call_is_out(
        self, engine: Driver, method: str, on_unknown: str | None, expected: str
    ) -> None:
        beside = {"on_unknown": on_unknown} if on_unknown else {}
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling(method, **beside))
        await engine.settle()
        await engine.crash()
        await engine.settle()
        assert await engine.status(execution_id) == expected
        assert [event.cause for event in await engine.events(execution_id, StepUnknown)] == ["CRASH"]
        calls = engine.world.calls
        if expected == "COMPLETED":
            assert [seen.attempt for seen in calls] == [1, 2]
            assert len({seen.key for seen in calls}) == 1
        else:
            (incident,) = await engine.events(execution_id, IncidentOpened)
            assert (incident.kind, incident.code, len(calls)) == ("UNKNOWN", "OUTCOME_UNKNOWN", 1)

    @pytest.mark.parametrize("error", [Timeout("slow", sent=True), Unavailable("broken", sent=True)])
    async def test_an_answer_that_never_comes_is_an_incident_that_no_error_exit_takes(
        self, engine: Driver, error: Exception
    ) -> None:
        engine.world.script("call_1", error)
        workflow = chain(call(retry=RETRY), note("handled"), edges=(("call_1", "error", "handled"),))
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        await engine.advance(timedelta(hours=1))
        (incident,) = (await engine.state(execution_id)).incidents.values()
        assert incident.kind == "UNKNOWN"
        assert len(engine.world.calls) == 1

    async def test_a_call_that_was_never_sent_is_retried_freely(self, engine: Driver) -> None:
        engine.world.script("call_1", Unavailable("refused", sent=False))
        execution_id = await engine.trigger(calling(retry=RETRY))
        await engine.settle()
        await engine.advance(timedelta(seconds=10))
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_crash_before_the_intention_is_stored_makes_no_call(self, engine: Driver) -> None:
        engine.faults.hold()
        engine.call(engine.trigger(calling()))
        await engine.faults.holding(1)
        await engine.crash()
        await engine.settle()
        assert engine.world.calls == []
        assert await engine.newest() == []

    async def test_a_crash_after_the_intention_is_stored_and_before_the_call_is_unknown_too(
        self, engine: Driver
    ) -> None:
        needs(engine, RESERVES)
        engine.faults.lost_answers = 1
        engine.call(engine.trigger(calling()))
        await engine.settle()
        assert engine.world.calls == []
        await engine.crash()
        (stored,) = await engine.newest()
        (incident,) = await engine.events(stored.head.execution_id, IncidentOpened)
        assert incident.kind == "UNKNOWN"
        assert engine.world.calls == []

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_crash_after_the_reply_and_before_its_commit(self, engine: Driver, method: str) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling(method))
        await engine.settle()
        engine.faults.hold()
        engine.world.open_calls()[0].release()
        await engine.faults.holding(1)
        await engine.crash()
        await engine.settle()
        expected = ("COMPLETED", 2) if method == "GET" else ("FAILED", 1)
        assert (await engine.status(execution_id), len(engine.world.calls)) == expected

    async def test_a_crash_after_the_commit_of_the_reply_loses_nothing(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(call("call_1"), call("call_2", "GET")))
        await engine.settle()
        engine.faults.lost_answers = 1
        engine.world.open_calls()[0].release(Answer(data={"n": 7}))
        await engine.settle()
        await engine.crash()
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.outputs["call_1"]["data"]) == ("COMPLETED", {"n": 7})
        assert [seen.step for seen in engine.world.calls] == ["call_1", "call_2"]

    async def test_a_result_of_the_time_before_the_crash_cannot_come_in(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling("POST"))
        await engine.settle()
        await engine.crash()
        assert engine.world.calls[0].phase == "CUT"
        assert await engine.status(execution_id) == "FAILED"

    async def test_a_call_that_had_queued_is_unknown_once_it_is_out(self, engine: Driver) -> None:
        engine.per_queue = 1
        await engine.restart()
        engine.world.script("call_1", HANG, HANG)
        first = await engine.trigger(calling("POST"))
        await engine.settle()
        second = await engine.trigger(calling("POST"))
        await engine.settle()
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert [seen.execution_id for seen in engine.world.calls] == [first, second]
        await engine.crash()
        await engine.settle()
        (incident,) = await engine.events(second, IncidentOpened)
        assert (incident.kind, len(engine.world.calls)) == ("UNKNOWN", 2)
        assert await engine.status(first) == "COMPLETED"

    async def test_a_call_that_is_offered_twice_is_made_once(self, engine: Driver) -> None:
        engine.per_queue = 1
        await engine.restart()
        engine.world.script("call_1", HANG)
        ids = []
        for _ in range(3):
            ids.append(await engine.trigger(calling("POST")))
            await engine.settle()
        await engine.pump.recover(engine.boot)
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert [seen.execution_id for seen in engine.world.calls] == ids

    @pytest.mark.timeout(300)
    async def test_a_crowd_of_queued_posts_gives_no_incident_after_a_crash(self, engine: Driver) -> None:
        engine.world.always("call_1", HANG)
        crowd = engine.carriage.crowd
        await engine.together(*(engine.trigger(calling(), {"po": n}) for n in range(16 + crowd)))
        await engine.settle()
        out = {seen.execution_id for seen in engine.world.open_calls()}
        assert len(out) == 16
        await engine.crash()
        engine.world.always("call_1", Answer())
        for seen in engine.world.open_calls():
            seen.release()
        await engine.settle()
        audit = await engine.prove()
        assert (audit.executions, audit.open) == (16 + crowd, 0)
        failed: list[str] = []
        after = ""
        while page := await engine.newest(30, after, statuses=("FAILED",)):
            failed += [item.head.execution_id for item in page]
            after = failed[-1]
        assert set(failed) == out
        assert max(seen.attempt for seen in engine.world.calls) == 1


class StoppingStories:
    """The end of a process in order."""

    async def test_calls_in_flight_may_end_before_the_process_does(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling("POST"))
        await engine.settle()
        stopping = engine.call(engine.stop())
        await engine.settle()
        assert not stopping.done()
        engine.world.open_calls()[0].release()
        await stopping
        await engine.open()
        assert await engine.status(execution_id) == "COMPLETED"
        assert len(engine.world.calls) == 1

    async def test_calls_that_last_longer_than_the_drain_are_unknown(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling("POST"))
        await engine.settle()
        stopping = engine.call(engine.stop(timedelta(seconds=25)))
        # A store that is asked first may begin the drain later than the clock is advanced.
        while not stopping.done():
            await engine.settle()
            engine.clock.advance(timedelta(seconds=26))
        await stopping
        await engine.open()
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert incident.kind == "UNKNOWN"

    async def test_queued_calls_wait_for_the_next_process(self, engine: Driver) -> None:
        engine.per_queue = 1
        await engine.restart()
        engine.world.always("call_1", HANG)
        first = await engine.trigger(calling("POST"))
        await engine.settle()
        second = await engine.trigger(calling("POST"))
        await engine.settle()
        stopping = engine.call(engine.stop())
        await engine.settle()
        engine.world.open_calls()[0].release()
        await stopping
        assert [seen.execution_id for seen in engine.world.calls] == [first]
        engine.world.always("call_1", Answer())
        await engine.open()
        await engine.settle()
        assert (await engine.status(first), await engine.status(second)) == ("COMPLETED", "COMPLETED")

    async def test_what_follows_a_call_does_not_leave_any_more(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(call("call_1"), call("call_2", "POST")))
        await engine.settle()
        stopping = engine.call(engine.stop())
        await engine.settle()
        engine.world.open_calls()[0].release()
        await stopping
        assert engine.world.calls_of("call_2") == []
        await engine.open()
        await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"
        assert len(await engine.events(execution_id, StepScheduled)) == 2

    async def test_a_start_that_is_being_stored_when_the_stop_comes_keeps_its_call_for_later(
        self, engine: Driver
    ) -> None:
        engine.faults.hold()
        trigger = engine.call(engine.trigger(calling("POST")))
        await engine.faults.holding(1)
        stopping = engine.call(engine.stop())
        await engine.settle()
        engine.faults.let_go()
        execution_id = await trigger
        await stopping
        await engine.open()
        await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"
        assert len(engine.world.calls) == 1

    async def test_a_resume_that_is_being_stored_when_the_stop_comes_leaves_no_doubt_about_its_call(
        self, engine: Driver
    ) -> None:
        needs(engine, RESERVES)
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(wait(), call("call_1", "POST")))
        engine.faults.hold()
        resume = engine.call(engine.resume(execution_id))
        await engine.faults.holding(1)
        stopping = engine.call(engine.stop())
        await engine.settle()
        engine.faults.let_go()
        await resume
        await engine.settle()
        assert not stopping.done()
        engine.world.open_calls()[0].release()
        await stopping
        await engine.open()
        await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"
        assert [seen.phase for seen in engine.world.calls] == ["ANSWERED"]
