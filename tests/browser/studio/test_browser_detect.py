"""What a workflow receives becomes known to its maker: from an execution, then by a call that only tests."""

from typing import TYPE_CHECKING, Any, Final

from browser.app.visits import Visit
from browser.studio.conftest import Installation

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ORDER: Final = {"po": "4500000101", "amount": 1700.5, "lines": [{"material": "M-1", "quantity": 2}]}
OTHER: Final = {"po": "4500000102", "amount": {"value": 90, "currency": "EUR"}, "lines": []}
"""A payload in which the amount is no number any more."""

START: Final = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
END: Final = {"id": "terminate_1", "type": "terminate", "settings": {}}
RULE: Final = {"variable": "", "operator": "NumericGreaterThan", "value": 1000}


def _definition(*steps: dict[str, Any], edges: list[tuple[str, str, str]]) -> dict[str, Any]:
    connections = [{"from": before, "branch": branch, "to": after} for before, branch, after in edges]
    return {"workflow_name": "Orders", "workflow_steps": [START, *steps], "workflow_connections": connections}


def _draft_after_an_execution(installation: Installation) -> tuple[str, str]:
    """Runs a first version once, and stores a draft that reads nothing yet. Returns its workflow and the process id."""
    org = installation.org
    workflow_id = org.create(_definition(END, edges=[("WorkflowStartState", "next", "terminate_1")]))
    org.trigger(workflow_id, ORDER, process_id="ORDER-4500000101")
    item = org.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1).json()["item"]
    draft = _definition(
        {"id": "conditional_1", "type": "conditional", "settings": {"rules": [RULE]}},
        {"id": "forEach_1", "type": "forEach", "settings": {"items": ""}},
        END,
        edges=[
            ("WorkflowStartState", "next", "conditional_1"),
            ("conditional_1", "yes", "forEach_1"),
            ("conditional_1", "no", "terminate_1"),
            ("forEach_1", "next", "terminate_1"),
        ],
    )
    body = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": item["modified_on"], "incomplete": True}
    saved = org.post("updateWorkflow", {**body, "definition": draft})
    assert saved.status_code == 200, saved.text
    return workflow_id, "ORDER-4500000101"


def _step(page: "Page", step: str) -> "Locator":
    """Selects a step, and returns its panel."""
    page.locator(f"[data-step={step}]").click()
    page.locator(f"[data-step={step}][aria-pressed=true]").wait_for()
    return page.locator("aside[data-area=side]")


def _save(page: "Page") -> None:
    page.keyboard.press("Control+s")
    page.get_by_text("Saved ").first.wait_for()


def _pick(panel: "Locator", field: str, *, name: str, value: str) -> None:
    """Puts a value of the tree of data, found by its name, into a field, and leaves the cursor there."""
    panel.get_by_role("textbox", name=field).click()
    panel.locator("summary").click()
    tree = panel.get_by_role("region", name="Data to insert")
    tree.get_by_label("Find a value").fill(name)
    tree.get_by_title(value, exact=True).click()
    panel.get_by_role("textbox", name=field).click()


def test_a_payload_is_detected_mapped_and_evaluated(maker: Visit, installation: Installation) -> None:
    workflow_id, process_id = _draft_after_an_execution(installation)
    page = maker.open(f"/app/workflows/{workflow_id}/v/2")
    page.locator("[data-step=WorkflowStartState]").wait_for()
    _take_from_an_execution(page, process_id)
    _save(page)
    schema = installation.stored(workflow_id, 2)["workflow_schema"]
    assert {name: member["type"] for name, member in schema["properties"].items()} == {
        "po": "string",
        "amount": "number",
        "lines": "array",
    }
    samples = installation.org.get("getSamples", workflow_id=workflow_id).json()["item"]["payloads"]
    assert [each["body"] for each in samples] == [ORDER]

    panel = _step(page, "conditional_1")
    _pick(panel, "Value to test", name="amount", value="payload.output.amount")
    panel.locator("[data-stale=false]").get_by_text("1700.5", exact=True).wait_for()
    maker.look("detect-value")
    _a_wrong_type_is_marked(page)
    _save(page)
    assert _settings(installation.stored(workflow_id, 2), "conditional_1")["rules"][0]["variable"] == (
        "${payload.output.amount}"
    )
    _what_another_payload_breaks(maker, installation, workflow_id)

    # A test call is no edit of another author: what is typed after it is saved at once.
    _step(page, "conditional_1").get_by_role("textbox", name="Compared with").fill("500")
    _save(page)
    assert _settings(installation.stored(workflow_id, 2), "conditional_1")["rules"][0]["value"] == 500
    maker.check()


def _settings(definition: dict[str, Any], step: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in definition["workflow_steps"] if each["id"] == step)["settings"]
    return found


def _take_from_an_execution(page: "Page", process_id: str) -> None:
    detect = _step(page, "WorkflowStartState").get_by_role("region", name="Detect Payload")
    detect.get_by_role("button", name="Take from an execution").click()
    detect.get_by_role("button", name=process_id).click()
    detect.get_by_text("fields differ:").wait_for()
    detect.get_by_text("Every expression fits it.").wait_for()
    detect.get_by_role("button", name="Use it").click()
    detect.get_by_role("button", name="Use it").wait_for(state="detached")


def _a_wrong_type_is_marked(page: "Page") -> None:
    panel = _step(page, "forEach_1")
    items = panel.get_by_role("textbox", name="List")
    items.click()
    page.keyboard.insert_text("${payload.output.amount}")
    panel.get_by_text("This field needs a list", exact=False).wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("${payload.output.lines}")
    panel.get_by_text("This field needs a list", exact=False).wait_for(state="detached")


def _what_another_payload_breaks(maker: Visit, installation: Installation, workflow_id: str) -> None:
    page = maker.page
    detect = _step(page, "WorkflowStartState").get_by_role("region", name="Detect Payload")
    detect.get_by_role("button", name="Listen for a test call").click()
    with page.expect_response(lambda answer: "getWorkflowSchemaById" in answer.url):
        detect.get_by_text("Send a call to this address").wait_for()
    sent = installation.org.post(f"triggerworkflow/{workflow_id}/2", OTHER, query={"test": "true"})
    assert sent.status_code == 200, sent.text
    detect.get_by_text("would not fit any more:").wait_for()
    assert "/workflow_steps/1/settings/rules/0/variable" in detect.inner_text()
    maker.look("detect-breaks")
    detect.get_by_role("button", name="Discard").click()
    stored = installation.stored(workflow_id, 2)["workflow_schema"]["properties"]["amount"]
    assert stored == {"type": "number"}
