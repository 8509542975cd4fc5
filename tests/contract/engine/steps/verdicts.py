"""Verdicts: an answer is judged once, where the call ran, and what the other system said is stored with it."""

from datetime import UTC, datetime, timedelta

import pytest

from kit.definitions import call, calling, chain, note
from kit.driver import Driver
from looply.connectors.http.verdicts import judge as judge_http
from looply.connectors.sap.verdicts import judge as judge_sap
from looply.execution.facts.events import IncidentOpened, StepFailed, TimerStarted
from looply.execution.facts.values.far import FarError
from looply.testing.world import Answer

RETRY = {"max_attempts": 3, "interval": "PT10S", "backoff": 1, "jitter": 0}
LOCK = {"error": {"code": "ME/006", "message": {"lang": "en", "value": "Order 1 is locked by user MUELLER"}}}
LOCKED = FarError(kind="locked", code="ME/006", message="Order 1 is locked by user MUELLER", locked_by="MUELLER")
LOGON = Answer(headers={"content-type": "text/html"}, data='<form><input type="password" name="p"></form>')


class VerdictStories:
    """What the connector's judgement on an answer decides."""

    async def test_a_lock_is_retried_by_default_whatever_its_status(self, engine: Driver) -> None:
        engine.world.judge = judge_sap
        engine.world.script("call_1", Answer(status=400, data=LOCK), Answer(status=423), Answer(data={"ok": True}))
        execution_id = await engine.trigger(chain(call(retry=RETRY), note()))
        await engine.settle()
        for attempts in (1, 2, 3):
            assert len(engine.world.calls) == attempts
            await engine.advance(timedelta(seconds=10))
        assert await engine.status(execution_id) == "COMPLETED"
        first, second = await engine.events(execution_id, StepFailed)
        assert (first.far, first.is_retriable) == (LOCKED, True)
        assert second.far == FarError(kind="locked")

    async def test_a_crash_in_the_back_off_does_not_judge_again(self, engine: Driver) -> None:
        seen: list[str] = []

        def judge(*given: object) -> object:
            seen.append("judged")
            return judge_sap(*given)  # type: ignore[arg-type]

        engine.world.judge = judge  # type: ignore[assignment]
        engine.world.always("call_1", Answer(status=400, data=LOCK))
        execution_id = await engine.trigger(calling(retry={**RETRY, "max_attempts": 2}, fail_on=["4xx"]))
        await engine.settle()
        before = await engine.events(execution_id, StepFailed)
        engine.world.judge = judge_http
        await engine.crash()
        await engine.settle()
        assert await engine.events(execution_id, StepFailed) == before
        assert (len(seen), before[0].far) == (1, LOCKED)
        engine.world.judge = judge_sap
        await engine.advance(timedelta(seconds=10))
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert (incident.code, incident.status, incident.far) == ("STATUS", "400", LOCKED)
        assert "ME/006: Order 1 is locked by user MUELLER" in incident.message

    @pytest.mark.parametrize("on", [["auth"], ["503", "auth"]])
    async def test_a_policy_names_kinds_beside_statuses(self, engine: Driver, on: list[str]) -> None:
        engine.world.script("call_1", Answer(status=401), Answer())
        execution_id = await engine.trigger(calling(retry={**RETRY, "on": on}))
        await engine.settle()
        await engine.advance(timedelta(seconds=10))
        assert (await engine.status(execution_id), len(engine.world.calls)) == ("COMPLETED", 2)

    async def test_a_logon_page_is_no_success_and_the_error_exit_knows_what_it_is(self, engine: Driver) -> None:
        engine.world.judge = judge_http
        engine.world.always("call_1", LOGON)
        workflow = chain(
            call("call_1", "GET", connection="MAIL"),
            note("handled", "${error.code} ${error.far.kind} ${error.status}"),
            edges=(("call_1", "error", "handled"),),
        )
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.payload["handled"]) == ("COMPLETED", "AUTH_FAILED auth 200")

    async def test_a_redirected_post_was_not_carried_out_and_fails(self, engine: Driver) -> None:
        engine.world.judge = judge_http
        engine.world.always("call_1", Answer(status=307, headers={"location": "/other"}))
        execution_id = await engine.trigger(calling())
        await engine.settle()
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert (incident.code, incident.far.kind if incident.far else "") == ("REDIRECT_REFUSED", "rejected")

    async def test_a_failed_part_of_a_batch_fails_the_step_and_keeps_the_answer(self, engine: Driver) -> None:
        engine.world.judge = judge_sap
        parts = [{"id": "a", "status": 201, "body": {}}, {"id": "b", "status": 400, "body": LOCK}]
        engine.world.always("call_1", Answer(data={"responses": parts}))
        execution_id = await engine.trigger(calling(retry=RETRY))
        await engine.settle()
        await engine.advance(timedelta(minutes=5))
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert (incident.code, len(engine.world.calls)) == ("BATCH_PART_FAILED", 1)
        assert (await engine.state(execution_id)).outputs["call_1"]["data"]["responses"] == parts

    @pytest.mark.parametrize(
        ("value", "most", "seconds"),
        [("4", None, 10), ("90", None, 90), ("90", "PT30S", 30), ("999999999", None, 3600), ("DATE", None, 120)],
    )
    async def test_the_delay_that_the_other_system_asks_for_is_kept_and_bounded(
        self, engine: Driver, value: str, most: str | None, seconds: int
    ) -> None:
        now = engine.clock.now()
        date = (now + timedelta(minutes=2)).astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        engine.world.script("call_1", Answer(status=503, headers={"retry-after": date if value == "DATE" else value}))
        policy = {**RETRY, **({"max_interval": most} if most is not None else {})}
        execution_id = await engine.trigger(calling(retry=policy))
        await engine.settle()
        (timer,) = await engine.events(execution_id, TimerStarted)
        waits = timer.due - timer.at
        assert timedelta(seconds=seconds - 2) < waits <= timedelta(seconds=seconds)
        assert isinstance(timer.due, datetime)
