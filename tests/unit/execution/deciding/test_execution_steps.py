"""The steps that compute, and the delay."""

from datetime import UTC, datetime, timedelta

import pytest

from kit.execution.driver import Simulator
from kit.execution.workflows import call, step, workflow
from looply.execution.facts.events import Computed
from looply.limits import Limits


def run(*steps, edges, body=None, limits=Limits(), **options):  # noqa: B008  # frozen
    simulator = Simulator(workflow(*steps, edges=edges, **options), limits=limits)
    simulator.start(body)
    return simulator


def over(amount):
    return {"variable": "${payload.output.amount}", "operator": "NumericGreaterThan", "value": amount}


def rule(variable, operator="StringEquals", value="x"):
    return {"variable": variable, "operator": operator, "value": value}


def visits(simulator, name):
    return [event for event in simulator.history if isinstance(event, Computed) and event.step == name]


@pytest.mark.parametrize(("amount", "branch"), [(1500, "yes"), (1000, "no"), (None, "no"), ("1500", "no")])
def test_a_conditional_takes_yes_when_all_rules_hold(amount, branch):
    flow = [step("if", "conditional", {"rules": [over(1000), over(1)]}), call("big"), call("small")]
    simulator = run(*flow, edges="start>if if:yes>big if:no>small", body={"amount": amount})
    assert simulator.state.current_state == {"yes": "big", "no": "small"}[branch]
    assert simulator.state.outputs["if"] == {"branch": branch}
    (visit,) = visits(simulator, "if")
    rule = {"variable": "${payload.output.amount}", "operator": "NumericGreaterThan"}
    assert visit.input[0] == {**rule, "value": amount, "compared_with": 1000}


def test_rules_are_tried_up_to_the_first_that_does_not_hold():
    rules = [over(1000), rule("${string(div(1, payload.output.zero))}")]
    simulator = run(
        step("if", "conditional", {"rules": rules}), call("c"), edges="start>if if:no>c", body={"amount": 1, "zero": 0}
    )
    assert simulator.state.current_state == "c"
    assert len(visits(simulator, "if")[0].input) == 1


def test_a_rule_that_cannot_be_evaluated_fails_the_step():
    rules = [rule("${string(div(1, payload.output.zero))}")]
    simulator = run(step("if", "conditional", {"rules": rules}), edges="start>if", body={"zero": 0})
    (incident,) = simulator.state.incidents.values()
    assert (incident.code, incident.step) == ("EXPRESSION", "if")


def test_a_large_variable_is_not_kept_in_the_history():
    simulator = run(
        step("if", "conditional", {"rules": [rule("${payload}", "IsPresent", True)]}), edges="start>if", body="x" * 3000
    )
    assert visits(simulator, "if")[0].input[0]["value"] == "(a value that has more than 2048 bytes)"


@pytest.mark.parametrize(("action", "branch"), [("approve", "ok"), ("reject", "no"), ("", "else"), (None, "else")])
def test_a_branch_conditional_takes_the_first_branch_that_fits(action, branch):
    settings = {
        "variable": "${payload.output.action}",
        "operator": "StringEquals",
        "branches": [{"id": "ok", "value": "approve"}, {"id": "no", "value": "reject"}, {"id": "x", "value": "reject"}],
    }
    simulator = run(step("if", "branchConditional", settings), edges="start>if", body={"action": action})
    assert simulator.state.outputs["if"] == {"branch": branch}
    assert len(visits(simulator, "if")[0].input) == 1
    assert simulator.state.status == "COMPLETED"


@pytest.mark.parametrize(
    ("body", "branch", "tried"),
    [
        ({"a": "x", "b": "x"}, "one", 2),
        ({"a": "x", "c": "x"}, "one", 3),
        ({"c": "x"}, "one", 2),
        ({"d": "x"}, "two", 3),
        ({}, "else", 3),
    ],
)
def test_an_advanced_conditional_takes_the_branch_of_which_any_group_holds(body, branch, tried):
    conditions = [
        {"join": "simple", **rule("${payload.output.a}")},
        {"join": "and", **rule("${payload.output.b}")},
        {"join": "or", **rule("${payload.output.c}")},
    ]
    settings = {
        "branches": [
            {"id": "one", "conditions": conditions},
            {"id": "two", "conditions": [{"join": "simple", **rule("${payload.output.d}")}]},
        ]
    }
    simulator = run(step("if", "advancedConditional", settings), edges="start>if", body=body)
    assert simulator.state.outputs["if"] == {"branch": branch}
    assert len(visits(simulator, "if")[0].input) == tried


def override(**settings):
    return step("set", "overridePayload", settings)


def test_parameters_set_names_of_the_payload_and_go_deeper():
    parameters = [
        {"name": "total", "value": "${add(payload.output.a, 1)}"},
        {"name": "address.city", "value": "Bonn"},
        {"name": "a.b", "value": 1},
    ]
    body = {"a": 2, "address": {"street": "Weg"}, "workflow_id": "mine"}
    simulator = run(override(parameters=parameters), edges="start>set", body=body)
    payload = simulator.state.payload
    assert payload["total"] == 3
    assert payload["address"] == {"street": "Weg", "city": "Bonn"}
    assert payload["a"] == {"b": 1}
    assert payload["workflow_id"] == "workflow"
    assert simulator.state.outputs["set"]["address.city"] == "Bonn"
    assert body["address"] == {"street": "Weg"}


@pytest.mark.parametrize(("value", "shown"), [({"b": 1}, {"b": 1}), ([1], {"body": [1]}), (None, {"body": None})])
def test_a_payload_replaces_the_callers_part_alone(value, shown):
    simulator = run(override(payload=value), edges="start>set", body={"a": 2})
    payload = dict(simulator.state.payload)
    assert payload.pop("workflow_trigger_type") == "REQUEST"
    assert payload.pop("executor") == "starter"
    assert {name: item for name, item in payload.items() if name in ("a", "b", "body")} == shown
    assert payload["workflow_version"] == "1"


def test_a_loop_that_doubles_the_payload_ends_at_the_limit_of_the_document():
    doubled = override(parameters=[{"name": "x", "value": "${createArray(payload.output.x, payload.output.x)}"}])
    again = step("again", "redirect", {"target": "set", "max_visits": 1000})
    simulator = run(doubled, again, edges="start>set set>again", body={"x": "0123456789"})
    (incident,) = simulator.state.incidents.values()
    assert incident.code in ("LIMIT", "DOCUMENT_TOO_LARGE")
    assert simulator.state.document_bytes <= simulator.limits.document_bytes


def test_a_loop_that_nests_the_payload_ends_at_the_limit_of_levels():
    nested = override(parameters=[{"name": "x", "value": "${createArray(payload.output.x)}"}])
    again = step("again", "redirect", {"target": "set", "max_visits": 1000})
    simulator = run(nested, again, edges="start>set set>again", body={"x": 1})
    (incident,) = simulator.state.incidents.values()
    assert incident.code == "LIMIT"
    assert "200 levels" in incident.message


def test_a_counter_in_a_loop_does_not_use_up_the_document():
    count = override(parameters=[{"name": "n", "value": "${add(payload.output.n, 1)}"}])
    again = step("again", "redirect", {"target": "set", "max_visits": 500})
    simulator = run(
        count, again, edges="start>set set>again", body={"n": 0}, limits=Limits(document_bytes=2000, stretch_steps=50)
    )
    (incident,) = simulator.state.incidents.values()
    assert incident.code == "LOOP_LIMIT"
    assert simulator.state.payload["n"] == 501


def test_a_payload_that_does_not_fit_into_the_document_fails_the_step():
    simulator = run(override(payload={"x": "y" * 300}), edges="start>set", limits=Limits(document_bytes=500))
    (incident,) = simulator.state.incidents.values()
    assert incident.code == "DOCUMENT_TOO_LARGE"
    assert "payload" in simulator.state.sizes


@pytest.mark.parametrize(("stated", "most"), [(3, 3), (None, 100)])
def test_a_redirect_goes_back_a_bounded_number_of_times(stated, most):
    settings = {"target": "c"} if stated is None else {"target": "c", "max_visits": stated}
    simulator = run(call("c"), step("again", "redirect", settings), edges="start>c c>again")
    for _ in range(most + 1):
        simulator.succeed()
    (incident,) = simulator.state.incidents.values()
    assert (incident.code, incident.step, incident.visit) == ("LOOP_LIMIT", "again", most + 1)
    assert len(visits(simulator, "again")) == most
    assert f"{most} times" in incident.message


def test_a_name_with_thousands_of_dots_fails_the_step():
    simulator = run(override(parameters=[{"name": ".".join("a" * 5000), "value": 1}]), edges="start>set")
    (incident,) = simulator.state.incidents.values()
    assert incident.code == "LIMIT"


def test_a_redirect_over_its_limit_takes_its_error_exit():
    simulator = run(
        override(parameters=[{"name": "n", "value": 1}]),
        step("again", "redirect", {"target": "set", "max_visits": 1}),
        step("end", "terminate", {"reason": "${error.code}"}),
        edges="start>set set>again again:error>end",
    )
    assert simulator.state.closed.reason == "LOOP_LIMIT"


@pytest.mark.parametrize(
    ("settings", "status", "reason"),
    [
        ({}, "COMPLETED", ""),
        ({"status": "FAILED", "reason": "no answer"}, "FAILED", "no answer"),
        ({"reason": "${payload.output.why}"}, "COMPLETED", '{"a":1}'),
        ({"reason": "over ${payload.output.n}"}, "COMPLETED", "over 5"),
    ],
)
def test_terminate_ends_the_execution_at_once(settings, status, reason):
    simulator = run(step("end", "terminate", settings), edges="start>end", body={"why": {"a": 1}, "n": 5})
    assert simulator.state.status == status
    assert simulator.state.closed.reason == reason
    assert simulator.state.current_state == "end"
    assert simulator.work.is_empty


def test_a_reason_that_is_too_large_fails_the_step():
    simulator = run(
        step("end", "terminate", {"reason": "${payload}"}),
        edges="start>end",
        body="x" * 200,
        limits=Limits(body_bytes=100),
    )
    (incident,) = simulator.state.incidents.values()
    assert incident.code == "LIMIT"


@pytest.mark.parametrize(
    ("settings", "due"),
    [
        ({"for": "PT2H"}, datetime(2030, 1, 7, 11, 0, tzinfo=UTC)),
        ({"for": "P1D"}, datetime(2030, 1, 8, 9, 0, tzinfo=UTC)),
        ({"for": "PT0S"}, datetime(2030, 1, 7, 9, 0, tzinfo=UTC)),
        ({"for": "${payload.output.pause}"}, datetime(2030, 1, 7, 9, 0, 5, tzinfo=UTC)),
        ({"until": "2030-01-07T12:00:00+01:00"}, datetime(2030, 1, 7, 11, 0, tzinfo=UTC)),
        ({"until": "2020-01-01T00:00:00Z"}, datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_delay_waits_for_a_time_or_until_an_instant(settings, due):
    simulator = run(step("pause", "delay", settings), call("c"), edges="start>pause pause>c", body={"pause": "PT5S"})
    assert simulator.state.status == "WAITING"
    assert simulator.state.current_state == "pause"
    (timer,) = simulator.work.timers.values()
    assert (timer.kind, timer.due) == ("DELAY", due)
    simulator.tick(max(0, (due - simulator.now).total_seconds()))
    assert simulator.state.current_state == "c"
    assert not simulator.work.timers


@pytest.mark.parametrize(
    "settings",
    [
        {"for": "${payload.output.nothing}"},
        {"for": "${payload.output.word}"},
        {"for": "${payload.output.long}"},
        {"until": "${payload.output.nothing}"},
        {"until": "${payload.output.word}"},
    ],
)
def test_a_delay_that_is_no_time_fails_the_step(settings):
    body = {"word": "soon", "long": "P999999999Y"}
    simulator = run(step("pause", "delay", settings), edges="start>pause", body=body)
    (incident,) = simulator.state.incidents.values()
    assert incident.code == "BAD_INPUT"
    assert next(iter(settings)) in incident.message


def test_the_date_parts_of_a_delay_are_counted_in_the_zone_of_the_workflow():
    simulator = Simulator(
        workflow(step("pause", "delay", {"for": "P1D"}), edges="start>pause", settings={"timezone": "Europe/Berlin"})
    )
    simulator.now = datetime(2030, 3, 30, 12, 0, tzinfo=UTC)
    simulator.start()
    (timer,) = simulator.work.timers.values()
    assert timer.due - simulator.now == timedelta(hours=23)


def test_a_timeout_of_a_wait_may_be_an_expression():
    simulator = run(step("w", "wait", {"timeout": "${payload.output.pause}"}), edges="start>w", body={"pause": "PT5S"})
    (wait,) = simulator.state.waits.values()
    assert wait.timeout_on - simulator.now == timedelta(seconds=5)


def test_all_steps_of_a_stretch_see_one_instant_and_chance_is_of_the_visit():
    settings = {"parameters": [{"name": "on", "value": "${utcNow()}"}, {"name": "id", "value": "${newGuid()}"}]}
    again = step("again", "redirect", {"target": "set", "max_visits": 1})
    one, two = (
        run(step("set", "overridePayload", settings), again, edges="start>set set>again", body=None) for _ in range(2)
    )
    first, second = (event.output for event in visits(one, "set"))
    assert first["on"] == second["on"] == "2030-01-07T09:00:00.000Z"
    assert first["id"] != second["id"]
    assert [event.output for event in visits(two, "set")] == [first, second]
