"""Secrets: usable by expressions, masked for all readers; values computed from a secret are secret."""

import pytest

from kit.execution.driver import EXECUTION_ID, Simulator
from kit.execution.workflows import CARD, call, card, step, workflow
from looply.execution.document.masking import MASK, find_hidden_values, mask, mask_pointers, without_tokens_in
from looply.execution.document.overlays import secret_values
from looply.execution.facts.address import Address, card_token
from looply.execution.facts.events import (
    AnswerRecorded,
    Computed,
    ExecutionStarted,
    ResumeBuffered,
    Resumed,
    ResumeIgnored,
    StepFailed,
    StepScheduled,
    StepSucceeded,
)
from looply.execution.views.logs import condense_logs, event_log, input_payload, mask_document
from looply.jsontext import encode_json

SECRET = "s3cr3t-value"
LOGIN = call("login", "POST", secret=["/output/data/token"])
ANSWER = {"status": "200", "headers": {}, "data": {"token": SECRET, "user": "me"}}


def http(id_, **settings):
    return step(id_, "httpRequest", {"method": "PUT", "url": "https://example.com/", **settings})


def logged_in(*steps, edges):
    simulator = Simulator(workflow(LOGIN, *steps, edges=f"start>login {edges}"))
    simulator.start({"n": 1})
    simulator.succeed(ANSWER)
    return simulator


def last(simulator, kind):
    return [event for event in simulator.history if isinstance(event, kind)][-1]


def shown(simulator):
    """Returns all texts that a reader can see."""
    events = list(enumerate(simulator.history, 1))
    parts = [
        event_log(events),
        condense_logs(events, 1_000_000),
        mask_document(simulator.workflow, simulator.state),
        input_payload(simulator.state),
    ]
    return encode_json(parts).decode()


def test_the_output_that_is_marked_is_masked_everywhere():
    simulator = logged_in(edges="")
    assert last(simulator, StepSucceeded).secret == ("/output/data/token",)
    assert SECRET not in shown(simulator)
    assert '"token":"***"' in shown(simulator)
    assert '"user":"me"' in shown(simulator)


@pytest.mark.parametrize(
    "expression",
    [
        "${login.output.data.token}",
        "${LOGIN.Output.Data.Token}",
        "${login.output.data['token']}",
        "${login.output.data[payload.output.name]}",
        "${string(login.output)}",
        "${json(string(login)).output.data.token}",
        "Bearer ${login.output.data.token}",
    ],
)
def test_the_mark_spreads_to_the_input_of_the_next_call(expression):
    later = http("c", headers={"x-key": expression, "x-open": "${login.output.data.user}"})
    simulator = Simulator(workflow(LOGIN, later, edges="start>login login>c"))
    simulator.start({"name": "token"})
    simulator.succeed(ANSWER)
    scheduled = last(simulator, StepScheduled)
    assert scheduled.secret == ("/input/headers/x-key",)
    assert SECRET in scheduled.input["headers"]["x-key"]
    assert SECRET not in shown(simulator)
    assert '"x-open":"me"' in shown(simulator)


def test_stated_pointers_into_the_input_are_secret_in_any_letter_case():
    later = http("c", headers={"Authorization": SECRET, "a/b": SECRET, "open": "yes"})
    simulator = Simulator(workflow({**later, "secret": ["/headers/Authorization", "/headers/a~1b"]}, edges="start>c"))
    simulator.start()
    assert SECRET not in shown(simulator)
    assert '"open":"yes"' in shown(simulator)


def test_credentials_of_a_call_are_secret_unasked():
    later = http("c", auth={"type": "bearer", "token": "${payload.output.key}"})
    simulator = Simulator(workflow(later, edges="start>c"))
    simulator.start({"key": 1})
    assert last(simulator, StepScheduled).secret == ("/input/auth/token",)


def test_the_mark_spreads_through_the_payload_to_the_name_alone():
    parameters = [
        {"name": "deep.key", "value": "key ${login.output.data.token}"},
        {"name": "user", "value": "${login.output.data.user}"},
    ]
    simulator = logged_in(
        step("set", "overridePayload", {"parameters": parameters}),
        http("c", headers={"x": "${payload.output.deep.key}", "y": "${payload.output.user}"}),
        edges="login>set set>c",
    )
    assert last(simulator, Computed).secret == ("/output/deep.key",)
    assert last(simulator, StepScheduled).secret == ("/input/headers/x",)
    assert SECRET not in shown(simulator)
    assert '"y":"me"' in shown(simulator)
    assert mask_document(simulator.workflow, simulator.state)["payload"]["output"]["deep"] == {"key": "***"}


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"a": {"key": "${login.output.data.token}"}, "b": 1}, {"a": {"key": "***"}, "b": 1}),
        ("${login.output.data}", None),
        ("${login.output.data.token}", {"body": "***"}),
        (["x", "${login.output.data.token}"], {"body": ["x", "***"]}),
    ],
)
def test_the_secret_mark_propagates_when_the_payload_is_replaced(payload, path):
    simulator = logged_in(step("set", "overridePayload", {"payload": payload}), call("c"), edges="login>set set>c")
    output = mask_document(simulator.workflow, simulator.state)["payload"]["output"]
    assert SECRET not in shown(simulator)
    if path is None:
        assert output == "***"
    else:
        assert {name: output[name] for name in path} == path
        assert output["workflow_version"] == "1"


def test_an_override_may_mark_its_own_output():
    simulator = Simulator(
        workflow(
            step("set", "overridePayload", {"parameters": [{"name": "key", "value": SECRET}]}, secret=["/output/key"]),
            http("c", body="${payload.output.key}"),
            edges="start>set set>c",
        )
    )
    simulator.start()
    assert last(simulator, StepScheduled).secret == ("/input/body",)
    assert SECRET not in shown(simulator)


def test_the_start_may_mark_the_body():
    flow = workflow(
        http("c", body="${payload.output.password}"), edges="start>c", trigger={"secret": ["/output/password"]}
    )
    simulator = Simulator(flow)
    simulator.start({"password": SECRET, "open": "yes"})
    assert last(simulator, ExecutionStarted).secret == ("/output/password",)
    assert SECRET not in shown(simulator)
    assert '"open":"yes"' in shown(simulator)
    assert input_payload(simulator.state)["password"] == "***"


def test_the_start_may_mark_a_body_that_is_no_object():
    flow = workflow(http("c", body="${payload.output.body}"), edges="start>c", trigger={"secret": ["/output/body/0"]})
    simulator = Simulator(flow)
    simulator.start([SECRET, "open"])
    assert SECRET not in shown(simulator)
    assert input_payload(simulator.state)["body"] == ["***", "open"]


def test_a_conditional_masks_the_secret_values_that_it_compared():
    rules = [{"variable": "${login.output.data.token}", "operator": "IsPresent"}]
    simulator = logged_in(step("if", "conditional", {"rules": rules}), edges="login>if")
    assert last(simulator, Computed).secret == ("/input/0/value",)
    assert SECRET not in shown(simulator)


def test_a_card_never_shows_a_secret():
    body = {**CARD, "fallbackText": "${login.output.data.token}"}
    ask = step("ask", "adaptiveCard", {"recipients": ["a@example.com"], "card": body})
    simulator = logged_in(ask, edges="login>ask")
    (incident,) = simulator.state.incidents.values()
    assert incident.code == "SECRET_IN_CARD"
    assert not simulator.state.cards
    assert SECRET not in shown(simulator)


def test_the_reason_of_an_end_never_shows_a_secret():
    simulator = logged_in(step("end", "terminate", {"reason": "${login.output.data.token}"}), edges="login>end")
    assert simulator.state.closed.reason == "***"


def test_an_answer_may_be_secret():
    flow = workflow(step("w", "wait", secret=["/output/pin"]), http("c", body="${w.output.pin}"), edges="start>w w>c")
    simulator = Simulator(flow)
    simulator.start()
    simulator.resume({"pin": SECRET})
    assert last(simulator, Resumed).secret == ("/output/pin",)
    assert last(simulator, StepScheduled).secret == ("/input/body",)
    assert SECRET not in shown(simulator)


def test_a_card_answer_may_be_secret():
    ask = step(
        "ask",
        "adaptiveCard",
        {"recipients": ["a@example.com"], "card": CARD, "wait": {}},
        secret=["/output/response/data/pin", "/output/responses"],
    )
    simulator = Simulator(workflow(ask, call("c"), edges="start>ask ask>c"))
    simulator.start()
    simulator.resume({"pin": SECRET})
    assert SECRET not in shown(simulator)


def test_a_failure_by_status_does_not_show_a_secret_answer():
    flow = workflow(
        {**LOGIN, "settings": {**LOGIN["settings"], "fail_on": ["4xx"]}}, http("c"), edges="start>login login:error>c"
    )
    simulator = Simulator(flow)
    simulator.start()
    simulator.succeed({**ANSWER, "status": "400"})
    assert SECRET not in last(simulator, StepFailed).message
    assert SECRET not in shown(simulator)


def test_values_that_the_connector_marks_as_secret_are_masked():
    simulator = Simulator(workflow(call("c"), http("d", body="${c.output.data}"), edges="start>c c>d"))
    simulator.start()
    simulator.succeed({"status": "200", "data": SECRET}, secret=("/output/data",))
    assert last(simulator, StepScheduled).secret == ("/input/body",)
    assert SECRET not in shown(simulator)


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        ({"a": 1}, (), "***"),
        ({"a": {"b": 1, "c": 2}}, ("a", "b"), {"a": {"b": "***", "c": 2}}),
        ({"A": 1, "a": 2}, ("a",), {"A": "***", "a": "***"}),
        ([1, [2, 3]], ("1", "0"), [1, ["***", 3]]),
        ([1], ("5",), [1]),
        ([1], ("x",), [1]),
        ({"a": "text"}, ("a", "b"), {"a": "***"}),
        ({"a": 5}, ("a", "b"), {"a": 5}),
        ({"a": None}, ("a", "b"), {"a": None}),
        ({"a": 1}, ("b",), {"a": 1}),
    ],
)
def test_masking_copies_the_path_alone(value, path, expected):
    before = encode_json(value)
    assert mask(value, [path]) == expected
    assert encode_json(value) == before


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        ({"a": 1}, (), [{"a": 1}]),
        ({"a": {"b": 1, "c": 2}}, ("a", "b"), [1]),
        ({"A": 1, "a": 2}, ("a",), [1, 2]),
        ([1, [2, 3]], ("1", "0"), [2]),
        ([1], ("5",), []),
        ({"a": "text"}, ("a", "b"), ["text"]),
        ({"a": 5}, ("a", "b"), []),
    ],
)
def test_masked_values_can_be_listed(value, path, expected):
    assert list(find_hidden_values(value, path)) == expected


def test_pointers_of_another_field_and_the_empty_one_mask_nothing():
    assert mask_pointers({"a": 1}, ("/input/a", ""), "output") == {"a": 1}


SECRET_WAIT = step("w", "wait", secret=["/output/pin"])


def test_an_early_resume_for_a_wait_with_secrets_is_kept_as_a_secret():
    simulator = Simulator(workflow(call("c"), SECRET_WAIT, edges="start>c c>w"))
    simulator.start()
    simulator.resume({"pin": SECRET})
    assert last(simulator, ResumeBuffered).secret == ("/payload",)
    assert SECRET not in shown(simulator)


def test_a_dead_letter_for_a_wait_with_secrets_stays_a_secret():
    simulator = Simulator(workflow(call("c"), SECRET_WAIT, edges="start>c c>w"))
    simulator.start()
    simulator.resume({"pin": SECRET})
    simulator.terminate()
    assert last(simulator, ResumeIgnored).secret == ("/payload",)


def test_an_answer_that_is_collected_is_a_secret_when_the_output_is():
    asked = {**card("ask", "a@example.com", "b@example.com", wait={"for": "all"}), "secret": ["/output/responses"]}
    simulator = Simulator(workflow(asked, edges="start>ask"))
    simulator.start()
    simulator.answer_card(
        card_token(EXECUTION_ID, simulator.state.started.seed, Address("", "ask", 1), 0), {"pin": SECRET}
    )
    assert last(simulator, AnswerRecorded).secret == ("/data",)
    assert SECRET not in shown(simulator)


def test_recipients_may_not_be_made_of_a_secret():
    asked = card("ask", "${login.output.data.token}", wait={"for": "first"})
    simulator = logged_in(asked, edges="login>ask")
    assert last(simulator, StepFailed).code == "SECRET_IN_CARD"


@pytest.mark.parametrize("settings", [{"for": "${login.output.data.token}"}, {"until": "${login.output.data.token}"}])
def test_a_time_made_of_a_secret_is_not_quoted(settings):
    simulator = logged_in(step("d", "delay", settings), edges="login>d")
    assert last(simulator, StepFailed).code == "BAD_INPUT"
    assert SECRET not in last(simulator, StepFailed).message


TOKEN = card_token(EXECUTION_ID, bytes(32), Address("", "ask", 1), 0)
NEARLY = "A" * 47


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (TOKEN, MASK),
        (f"https://looply.example/inbox/{TOKEN}?x=1", f"https://looply.example/inbox/{MASK}?x=1"),
        ({"a": [1, {"b": f"{TOKEN} {TOKEN}"}]}, {"a": [1, {"b": f"{MASK} {MASK}"}]}),
        ({TOKEN: 1}, {MASK: 1}),
        (
            {"a": TOKEN, "n": 10**63, "f": 0.1, "t": '\0\u20ac"\\'},
            {"a": MASK, "n": 10**63, "f": 0.1, "t": '\0\u20ac"\\'},
        ),
    ],
)
def test_tokens_are_masked_in_every_position(value, shown):
    assert without_tokens_in(value) == shown


@pytest.mark.parametrize(
    "value", [None, True, 10**63, "A" * 5000, NEARLY, [NEARLY, "A"], {"B" * 60: "C" * 60}, [[], {}]]
)
def test_a_value_without_tokens_is_returned_unchanged(value):
    assert without_tokens_in(value) is value


def test_the_secret_values_that_a_scope_sees_are_found_to_be_masked_elsewhere():
    each = step("f", "forEach", {"items": "${payload.output.rows}"})
    inner = call("c", "POST", secret=["/output/data/token"])
    simulator = Simulator(workflow(LOGIN, each, inner, call("d"), edges="start>login login>f f:each>c c>d"))
    simulator.start({"rows": [{"pin": "1234"}], "n": 1}, secret=("/output/rows",))
    simulator.succeed(ANSWER)
    simulator.succeed({**ANSWER, "data": {"token": "inner-token"}})
    assert set(map(str, secret_values(simulator.state, "f[0]"))) >= {SECRET, "{'pin': '1234'}", "inner-token"}
    assert SECRET in list(secret_values(simulator.state, ""))
