"""The links of open cards as data: for steps beside the wait, and secret without a mark."""

from typing import Any

import pytest

from kit.execution.driver import EXECUTION_ID, SEED, Simulator
from kit.execution.workflows import CARD, step, workflow
from looply.app.context.links import INBOX
from looply.definition import parse_definition
from looply.execution.document.document import Document
from looply.execution.document.evaluation import reads_secret
from looply.execution.facts.address import card_token, parse_address
from looply.execution.facts.events import StepFailed, StepScheduled
from looply.expressions import parse_template

A, B = "a@example.com", "b@example.com"
GROUP = "teams:channel/19:a@thread.tacv2"


def beside(kind: str, other: dict[str, Any], **settings: Any) -> Simulator:
    """Starts an execution that asks in one branch, and runs a step in another one."""
    asking = {"recipients": [A, GROUP, B], **({"card": CARD, "wait": {"for": 2}} if kind == "adaptiveCard" else {})}
    simulator = Simulator(
        workflow(
            step("split", "parallel", {"branches": [{"id": "ask"}, {"id": "say"}]}),
            step("ask", kind, {**asking, **settings}),
            other,
            edges="start>split split:ask>ask split:say>told",
        )
    )
    simulator.start()
    return simulator


def sending(value: str) -> dict[str, Any]:
    settings = {"method": "POST", "url": "https://chat.example/send", "body": {"links": value}}
    return step("told", "httpRequest", settings)


def token_of(simulator: Simulator, part: int) -> str:
    (wait,) = simulator.state.waits.values()
    return card_token(EXECUTION_ID, SEED, parse_address(wait.address), part)


@pytest.mark.parametrize("kind", ["adaptiveCard", "approval"])
def test_a_step_beside_the_wait_reads_the_links_and_they_are_secret(kind: str) -> None:
    simulator = beside(kind, sending("${ask.links}"))
    (scheduled,) = [event for event in simulator.history if isinstance(event, StepScheduled)]
    sent: Any = scheduled.input
    tokens = [token_of(simulator, part) for part in (0, 2)]
    assert sent["body"]["links"] == [
        {"recipient": person, "path": f"{INBOX}{token}", "token": token}
        for person, token in zip((A, B), tokens, strict=True)
    ]
    assert scheduled.secret == ("/input/body/links",)


def test_a_card_that_would_show_a_link_fails() -> None:
    body = {**CARD, "body": [{"type": "TextBlock", "text": "${string(ask.links)}"}]}
    simulator = beside("approval", step("told", "adaptiveCard", {"recipients": [A], "card": body}))
    assert [event.code for event in simulator.history if isinstance(event, StepFailed)] == ["SECRET_IN_CARD"]


def test_only_cards_that_wait_for_an_answer_have_a_link() -> None:
    simulator = beside("approval", sending("x"))
    document = Document(simulator.workflow, simulator.state)
    assert [link["recipient"] for link in _links(document)] == [A, B]
    simulator.answer_card(token_of(simulator, 0), {"action": "approve"})
    assert [link["recipient"] for link in _links(Document(simulator.workflow, simulator.state))] == [B]
    assert reads_secret(parse_template("${ask.links}"), simulator.state)
    assert not reads_secret(parse_template("${ask.output}"), simulator.state)
    simulator.answer_card(token_of(simulator, 2), {"action": "reject"})
    assert "links" not in Document(simulator.workflow, simulator.state)["ask"]  # type: ignore[operator]


def test_a_definition_may_read_links_of_cards_and_of_no_other_step() -> None:
    def problems(kind: str, settings: dict[str, Any]) -> list[str]:
        document = {
            "workflow_name": "W",
            "workflow_steps": [
                {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
                step("ask", kind, settings),
                step("told", "overridePayload", {"parameters": [{"name": "x", "value": "${ask.links}"}]}),
            ],
            "workflow_connections": [{"from": "WorkflowStartState", "to": "ask"}, {"from": "ask", "to": "told"}],
        }
        found = parse_definition(document)
        return [problem.path for problem in (*found.errors, *found.warnings) if "links" in problem.message]

    assert problems("adaptiveCard", {"recipients": [A], "card": CARD, "wait": {}}) == []
    assert problems("wait", {}) != []


def _links(document: Document) -> Any:
    entry: Any = document["ask"]
    return entry["links"]
