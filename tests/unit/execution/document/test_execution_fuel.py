"""One visit of a step has one budget of fuel, however many expressions it evaluates."""

import pytest

from kit.calls import observed_calls
from kit.execution.driver import Simulator
from kit.execution.workflows import CARD, call, step, workflow
from looply.definition import STEP_TYPES
from looply.execution.document.evaluation import Secrets
from looply.expressions import parse_template
from looply.limits import Limits

FUEL = 5_000
CALLEE = "01944ca1-1c00-7000-8000-00000000c41d"
CALLS_OF_A_UNIT = 5
"""Calls of functions that a unit of fuel pays for at most; the 100,000 units of a step are some 30 ms."""

HALF = "${count(foreach(range(1, 1000), x, x))}"
"""More than half of the fuel that a step of these tests has."""


def run(*steps, edges, body=None):
    simulator = Simulator(workflow(*steps, edges=edges), limits=Limits(expression_fuel=FUEL))
    simulator.start(body)
    return simulator


def incident(simulator):
    (found,) = simulator.state.incidents.values()
    return found.code, found.message


def parameters(count):
    return {"parameters": [{"name": f"p{number}", "value": HALF} for number in range(count)]}


def rules(count):
    return {"rules": [{"variable": HALF, "operator": "IsPresent", "value": True} for _ in range(count)]}


def branches(count):
    return {
        "variable": "${payload.output.n}",
        "operator": "NumericEquals",
        "branches": [{"id": f"b{number}", "value": HALF} for number in range(count)],
    }


def groups(count):
    rule = {"join": "simple", "variable": HALF, "operator": "IsPresent", "value": False}
    return {"branches": [{"id": f"b{number}", "conditions": [rule]} for number in range(count)]}


MANY = {
    "overridePayload": parameters,
    "conditional": rules,
    "branchConditional": branches,
    "advancedConditional": groups,
}


def shown(count):
    texts = [{"type": "TextBlock", "text": HALF} for _ in range(count)]
    return {"recipients": ["a@example.com"], "card": {**CARD, "body": texts}}


POST = {"url": "https://erp.example/orders", "method": "POST"}
OTHERS = {
    "httpRequest": lambda count: {**POST, "body": {"a": [HALF] * count}},
    "sapRequest": lambda count: {"connection": "S4", "service_path": "/a", "params": {"a": HALF * count}},
    "operation": lambda count: {"operation": "http.request", "input": {**POST, "body": [HALF] * count}},
    "function": lambda count: {"language": "python", "code": "return 1", "input": [HALF] * count},
    "email": lambda count: {"connection": "MAIL", "to": "a@example.com", "subject": "s", "text": HALF * count},
    "datastore": lambda count: {"operation": "set", "name": "d", "value": [HALF] * count},
    "subworkflow": lambda count: {"workflow_id": CALLEE, "payload": {"a": [HALF] * count}},
    "adaptiveCard": shown,
    "approval": shown,
    "delay": lambda count: {"for": f"PT{HALF * count}S"},
    "wait": lambda count: {"timeout": f"PT{HALF * count}S"},
    "terminate": lambda count: {"reason": HALF * count},
    "forEach": lambda count: {"items": [HALF] * count},
}
WITHOUT_EXPRESSIONS = {"trigger", "parallel", "join", "redirect"}


def alone(kind, count):
    """Runs a step with so many expressions, a `forEach` with a body."""
    body = [step("n", "overridePayload", {"payload": {}})] if kind == "forEach" else []
    edges = "start>s s:each>n" if body else "start>s"
    return run(step("s", kind, OTHERS[kind](count)), *body, edges=edges)


def test_every_type_of_step_with_expressions_is_tried():
    assert STEP_TYPES.keys() == {*MANY, *OTHERS, *WITHOUT_EXPRESSIONS}


@pytest.mark.parametrize("kind", OTHERS)
def test_the_expressions_of_any_other_step_share_one_budget(kind):
    assert not alone(kind, 1).state.incidents
    code, message = incident(alone(kind, 40))
    assert code == "EXPRESSION_LIMIT"
    assert f"the step needs more than {FUEL} units of work" in message


@pytest.mark.parametrize("kind", MANY)
def test_one_expression_of_a_step_is_within_its_budget(kind):
    simulator = run(step("s", kind, MANY[kind](1)), edges="start>s")
    assert simulator.state.status == "COMPLETED"


@pytest.mark.parametrize("kind", MANY)
def test_many_expressions_of_a_step_share_one_budget(kind):
    simulator = run(step("s", kind, MANY[kind](40)), edges="start>s")
    code, message = incident(simulator)
    assert code == "EXPRESSION_LIMIT"
    assert f"the step needs more than {FUEL} units of work" in message


@pytest.mark.parametrize("kind", MANY)
def test_the_work_of_a_step_is_in_proportion_to_its_budget(kind):
    calls = 0

    def note(*_):
        nonlocal calls
        calls += 1

    with observed_calls(note, note):
        simulator = run(step("s", kind, MANY[kind](40)), edges="start>s")
    assert incident(simulator)[0] == "EXPRESSION_LIMIT"
    # The rest are the compilation of the workflow and the history.
    assert calls < CALLS_OF_A_UNIT * FUEL + 60_000


def test_the_branches_of_one_variable_share_its_value():
    branches_of = {**branches(40), "variable": HALF}
    for number, branch in enumerate(branches_of["branches"]):
        branch["value"] = number
    assert run(step("s", "branchConditional", branches_of), edges="start>s").state.status == "COMPLETED"


def test_each_visit_has_a_budget_of_its_own():
    steps = [step(f"s{number}", "overridePayload", parameters(1)) for number in range(20)]
    edges = " ".join(f"{'start' if not number else f's{number - 1}'}>s{number}" for number in range(20))
    assert run(*steps, edges=edges).state.status == "COMPLETED"


def test_comparing_long_texts_takes_fuel():
    rule = {"variable": "${payload.output.t}", "operator": "StringMatches", "value": "*ab*"}
    negated = {"rules": [{"operator": "Not", "value": rule} for _ in range(200)]}
    simulator = run(step("s", "conditional", negated), edges="start>s", body={"t": "a" * 20_000})
    assert incident(simulator)[0] == "EXPRESSION_LIMIT"


def test_secrets_are_found_in_any_letter_case_within_and_around_a_reference():
    secrets = Secrets([("payload", "output", "key"), ("call", "output")])
    template = parse_template(["${payload.output.KEY}", "${payload.output.other}", "${call.output.a.b}", "${payload}"])
    assert secrets.pointers(template) == ("/0", "/2", "/3")
    assert not Secrets([]).are_read_by(template)
    assert Secrets([()]).pointers(template) == ("/0", "/1", "/2", "/3")


def test_a_conditional_shows_the_values_that_it_compared():
    rule = {"variable": "${rand(0, 1000000000)}", "operator": "NumericGreaterThanEquals", "value": 0}
    shown = []
    for operand in (0, "${payload.output.shown}"):
        settings = {"rules": [{**rule, "operator": "NumericEquals", "value": operand}]}
        simulator = run(
            step("s", "conditional", settings),
            call("c"),
            call("d"),
            edges="start>s s:yes>c s:no>d",
            body={"shown": shown[0] if shown else None},
        )
        shown.append(simulator.history[-2].input[0]["value"])
    assert simulator.state.current_state == "c"
