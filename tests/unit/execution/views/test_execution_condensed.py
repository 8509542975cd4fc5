"""Condensed logs: for each step its visits."""

import pytest
from msgspec import to_builtins

from kit.execution.driver import EXECUTION_ID, SEED, START_TIME, Simulator
from kit.execution.workflows import CARD, call, card, step, workflow
from looply.clock import to_ms
from looply.execution.facts.address import Address, wait_token
from looply.execution.facts.events import ChildStarted, StepSkipped
from looply.execution.views.logs import condense_logs
from looply.jsontext import encode_json

NOW = to_ms(START_TIME)


def started(*steps, edges, body=None, **options):
    simulator = Simulator(workflow(*steps, edges=edges, **options))
    simulator.start(body)
    return simulator


def logs(simulator, limit=1_000_000):
    return to_builtins(condense_logs(enumerate(simulator.history, 1), limit))


def visit(simulator, name, index=-1):
    return logs(simulator)[0][name][index]


def test_each_step_has_its_visits_with_input_and_output():
    simulator = started(call("c"), step("again", "redirect", {"target": "c"}), edges="start>c c>again", body={"n": 1})
    simulator.tick(5)
    simulator.succeed({"status": "200"})
    found, truncated = logs(simulator)
    assert not truncated
    assert list(found) == ["WorkflowStartState", "c", "again"]
    assert found["WorkflowStartState"][0]["output"] == {"n": 1}
    assert found["c"][0] == {
        "input": {"method": "GET", "url": "https://example.com/c"},
        "output": {"status": "200"},
        "started_on": NOW,
        "ended_on": NOW + 5000,
        "attempt": 1,
        "status": "SUCCEEDED",
        "error": None,
    }
    assert (found["c"][1]["status"], found["c"][1]["ended_on"]) == ("RUNNING", None)
    assert found["again"][0]["output"] == {"target": "c"}


def test_a_visit_between_attempts_runs_and_shows_its_error():
    simulator = started(call("c", retry={"max_attempts": 2}), edges="start>c")
    simulator.fail()
    seen = visit(simulator, "c")
    assert (seen["status"], seen["ended_on"], seen["error"]["code"]) == ("RUNNING", None, "CONNECTION")
    simulator.tick(1)
    simulator.succeed("done")
    seen = visit(simulator, "c")
    assert (seen["status"], seen["attempt"], seen["error"], seen["output"]) == ("SUCCEEDED", 2, None, "done")


def test_a_failed_visit_has_the_answer_that_was_its_failure():
    simulator = started(call("c", fail_on=["4xx"]), edges="start>c")
    simulator.succeed({"status": "404", "data": "no"})
    seen = visit(simulator, "c")
    assert seen["status"] == "FAILED"
    assert seen["output"] == {"status": "404", "data": "no"}
    assert seen["error"]["status"] == "404"


def test_a_failure_before_the_call_left_is_a_visit_too():
    broken = step("c", "httpRequest", {"method": "PUT", "url": "https://example.com/", "body": "${div(1, 0)}"})
    simulator = started(broken, edges="start>c")
    seen = visit(simulator, "c")
    assert (seen["status"], seen["input"], seen["error"]["code"]) == ("FAILED", None, "EXPRESSION")


def test_an_unknown_outcome_is_unknown_until_it_is_tried_again():
    simulator = started(call("c", "POST"), edges="start>c")
    simulator.lose()
    seen = visit(simulator, "c")
    assert (seen["status"], seen["error"]["code"], seen["error"]["message"]) == ("UNKNOWN", "OUTCOME_UNKNOWN", "CRASH")
    simulator.terminate()
    assert visit(simulator, "c")["status"] == "CANCELLED"
    simulator = started(call("c"), edges="start>c")
    simulator.lose()
    assert (visit(simulator, "c")["status"], visit(simulator, "c")["attempt"]) == ("RUNNING", 2)


def test_waits_and_delays_wait():
    simulator = started(step("w", "wait"), step("d", "delay", {"for": "PT5S"}), edges="start>w w>d")
    assert visit(simulator, "w")["status"] == "WAITING"
    simulator.resume({"ok": True})
    assert visit(simulator, "w")["output"] == {"source": "SAP", "ok": True}
    assert (visit(simulator, "d")["status"], visit(simulator, "d")["input"]) == ("WAITING", {"due_on": NOW + 5000})
    simulator.tick(5)
    assert (visit(simulator, "d")["status"], visit(simulator, "d")["ended_on"]) == ("SUCCEEDED", NOW + 5000)


def test_a_wait_without_an_answer_times_out():
    simulator = started(step("w", "wait", {"timeout": "PT1H"}), edges="start>w")
    simulator.tick(3600)
    assert visit(simulator, "w")["status"] == "TIMED_OUT"


def test_a_card_shows_its_recipients_and_its_body():
    body = {**CARD, "fallbackText": "token ${waits.ask}"}
    simulator = started(card("ask", "a@example.com", wait={"timeout": "PT1H"}, card=body), edges="start>ask")
    seen = visit(simulator, "ask")
    assert seen["status"] == "WAITING"
    assert seen["input"] == {"recipients": ["a@example.com"], "card": {**CARD, "fallbackText": "token ***"}}
    assert wait_token(EXECUTION_ID, SEED, Address("", "ask", 1)) in str(simulator.history)
    simulator.terminate()
    assert visit(simulator, "ask")["status"] == "CANCELLED"


def test_the_timeout_of_the_execution_is_no_visit():
    simulator = started(call("c"), edges="start>c", settings={"timeout": "PT1H"})
    assert list(logs(simulator)[0]) == ["WorkflowStartState", "c"]


def test_a_skipped_step_is_skipped():
    simulator = started(call("c"), edges="start>c")
    simulator.history.append(StepSkipped(at=simulator.now, step="c", output=5))
    assert (visit(simulator, "c")["status"], visit(simulator, "c")["output"]) == ("SKIPPED", 5)


def test_a_conditional_shows_its_variables():
    rules = [{"variable": "${payload.output.n}", "operator": "IsPresent"}]
    simulator = started(step("if", "conditional", {"rules": rules}), edges="start>if", body={"n": 1})
    seen = visit(simulator, "if")
    shown = {"variable": "${payload.output.n}", "value": 1, "operator": "IsPresent", "compared_with": True}
    assert seen["input"] == [shown]
    assert seen["output"] == {"branch": "yes"}


def test_a_conditional_shows_its_compared_values_also_within_not():
    inner = {"operator": "NumericLessThan", "value": "${payload.output.limit}"}
    rules = [{"variable": "${payload.output.n}", "operator": "Not", "value": inner}]
    simulator = started(step("if", "conditional", {"rules": rules}), edges="start>if", body={"n": 5, "limit": 3})
    negated = {"operator": "NumericLessThan", "compared_with": 3}
    shown = {"variable": "${payload.output.n}", "value": 5, "operator": "Not", "compared_with": negated}
    assert visit(simulator, "if")["input"] == [shown]


def test_a_branch_conditional_shows_its_variable_once_and_the_values_up_to_the_one_that_fits():
    branches = [{"id": id_, "value": id_} for id_ in ("a", "b", "c")]
    settings = {"variable": "${payload.output.x}", "operator": "StringEquals", "branches": branches}
    simulator = started(step("if", "branchConditional", settings), edges="start>if", body={"x": "b"})
    shown = {"variable": "${payload.output.x}", "value": "b", "operator": "StringEquals", "compared_with": ["a", "b"]}
    assert visit(simulator, "if")["input"] == [shown]


def test_a_compared_value_that_was_made_of_a_secret_is_masked():
    rule = {"variable": "${payload.output.n}", "operator": "StringEquals", "value": "${c.output.data}"}
    branches = [{"id": "a", "value": "${c.output.data}"}, {"id": "b", "value": "x"}]
    branching = {"variable": "${c.output.data}", "operator": "StringEquals", "branches": branches}
    calling = call("c", secret=["/output/data"])
    steps = (calling, step("if", "conditional", {"rules": [rule]}), step("which", "branchConditional", branching))
    simulator = started(*steps, edges="start>c c>if if:no>which", body={"n": "x"})
    simulator.succeed({"status": "200", "data": "CANARY"})
    assert visit(simulator, "if")["input"][0]["compared_with"] == "***"
    assert visit(simulator, "which")["input"][0]["compared_with"] == ["***"]
    assert visit(simulator, "which")["input"][0]["value"] == "***"
    assert "CANARY" not in str(logs(simulator)[0])


def test_an_override_shows_its_evaluated_values():
    settings = {"parameters": [{"name": "total", "value": "${add(payload.output.n, 1)}"}]}
    simulator = started(step("set", "overridePayload", settings), edges="start>set", body={"n": 1})
    assert visit(simulator, "set")["input"] == {"parameters": {"total": 2}}
    replacing = step("set", "overridePayload", {"payload": {"n": "${payload.output.n}"}})
    assert visit(started(replacing, edges="start>set", body={"n": 1}), "set")["input"] == {"payload": {"n": 1}}


def test_an_override_of_a_secret_is_masked_in_input_and_output():
    settings = {"parameters": [{"name": "copy", "value": "${c.output.data}"}]}
    steps = (call("c", secret=["/output/data"]), step("set", "overridePayload", settings))
    simulator = started(*steps, edges="start>c c>set")
    simulator.succeed({"status": "200", "data": "CANARY"})
    assert visit(simulator, "set")["input"] == {"parameters": {"copy": "***"}}
    assert "CANARY" not in str(logs(simulator)[0])


def test_a_large_override_shows_its_values_as_output_alone():
    settings = {"parameters": [{"name": "x", "value": "${payload.output.n}"}]}
    simulator = started(step("set", "overridePayload", settings), edges="start>set", body={"n": "y" * 3000})
    seen = visit(simulator, "set")
    assert seen["input"] == {"parameters": {"trimmed_bytes": len(encode_json(seen["output"]))}}


def test_other_steps_that_only_compute_show_their_evaluated_values():
    ended = started(step("end", "terminate", {"reason": "${payload.output.n}"}), edges="start>end", body={"n": "over"})
    assert visit(ended, "end")["input"] == {"status": "COMPLETED", "reason": "over"}
    again = step("again", "redirect", {"target": "w"})
    assert visit(started(again, step("w", "wait", {}), edges="start>again"), "again")["input"] == {"target": "w"}


def test_a_wait_shows_whose_answers_it_takes_and_until_when():
    simulator = started(step("w", "wait", {"sources": ["SAP"], "timeout": "PT1H"}), edges="start>w")
    shown = visit(simulator, "w")["input"]
    assert shown == {"sources": ["SAP"], "timeout_on": to_ms(simulator.now) + 3_600_000}


@pytest.mark.parametrize("limit", [0, 100, 400, 700, 1000, 2000, 5000])
def test_the_logs_have_at_most_so_many_bytes_and_say_when_something_is_left_out(limit):
    simulator = started(call("c"), call("d"), edges="start>c c>d")
    simulator.succeed("x" * 1000)
    simulator.succeed("y")
    found, truncated = logs(simulator, limit)
    assert sum(len(encode_json(one)) for visits in found.values() for one in visits) <= limit
    assert truncated == (limit < 2000)
    if limit == 1000:
        assert found["c"][0]["output"] == {"trimmed_bytes": 1002}
        assert found["d"][0]["output"] == "y"


def test_a_child_is_shown_with_its_workflow_and_payload_while_it_is_waited_for():
    callee = "0190c3b2-0000-7000-8000-000000000001"
    sub = step("sub", "subworkflow", {"workflow_id": callee, "payload": {"n": 1}})
    seen = visit(started(sub, edges="start>sub"), "sub")
    assert (seen["status"], seen["input"]) == ("WAITING", {"workflow_id": callee, "payload": {"n": 1}})


def test_a_reminder_changes_nothing_of_a_visit():
    ask = step("ask", "approval", {"recipients": ["a@example.com"], "reminders": ["PT1H"]})
    simulator = started(ask, edges="start>ask")
    before = visit(simulator, "ask")
    simulator.tick(3600)
    assert visit(simulator, "ask") == before


def test_a_child_that_no_step_has_started_is_no_visit():
    simulator = started(call("c"), edges="start>c")
    before = logs(simulator)
    simulator.history.append(ChildStarted(at=START_TIME, child_id="child", workflow_id="w", input=None))
    assert logs(simulator) == before
