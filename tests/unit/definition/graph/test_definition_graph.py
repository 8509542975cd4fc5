"""Steps, edges, reachability and loops."""

from collections.abc import Callable
from typing import Any

import pytest

from looply.definition import Findings, compile_definition, parse_definition
from looply.errors import Problem, say

Check = Callable[..., Findings]
Build = Callable[..., dict[str, Any]]

WAIT = {"id": "wait_1", "type": "wait"}
END = {"id": "terminate_1", "type": "terminate"}
CHOICE = {
    "id": "conditional_1",
    "type": "conditional",
    "settings": {"rules": [{"variable": "${payload.output.x}", "operator": "IsPresent"}]},
}
SET = {"id": "set_1", "type": "overridePayload", "settings": {"payload": {}}}


def edge(source: str, target: str, branch: str | None = None) -> dict[str, str]:
    own = {"from": source, "to": target}
    return own if branch is None else {**own, "branch": branch}


FIRST = edge("WorkflowStartState", "conditional_1")


def one(problems: tuple[Problem, ...]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def test_without_a_start_nothing_can_begin() -> None:
    findings = parse_definition({"workflow_name": "x", "workflow_steps": [WAIT], "workflow_connections": []})
    assert one(findings.errors).path == "/workflow_steps"
    assert "the start is missing" in one(findings.errors).message


def test_the_start_must_be_a_trigger(definition: Build) -> None:
    document = definition(WAIT)
    document["workflow_steps"][0] = {"id": "WorkflowStartState", "type": "wait"}
    assert one(parse_definition(document).errors).path == "/workflow_steps/0/type"


def test_a_second_trigger_is_refused(check: Check) -> None:
    findings = check({"id": "trigger_1", "type": "trigger", "settings": {"trigger_type": "REQUEST"}})
    problem = next(p for p in findings.errors if p.path == "/workflow_steps/1/id")
    assert "one trigger" in problem.message


@pytest.mark.parametrize("id_", ["payload", "environment", "error", "waits", "item", "index"])
def test_a_name_of_the_data_document_is_no_id(check: Check, id_: str) -> None:
    problem = one(check({"id": id_, "type": "wait"}).errors)
    assert problem.path == "/workflow_steps/1/id"
    assert problem.hint == f"such as {id_}_1"


def test_an_id_cannot_be_there_twice(check: Check) -> None:
    findings = check(WAIT, {**WAIT}, edges=[edge("WorkflowStartState", "wait_1")])
    problem = one(findings.errors)
    assert problem.path == "/workflow_steps/2/id"
    assert "/workflow_steps/1" in problem.message


def test_an_edge_must_join_steps_that_exist(check: Check) -> None:
    edges = [edge("WorkflowStartState", "wait_1"), edge("wiat_1", "terminate_1")]
    problem = one(check(WAIT, END, edges=edges).errors)
    assert problem.path == "/workflow_connections/1/from"
    assert problem.hint == "did you mean 'wait_1'?"


def test_an_edge_cannot_lead_into_the_start(check: Check) -> None:
    edges = [edge("WorkflowStartState", "wait_1"), edge("wait_1", "WorkflowStartState")]
    assert one(check(WAIT, edges=edges).errors).path == "/workflow_connections/1/to"


@pytest.mark.parametrize(
    ("source", "branch", "path", "hint"),
    [
        ("conditional_1", None, "/workflow_connections/1", "its exits are yes, no, error"),
        ("conditional_1", "yess", "/workflow_connections/1/branch", "did you mean 'yes'?"),
        ("terminate_1", None, "/workflow_connections/1", "the path ends there"),
        ("WorkflowStartState", "error", "/workflow_connections/1/branch", "its exits are next"),
    ],
)
def test_an_edge_must_leave_by_an_exit_that_exists(
    check: Check, source: str, branch: str | None, path: str, hint: str
) -> None:
    edges = [FIRST, edge(source, "wait_1", branch)]
    problem = one(check(CHOICE, END, WAIT, edges=edges).errors)
    assert (problem.path, problem.hint) == (path, hint)


def test_an_exit_has_at_most_one_edge(check: Check) -> None:
    edges = [edge("WorkflowStartState", "wait_1"), edge("wait_1", "terminate_1"), edge("wait_1", "terminate_1", "next")]
    problem = one(check(WAIT, END, edges=edges).errors)
    assert problem.path == "/workflow_connections/2/branch"
    assert "/workflow_connections/1" in problem.message


def test_branches_and_error_are_exits(check: Check) -> None:
    choice = {
        "id": "b",
        "type": "branchConditional",
        "settings": {
            "variable": "${payload.output.x}",
            "operator": "StringEquals",
            "branches": [{"id": "a", "value": "a"}],
        },
    }
    edges = [edge("WorkflowStartState", "b"), *(edge("b", "terminate_1", exit_) for exit_ in ("a", "else", "error"))]
    findings = check(choice, END, edges=edges)
    assert not findings.errors
    assert not findings.warnings
    assert findings.workflow is not None
    assert findings.workflow.next("b", "a") == "terminate_1"
    assert findings.workflow.next("b", "error") == "terminate_1"
    assert findings.workflow.next("b", "next") is None


def test_the_start_must_lead_on(check: Check) -> None:
    findings = check(edges=[])
    assert one(findings.errors) == Problem.of(
        "/workflow_steps/0",
        say("START_OPEN", "no edge leads from the start"),
        say("CONNECT_FIRST_STEP", "connect it with the first step"),
    )


def test_an_open_exit_is_a_warning(check: Check) -> None:
    findings = check(CHOICE, END, edges=[FIRST, edge("conditional_1", "terminate_1", "yes")])
    assert not findings.errors
    assert "the exit 'no' of 'conditional_1' is open" in one(findings.warnings).message


def test_an_open_timeout_is_a_warning_when_there_is_a_timeout(check_step: Check) -> None:
    assert "'timeout' of 'step_1' is open" in one(check_step("wait", {"timeout": "P1D"}).warnings).message
    assert not check_step("wait", {}).warnings


def test_a_timeout_exit_without_a_timeout_is_a_warning(check: Check) -> None:
    edges = [edge("WorkflowStartState", "wait_1"), edge("wait_1", "terminate_1", "timeout")]
    warning = one(check(WAIT, END, edges=edges).warnings)
    assert "never taken" in warning.message


def test_an_unreachable_step_is_a_warning(check: Check) -> None:
    warning = one(check(WAIT, END, edges=[edge("WorkflowStartState", "wait_1")]).warnings)
    assert (warning.path, warning.message) == (
        "/workflow_steps/2",
        "'terminate_1' is never reached: no path leads to it from the start",
    )


def redirect(**settings: Any) -> dict[str, Any]:
    return {"id": "redirect_1", "type": "redirect", "settings": {"target": "conditional_1", **settings}}


def loop_of(step: dict[str, Any], check: Check) -> Findings:
    edges = [FIRST, edge("conditional_1", step["id"], "yes"), edge("conditional_1", "terminate_1", "no")]
    if step["type"] != "redirect":
        edges.append(edge(step["id"], "conditional_1"))
    return check(CHOICE, step, END, edges=edges)


def test_a_loop_that_only_computes_is_refused(check: Check) -> None:
    problem = one(loop_of(SET, check).errors)
    assert problem.path == "/workflow_connections/3"
    assert problem.message == "the loop conditional_1 -> set_1 -> conditional_1 has neither a wait nor a call"


def test_a_redirect_that_states_no_bound_does_not_close_a_loop(check: Check) -> None:
    problem = one(loop_of(redirect(), check).errors)
    assert problem.path == "/workflow_steps/2/settings/target"


@pytest.mark.parametrize(
    "step",
    [
        redirect(max_visits=5),
        WAIT,
        {"id": "delay_1", "type": "delay", "settings": {"for": "PT1M"}},
        {"id": "call_1", "type": "httpRequest", "settings": {"url": "https://a.example", "fail_on": ["4xx"]}},
    ],
)
def test_a_loop_with_a_pause_a_call_or_a_bound_is_allowed(check: Check, step: dict[str, Any]) -> None:
    findings = loop_of(step, check)
    assert not findings.errors
    assert findings.workflow is not None
    assert findings.workflow.next(step["id"]) == "conditional_1"


def test_a_step_that_leads_to_itself_is_a_loop(check: Check) -> None:
    findings = check(SET, edges=[edge("WorkflowStartState", "set_1"), edge("set_1", "set_1")])
    assert "the loop set_1 -> set_1 has" in one(findings.errors).message


def test_a_long_loop_is_shown_in_part_and_needs_no_deep_stack(check: Check) -> None:
    steps = [{**SET, "id": f"s{i}"} for i in range(999)]
    edges = [edge("WorkflowStartState", "s0"), *(edge(f"s{i}", f"s{(i + 1) % 999}") for i in range(999))]
    assert "s7 -> ... -> s0" in one(check(*steps, edges=edges).errors).message


def test_paths_that_meet_again_are_no_loop(check: Check) -> None:
    edges = [
        FIRST,
        edge("conditional_1", "set_1", "yes"),
        edge("conditional_1", "wait_1", "no"),
        edge("set_1", "set_2"),
        edge("wait_1", "set_2"),
        edge("conditional_1", "set_2", "error"),
    ]
    assert not check(CHOICE, SET, WAIT, {**SET, "id": "set_2"}, edges=edges).errors


@pytest.mark.parametrize(
    ("target", "message", "hint"),
    [
        ("conditional1", "there is no step 'conditional1'", "did you mean 'conditional_1'?"),
        ("WorkflowStartState", "a redirect leads to another step, and not to the start", ""),
        ("redirect_1", "a redirect leads to another step, and not to the start", ""),
    ],
)
def test_a_redirect_leads_to_another_step(check: Check, target: str, message: str, hint: str) -> None:
    problem = one(loop_of(redirect(target=target, max_visits=2), check).errors)
    assert problem.path == "/workflow_steps/2/settings/target"
    assert (problem.message, problem.hint) == (message, hint)


def test_unknown_types_and_ends_do_not_hide_other_findings(check: Check) -> None:
    findings = check(
        {"id": "x", "type": "nothing", "settings": {"target": "y"}},
        edges=[edge("WorkflowStartState", "x"), edge("x", "WorkflowStartState", "any"), edge("x", "x", "more")],
    )
    assert {p.path for p in findings.errors} == {"/workflow_steps/1/type", "/workflow_connections/1/to"}


def test_waiting_steps_are_known_in_document_order(definition: Build) -> None:
    card = {"type": "AdaptiveCard"}
    steps = [
        {"id": "ask", "type": "adaptiveCard", "settings": {"recipients": ["a"], "card": card, "wait": {}}},
        {"id": "tell", "type": "adaptiveCard", "settings": {"recipients": ["a"], "card": card}},
        WAIT,
    ]
    workflow = compile_definition(definition(*steps))
    assert workflow.waiting_steps == ("ask", "wait_1")
    assert workflow.has_wait
    assert not compile_definition(definition(END)).has_wait


def test_what_cannot_be_read_of_the_graph_does_not_hide_the_rest() -> None:
    steps = [{"type": "wait"}, {"id": 5, "type": "wait"}, {"id": "a", "type": "terminate"}, {"id": "b", "type": []}]
    document = {
        "workflow_name": "x",
        "workflow_steps": [None, *steps],
        "workflow_connections": [None, {"from": "a b", "to": "a"}, {"from": "a", "to": 1}, {"from": "a", "to": "c"}],
    }
    assert [problem.path for problem in parse_definition(document).errors if "there is no" in problem.message] == [
        "/workflow_connections/3/to"
    ]


def test_an_edge_whose_branch_is_no_text_is_not_checked_further(check: Check) -> None:
    findings = check(WAIT, edges=[edge("WorkflowStartState", "wait_1"), {"from": "wait_1", "to": "c", "branch": 5}])  # type: ignore[dict-item]
    assert one(findings.errors).path == "/workflow_connections/1/branch"
