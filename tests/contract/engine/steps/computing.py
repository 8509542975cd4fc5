"""Functions and mails: a recorded result is never computed again, and no mail goes out twice unasked."""

import pytest

from kit.definitions import call, chain, email, function, note
from kit.driver import Driver
from looply.connectors.sandbox import CodeFailed
from looply.errors import Rejected, Unavailable
from looply.execution.facts.events import IncidentOpened, StepFailed, StepScheduled, StepSucceeded
from looply.testing.world import HANG, Answer, Output

RETRY = {"max_attempts": 2, "interval": "PT0S"}
SENT = Output({"message_id": "<1@example.com>", "accepted": ["ann@example.com"], "refused": []})


class FunctionStories:
    """Code of authors."""

    @pytest.mark.parametrize("value", [{"total": 5}, [1, [2]], "text", 0, False, None], ids=repr)
    async def test_the_output_is_what_the_code_returned(self, engine: Driver, value: object) -> None:
        engine.world.script("function_1", Output(value))
        workflow = chain(function(), note(value="${function_1.output}"))
        execution_id = await engine.trigger(workflow, {"po": "1"})
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.outputs["function_1"], state.payload["note_1"]) == ("COMPLETED", value, value)

    async def test_the_code_gets_its_input_as_it_was_recorded(self, engine: Driver) -> None:
        drawn = "${concat(utcNow(), newGuid(), string(rand(1, 1000000)))}"
        engine.world.script("function_1", Unavailable("no process"), Output(1))
        execution_id = await engine.trigger(
            chain(function(input_={"n": drawn, "po": "${payload.output.po}"}, retry=RETRY))
        )
        await engine.settle()
        await engine.tick()
        first, second = engine.world.calls_of("function_1")
        (scheduled, _) = await engine.events(execution_id, StepScheduled)
        assert first.input == second.input == scheduled.input
        assert first.input.keys() == {"language", "code", "input"}
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_recorded_result_is_never_computed_again(self, engine: Driver) -> None:
        engine.world.script("function_1", Output({"n": 1}))
        engine.world.always("call_1", HANG)
        execution_id = await engine.trigger(chain(function(), call()))
        await engine.settle()
        await engine.crash()
        await engine.settle()
        assert len(engine.world.calls_of("function_1")) == 1
        assert (await engine.state(execution_id)).outputs["function_1"] == {"n": 1}

    async def test_code_that_a_crash_cut_off_runs_again_without_an_incident(self, engine: Driver) -> None:
        engine.world.script("function_1", HANG, Output(2))
        execution_id = await engine.trigger(chain(function()))
        await engine.settle()
        await engine.crash()
        await engine.settle()
        first, second = engine.world.calls_of("function_1")
        assert (first.phase, first.key) == ("CUT", second.key)
        assert (await engine.state(execution_id)).outputs["function_1"] == 2
        assert await engine.events(execution_id, IncidentOpened) == []

    async def test_code_that_fails_takes_the_error_exit(self, engine: Driver) -> None:
        engine.world.script("function_1", CodeFailed("the code failed, line 3", code="FUNCTION_FAILED"))
        workflow = chain(function(), note("handled"), edges=(("function_1", "error", "handled"),))
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.error["code"]) == ("COMPLETED", "FUNCTION_FAILED")
        assert state.error["message"] == "step 'function_1': the code failed, line 3"

    async def test_code_that_fails_is_not_retried(self, engine: Driver) -> None:
        engine.world.always("function_1", CodeFailed("the code failed", code="FUNCTION_FAILED"))
        execution_id = await engine.trigger(chain(function(retry={"max_attempts": 5, "interval": "PT0S"})))
        await engine.settle()
        await engine.tick()
        assert len(engine.world.calls_of("function_1")) == 1
        assert await engine.status(execution_id) == "FAILED"

    async def test_what_code_makes_of_a_secret_is_secret_and_of_use(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(data={"token": "sesame-4711"}))
        engine.world.script("function_1", Output("Bearer sesame-4711"))
        workflow = chain(
            call("call_1", secret=["/output/data/token"]),
            function(input_="${call_1.output.data.token}"),
            call("call_2", headers={"x-auth": "${function_1.output}"}),
        )
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        (_, succeeded, _) = await engine.events(execution_id, StepSucceeded)
        assert (succeeded.output, succeeded.secret) == ("Bearer sesame-4711", ("/output",))
        (seen,) = engine.world.calls_of("call_2")
        assert seen.input["headers"] == {"x-auth": "Bearer sesame-4711"}

    async def test_functions_have_a_queue_of_their_own(self, engine: Driver) -> None:
        engine.per_queue = 1
        await engine.restart()
        engine.world.always("function_1", HANG)
        await engine.trigger(chain(function()))
        await engine.trigger(chain(function()))
        await engine.trigger(chain(call()))
        await engine.settle()
        assert sorted(seen.operation for seen in engine.world.calls) == ["function.run", "http.request"]


class EmailStories:
    """Mails."""

    async def test_a_mail_is_sent_once_under_the_key_of_its_visit(self, engine: Driver) -> None:
        engine.world.script("email_1", SENT)
        execution_id = await engine.trigger(chain(email(), note()), {"po": "4711"})
        await engine.settle()
        (seen,) = engine.world.calls
        assert (seen.operation, seen.key, seen.input["text"]) == ("email.send", f"{execution_id}:email_1:1", "4711")
        assert (await engine.state(execution_id)).outputs["email_1"] == SENT.value

    @pytest.mark.parametrize("is_cut", [True, False], ids=["a crash", "a broken connection"])
    async def test_a_mail_that_may_have_left_is_an_incident(self, engine: Driver, is_cut: bool) -> None:
        engine.world.script("email_1", HANG if is_cut else Unavailable("broken", sent=True))
        workflow = chain(email(retry=RETRY), note("handled"), edges=(("email_1", "error", "handled"),))
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        if is_cut:
            await engine.crash()
        await engine.settle()
        (opened,) = await engine.events(execution_id, IncidentOpened)
        assert (opened.kind, len(engine.world.calls_of("email_1"))) == ("UNKNOWN", 1)
        assert await engine.status(execution_id) == "FAILED"

    async def test_a_mail_may_be_repeated_where_the_author_says_so(self, engine: Driver) -> None:
        engine.world.script("email_1", Unavailable("broken", sent=True), SENT)
        execution_id = await engine.trigger(chain(email(retry=RETRY, on_unknown="retry")))
        await engine.settle()
        await engine.tick()
        first, second = engine.world.calls_of("email_1")
        assert first.key == second.key
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_server_that_asks_to_come_back_later_is_asked_again(self, engine: Driver) -> None:
        engine.world.script("email_1", Unavailable("greylisted", status="451"), SENT)
        execution_id = await engine.trigger(chain(email(retry=RETRY)))
        await engine.settle()
        await engine.tick()
        assert [seen.attempt for seen in engine.world.calls_of("email_1")] == [1, 2]
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_refusal_is_final_and_takes_the_error_exit(self, engine: Driver) -> None:
        engine.world.script("email_1", Rejected("no such user", code="MAIL_REFUSED", status="550"))
        workflow = chain(email(retry=RETRY), note("handled"), edges=(("email_1", "error", "handled"),))
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        (failed,) = await engine.events(execution_id, StepFailed)
        state = await engine.state(execution_id)
        assert (failed.code, failed.status, state.error["status"]) == ("MAIL_REFUSED", "550", "550")
        assert state.status == "COMPLETED"
