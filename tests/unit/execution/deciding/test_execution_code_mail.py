"""`function` and `email` are scheduled with their input, evaluated once; values made of secrets are secret."""

from kit.execution.driver import Simulator
from kit.execution.workflows import call, step, workflow
from looply.execution.facts.events import StepFailed, StepScheduled, StepSucceeded
from looply.execution.views.logs import condense_logs, event_log, mask_document
from looply.jsontext import encode_json
from looply.limits import Limits

CODE = "return `${input.a} $" + "{b}`"
FUNCTION = step("f", "function", {"language": "javascript", "code": CODE, "input": {"a": "${payload.output.a}"}})
MAIL = {"connection": "M", "to": ["${payload.output.to}"], "subject": "Order ${payload.output.po}", "text": "x"}
SECRET = "s3cr3t-value"


def started(*steps, edges, body=None, limits=Limits()):  # noqa: B008
    simulator = Simulator(workflow(*steps, edges=edges), limits=limits)
    simulator.start(body)
    return simulator


def last(simulator, kind):
    return [event for event in simulator.history if isinstance(event, kind)][-1]


def shown(simulator):
    events = list(enumerate(simulator.history, 1))
    parts = [event_log(events), condense_logs(events, 1_000_000), mask_document(simulator.workflow, simulator.state)]
    return encode_json(parts).decode()


def test_a_function_is_scheduled_with_its_code_as_it_was_written():
    event = last(started(FUNCTION, edges="start>f", body={"a": 7}), StepScheduled)
    assert event.operation == "function.run"
    assert event.input == {"language": "javascript", "code": CODE, "input": {"a": 7}}
    assert (event.secret, event.timeout_seconds) == ((), 30)


def test_the_output_of_a_function_may_be_any_json_value():
    for value in (None, 0, "", [], {"a": [1]}):
        simulator = started(FUNCTION, edges="start>f")
        simulator.succeed(value)
        assert simulator.state.outputs["f"] == value
        assert simulator.state.status == "COMPLETED"


def test_a_mail_is_scheduled_with_its_settings_evaluated():
    event = last(started(step("m", "email", MAIL), edges="start>m", body={"to": "a@b.c", "po": 5}), StepScheduled)
    assert event.operation == "email.send"
    assert event.input == {"connection": "M", "to": ["a@b.c"], "subject": "Order 5", "text": "x"}


def test_a_secret_that_a_function_reads_is_masked_in_its_input():
    login = call("login", "POST", secret=["/output/data/token"])
    reading = step("f", "function", {"language": "python", "code": "x", "input": {"t": "${login.output.data.token}"}})
    simulator = started(login, reading, edges="start>login login>f")
    simulator.succeed({"status": "200", "headers": {}, "data": {"token": SECRET}})
    assert last(simulator, StepScheduled).secret == ("/input/input/t",)
    assert SECRET not in shown(simulator)


def test_a_secret_output_of_a_function_is_of_use_and_masked_everywhere():
    making = step("f", "function", {"language": "python", "code": "x"}, secret=["/output"])
    simulator = started(making, call("c", "POST"), edges="start>f f>c")
    simulator.succeed({"token": SECRET})
    assert last(simulator, StepSucceeded).secret == ("/output",)
    assert simulator.state.outputs["f"] == {"token": SECRET}
    assert SECRET not in shown(simulator)


def test_a_result_that_the_document_has_no_room_for_fails_the_step():
    simulator = started(FUNCTION, edges="start>f", limits=Limits(document_bytes=2000))
    simulator.succeed("x" * 3000)
    assert last(simulator, StepFailed).code == "DOCUMENT_TOO_LARGE"
