"""A real execution over the graph of the Studio, from its page; and what the pointer drags on the canvas."""

import re
from typing import TYPE_CHECKING, Any, Final

from browser.app.visits import Visit
from browser.studio.conftest import Installation
from browser.studio.drawing import SAVED

if TYPE_CHECKING:
    from playwright.sync_api import Page

_EDGES: Final = [
    {"from": "WorkflowStartState", "to": "amount"},
    {"from": "amount", "to": "large", "branch": "yes"},
    {"from": "amount", "to": "small", "branch": "no"},
    {"from": "small", "to": "answer"},
]
_DEFINITION: Final = {
    "workflow_name": "Orders on the graph",
    "workflow_steps": [
        {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
        {
            "id": "amount",
            "type": "conditional",
            "description": "Large?",
            "settings": {
                "rules": [{"variable": "${payload.output.amount}", "operator": "NumericGreaterThan", "value": 1000}]
            },
        },
        {"id": "large", "type": "delay", "settings": {"for": "PT1H"}},
        {"id": "small", "type": "overridePayload", "settings": {"parameters": [{"name": "is_small", "value": True}]}},
        {"id": "answer", "type": "wait", "description": "Wait for SAP", "settings": {}},
    ],
    "workflow_connections": _EDGES,
}


def _edited(workflow_id: str, installation: Installation) -> None:
    """Stores a draft in which one step has another id."""
    renamed = {**_DEFINITION["workflow_steps"][3], "id": "renamed"}  # type: ignore[index, dict-item]
    steps = [*_DEFINITION["workflow_steps"][:3], renamed, _DEFINITION["workflow_steps"][4]]  # type: ignore[index]
    edges = [{key: value.replace("small", "renamed") for key, value in edge.items()} for edge in _EDGES]
    definition = {**_DEFINITION, "workflow_steps": steps, "workflow_connections": edges}
    record = installation.org.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1).json()["item"]
    body: dict[str, Any] = {
        "workflow_id": workflow_id,
        "workflow_version": 1,
        "modified_on": record["modified_on"],
        "definition": definition,
    }
    answer = installation.org.post("updateWorkflow", body)
    assert answer.status_code == 200, answer.text


def _tone(page: "Page", step: str, tone: str) -> None:
    page.locator(f"button[data-step={step}][data-tone={tone}]").wait_for()


def test_an_execution_is_shown_on_the_graph_from_its_page_and_over_a_later_draft(
    maker: Visit, installation: Installation
) -> None:
    workflow_id = installation.org.create(_DEFINITION)
    execution_id = installation.org.trigger(workflow_id, {"amount": 17}, process_id="ORDER-17")
    page = maker.open(f"/app/executions/{execution_id}")
    page.get_by_role("link", name="Open in the Studio").click()
    _tone(page, "answer", "waiting")
    _tone(page, "small", "done")
    _tone(page, "large", "idle")
    assert "Not reached" in page.locator("button[data-step=large]").inner_text()
    # How often each edge was taken comes with the log, after the states of the steps.
    taken = page.locator("g[data-times='1']")
    taken.nth(2).wait_for(state="attached")
    assert taken.count() == 3
    for theme, language, word in (("light", "en", "no"), ("dark", "de", "nein"), ("contrast", "en", "no")):
        with maker.preferring(theme, language):
            page.reload()
            _tone(page, "answer", "waiting")
            page.locator("button[data-step=amount]").get_by_text(word, exact=True).wait_for()
            maker.look(f"studio-execution-{theme}-{language}")
    _edited(workflow_id, installation)
    page.goto(f"{maker.address}/app/workflows/{workflow_id}/v/2")
    page.locator("[data-step=renamed]").wait_for()
    page.get_by_role("button", name="Execution on the graph: No execution").click()
    page.get_by_role("menuitemradio", name=re.compile("^ORDER-17, ")).click()
    _tone(page, "answer", "waiting")
    assert page.locator("button[data-step=renamed]").get_attribute("data-tone") is None
    page.locator("button[data-step=answer]").focus()
    page.keyboard.press("Control+e")
    panel = page.get_by_role("region", name="answer")
    panel.get_by_role("region", name="Try this step").get_by_text("Would wait").wait_for()
    maker.check()


def test_a_branch_is_added_beside_the_lanes_its_head_is_dragged_and_an_end_leads_elsewhere(
    maker: Visit, installation: Installation
) -> None:
    steps = [
        {"id": "parallel_1", "type": "parallel", "settings": {"branches": [{"id": "left"}, {"id": "right"}]}},
        {"id": "delay_1", "type": "delay", "settings": {"for": "PT1H"}},
        {"id": "delay_2", "type": "delay", "settings": {"for": "PT2H"}},
        {"id": "join_1", "type": "join", "settings": {"of": "parallel_1"}},
        {"id": "conditional_1", "type": "conditional", "settings": {"rules": []}},
        {"id": "delay_3", "type": "delay", "settings": {"for": "PT3H"}},
        {"id": "terminate_1", "type": "terminate", "settings": {}},
    ]
    edges = [
        {"from": "WorkflowStartState", "to": "parallel_1"},
        {"from": "parallel_1", "to": "delay_1", "branch": "left"},
        {"from": "parallel_1", "to": "delay_2", "branch": "right"},
        {"from": "delay_1", "to": "join_1"},
        {"from": "delay_2", "to": "join_1"},
        {"from": "join_1", "to": "conditional_1"},
        {"from": "conditional_1", "to": "delay_3", "branch": "yes"},
        {"from": "delay_3", "to": "terminate_1"},
        {"from": "conditional_1", "to": "terminate_1", "branch": "no"},
    ]
    workflow_id = installation.draft(steps, edges)
    page = maker.open(f"/app/workflows/{workflow_id}/v/1")
    page.locator("[data-lane-plus=parallel_1]").click()
    page.locator("[data-lane='parallel_1 branch_3']").wait_for()
    page.locator("[data-lane='parallel_1 right']").drag_to(page.locator("[data-lane='parallel_1 left']"))
    page.keyboard.press("Escape")
    page.locator("[data-end='conditional_1 no']").drag_to(page.locator("button[data-step=delay_3]"))
    page.locator("[data-step=delay_2]").drag_to(page.locator("[data-plus='parallel_1 branch_3']"))
    maker.look("studio-dragged")
    page.keyboard.press("Control+s")
    page.get_by_text(SAVED).first.wait_for()
    stored = installation.stored(workflow_id)
    branches = [branch["id"] for branch in stored["workflow_steps"][1]["settings"]["branches"]]
    assert branches == ["right", "left", "branch_3"]
    found = {f"{edge['from']} {edge.get('branch', 'next')} {edge['to']}" for edge in stored["workflow_connections"]}
    assert {"conditional_1 no delay_3", "parallel_1 branch_3 delay_2", "parallel_1 right join_1"} <= found
    maker.check()
