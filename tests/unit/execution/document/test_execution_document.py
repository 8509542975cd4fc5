"""The data document as expressions see it."""

import pytest
from msgspec.structs import replace

from kit.execution.driver import EXECUTION_ID, SEED, Simulator
from kit.execution.workflows import call, step, workflow
from looply.execution.document.document import Document
from looply.execution.document.payload import initial_payload
from looply.execution.facts.address import Address, wait_token


def started(*steps, edges, body=None, **fields):
    simulator = Simulator(workflow(*steps, edges=edges, trigger={"description": "Request"}))
    simulator.start(body, **fields)
    return simulator


def document(simulator):
    return Document(simulator.workflow, simulator.state)


def token(name, visit):
    return wait_token(EXECUTION_ID, SEED, Address("", name, visit))


def test_the_document_of_a_started_execution():
    simulator = started(call("c", description="Read"), step("w", "wait"), edges="start>c c>w", body={"a": 1})
    assert dict(document(simulator)) == {
        "payload": {
            "description": "Request",
            "output": {
                "a": 1,
                "workflow_id": "workflow",
                "workflow_version": "1",
                "workflow_execution_id": EXECUTION_ID,
                "workflow_process_id": EXECUTION_ID,
                "workflow_trigger_type": "REQUEST",
                "organization_id": "organization",
                "workspace_id": "workspace",
                "executor": "starter",
            },
        },
        "WorkflowStartState": None,
        "environment": {},
        "waits": {"w": token("w", 1)},
    }


@pytest.mark.parametrize("requires", [True, False])
def test_the_payload_says_whether_an_sap_profile_is_required_where_that_is_recorded(requires):
    simulator = started(call("c"), edges="start>c")
    first = replace(simulator.state.started, requires_sap_profile=requires)
    assert initial_payload(first)["looply_sap_profile_settings"] == {"requires_sap_profile": requires}


def test_each_visited_step_has_its_description_and_output_in_document_order():
    simulator = started(call("c", description="Read"), call("b"), edges="start>c c>b b:error>c")
    simulator.succeed({"status": "200"})
    seen = document(simulator)
    assert list(seen) == ["payload", "WorkflowStartState", "environment", "waits", "c"]
    assert len(seen) == 5
    assert seen["c"] == {"description": "Read", "output": {"status": "200"}}


@pytest.mark.parametrize("name", ["b", "error", "unknown", ""])
def test_a_name_that_is_not_there_is_missing(name):
    simulator = started(call("c"), call("b"), edges="start>c c>b")
    assert name not in document(simulator)
    with pytest.raises(KeyError):
        document(simulator)[name]


def test_the_last_handled_error_is_there():
    simulator = started(call("c"), call("b"), edges="start>c c:error>b")
    simulator.fail()
    seen = document(simulator)
    assert seen["error"]["code"] == "CONNECTION"
    assert "error" in list(seen)


def test_the_environment_is_that_of_the_profile():
    simulator = started(call("c"), edges="start>c", environment={"host": "x"}, process_id="mine", profile="test")
    seen = document(simulator)
    assert seen["environment"] == {"host": "x"}
    assert seen["payload"]["output"]["workflow_process_id"] == "mine"


@pytest.mark.parametrize(("body", "expected"), [([1], [1]), ("text", "text"), (5, 5), (False, False)])
def test_a_body_that_is_no_object_lies_under_body(body, expected):
    simulator = started(call("c"), edges="start>c", body=body)
    assert document(simulator)["payload"]["output"]["body"] == expected


def test_a_missing_body_leaves_the_metadata_alone():
    simulator = started(call("c"), edges="start>c")
    assert "body" not in document(simulator)["payload"]["output"]


def test_a_callers_field_never_overrides_the_metadata():
    simulator = started(call("c"), edges="start>c", body={"executor": "me", "workflow_version": 9})
    output = document(simulator)["payload"]["output"]
    assert (output["executor"], output["workflow_version"]) == ("starter", "1")


def test_the_token_of_a_wait_is_that_of_the_open_visit_else_of_the_next():
    simulator = started(
        step("w", "wait"), call("c"), step("again", "redirect", {"target": "w"}), edges="start>w w>c c>again"
    )
    assert document(simulator)["waits"] == {"w": token("w", 1)}
    simulator.resume()
    assert document(simulator)["waits"] == {"w": token("w", 2)}
    simulator.succeed()
    assert document(simulator)["waits"] == {"w": token("w", 2)}


def test_an_output_of_a_step_that_a_later_definition_lacks_has_no_description():
    simulator = started(call("c"), edges="start>c")
    simulator.succeed(1)
    other = workflow(call("d"), edges="start>d")
    assert Document(other, simulator.state)["c"] == {"description": "", "output": 1}


def test_tokens_of_waits_are_the_same_however_often_an_expression_reads_them():
    both = step("both", "overridePayload", {"parameters": [{"name": "x", "value": "${waits.w} ${waits.w}"}]})
    simulator = Simulator(workflow(both, step("w", "wait"), edges="start>both both>w"))
    simulator.start()
    first, second = simulator.state.payload["x"].split()
    assert first == second
