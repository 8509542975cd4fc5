"""A workflow is drawn in a browser: by keys alone, undone after a reload, and merged with what another tab saved."""

import itertools
import random
import re
from typing import TYPE_CHECKING, Any, Final

from browser.app.visits import Visit
from browser.studio.conftest import Installation

if TYPE_CHECKING:
    from playwright.sync_api import Page

ACTS: Final = 60
_SAVED: Final = re.compile(r"^Saved ")
_KEYS: Final = ("Control+d", "Delete", "Control+Shift+ArrowRight")


def _open(author: Visit, workflow_id: str, page: "Page | None" = None) -> "Page":
    found = page or author.page
    found.goto(f"{author.address}/app/workflows/{workflow_id}/v/1")
    found.locator("[data-step=WorkflowStartState]").wait_for()
    return found


def _add(page: "Page", name: str) -> None:
    """Adds a step after the one with the focus, by keys."""
    page.keyboard.press("a")
    page.get_by_role("dialog").get_by_role("combobox").fill(name)
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")


def _save(page: "Page") -> None:
    page.keyboard.press("Control+s")
    page.get_by_text(_SAVED).first.wait_for()


def _edges(definition: dict[str, Any]) -> list[str]:
    edges = definition["workflow_connections"]
    return sorted(f"{edge['from']} {edge.get('branch', 'next')} {edge['to']}" for edge in edges)


def test_an_approval_is_drawn_from_an_empty_canvas_by_keys_alone(author: Visit, installation: Installation) -> None:
    workflow_id = installation.draft([], [])
    page = _open(author, workflow_id)
    page.locator("[data-step=WorkflowStartState]").focus()
    _add(page, "Condition")
    page.locator("[data-step=conditional_1]").wait_for()
    _add(page, "Approval")
    page.locator("[data-step=approval_1]").wait_for()
    _add(page, "E-mail")
    page.locator("[data-step=email_1]").wait_for()
    page.keyboard.press("Escape")
    page.locator("[data-step=approval_1]").focus()
    page.keyboard.press("c")
    page.get_by_role("button", name="rejected", exact=True).press("Enter")
    page.get_by_text("Connect “rejected”", exact=False).wait_for()
    page.locator("[data-step=approval_1]").focus()
    page.keyboard.press("Enter")
    page.locator("[data-plus='approval_1 rejected']").wait_for()
    author.look("studio")
    _save(page)
    assert _edges(installation.stored(workflow_id)) == [
        "WorkflowStartState next conditional_1",
        "approval_1 approved email_1",
        "approval_1 rejected email_1",
        "conditional_1 yes approval_1",
    ]
    author.check()


def test_what_was_edited_is_undone_after_a_reload_too(author: Visit, installation: Installation) -> None:
    steps = [{"id": f"delay_{number}", "type": "delay", "settings": {"for": "PT1H"}} for number in range(1, 5)]
    ids = ["WorkflowStartState", *(str(step["id"]) for step in steps)]
    edges = [{"from": before, "to": after} for before, after in itertools.pairwise(ids)]
    workflow_id = installation.draft(steps, edges)
    before = installation.stored(workflow_id)
    page = _open(author, workflow_id)
    choose = random.Random(20)
    for _ in range(ACTS):
        nodes = page.locator("[data-step]").evaluate_all("(all) => all.map(({dataset}) => dataset.step)")
        others = [node for node in nodes if node != "WorkflowStartState"]
        page.locator(f"[data-step={choose.choice(others or nodes)}]").focus()
        if len(others) < 3 or choose.random() < 0.3:
            _add(page, choose.choice(["Condition", "Delay", "Parallel", "E-mail"]))
        else:
            page.keyboard.press(choose.choice(_KEYS))
            dialog = page.get_by_role("dialog")
            if dialog.count():
                dialog.get_by_role("button", name="Keep", exact=False).first.click()
    _save(page)
    page.reload()
    page.locator("[data-step=WorkflowStartState]").wait_for()
    undo = page.get_by_role("button", name="Undo", exact=False)
    redo = page.get_by_role("button", name="Redo", exact=False)
    edited = installation.stored(workflow_id)
    undone = 0
    while undo.is_enabled():
        undo.click()
        undone += 1
    _save(page)
    assert installation.stored(workflow_id) == before
    for _ in range(undone):
        redo.click()
    _save(page)
    assert installation.stored(workflow_id) == edited
    author.check()


def test_two_tabs_are_merged_and_ask_about_the_one_place_that_both_changed(
    author: Visit, installation: Installation
) -> None:
    steps = [{"id": f"delay_{number}", "type": "delay", "settings": {"for": "PT1H"}} for number in (1, 2)]
    edges = [{"from": "WorkflowStartState", "to": "delay_1"}, {"from": "delay_1", "to": "delay_2"}]
    workflow_id = installation.draft(steps, edges)
    first = _open(author, workflow_id)
    second = _open(author, workflow_id, author.new_tab())
    first.locator("[data-step=delay_1]").focus()
    _add(first, "E-mail")
    _save(first)
    second.locator("[data-step=delay_2]").focus()
    _add(second, "Condition")
    second.keyboard.press("Control+s")
    second.get_by_text("came in", exact=False).wait_for()
    second.locator("[data-step=email_1]").wait_for()
    _save(second)
    author.look("studio-two-authors")
    assert _edges(installation.stored(workflow_id)) == [
        "WorkflowStartState next delay_1",
        "delay_1 next email_1",
        "delay_2 next conditional_1",
        "email_1 next delay_2",
    ]
    second.close()
    author.expect("409")
    author.check()


def test_a_thousand_steps_are_drawn_and_added_to_without_a_long_wait(author: Visit, installation: Installation) -> None:
    steps = [{"id": f"delay_{number}", "type": "delay", "settings": {"for": "PT1H"}} for number in range(1, 1_000)]
    ids = ["WorkflowStartState", *(str(step["id"]) for step in steps)]
    edges = [{"from": before, "to": after} for before, after in itertools.pairwise(ids)]
    page = _open(author, installation.draft(steps, edges))
    page.locator("[data-step=delay_1]").focus()
    assert page.locator("button[data-step]").count() < 400
    _add(page, "E-mail")
    page.locator("[data-step=email_1]").wait_for()
    author.look("studio-large")
    page.get_by_role("button", name="Outline").click()
    assert page.get_by_role("treeitem").count() == 1_001
    author.check()


def test_the_studio_looks_the_same_in_every_theme_and_language(author: Visit, installation: Installation) -> None:
    steps = [
        {"id": "sapRequest_1", "type": "sapRequest", "description": "Read the order", "settings": {"method": "GET"}},
        {
            "id": "conditional_1",
            "type": "conditional",
            "description": "Over 1,000 EUR?",
            "settings": {
                "rules": [{"variable": "${payload.output.amount}", "operator": "NumericGreaterThan", "value": 1000}]
            },
        },
        {
            "id": "approval_1",
            "type": "approval",
            "description": "Ask for the release",
            "settings": {"recipients": ["manager@example.com", "buyer@example.com"], "quorum": 1, "timeout": "P3D"},
        },
        {"id": "httpRequest_1", "type": "httpRequest", "settings": {"method": "POST", "url": "https://example.com/go"}},
        {"id": "email_1", "type": "email", "description": "Say why", "settings": {"to": ["buyer@example.com"]}},
        {"id": "forEach_1", "type": "forEach", "settings": {"items": "${payload.output.lines}"}},
        {"id": "datastore_1", "type": "datastore", "settings": {"operation": "merge", "name": "prices"}},
        {"id": "terminate_1", "type": "terminate", "settings": {"status": "COMPLETED", "reason": "released"}},
    ]
    edges = [
        {"from": "WorkflowStartState", "to": "sapRequest_1"},
        {"from": "sapRequest_1", "to": "conditional_1"},
        {"from": "sapRequest_1", "to": "email_1", "branch": "error"},
        {"from": "conditional_1", "to": "approval_1", "branch": "yes"},
        {"from": "conditional_1", "to": "httpRequest_1", "branch": "no"},
        {"from": "approval_1", "to": "httpRequest_1", "branch": "approved"},
        {"from": "approval_1", "to": "email_1", "branch": "rejected"},
        {"from": "httpRequest_1", "to": "forEach_1"},
        {"from": "forEach_1", "to": "datastore_1", "branch": "each"},
        {"from": "forEach_1", "to": "terminate_1"},
    ]
    workflow_id = installation.draft(steps, edges)
    for theme, language in (("light", "en"), ("dark", "de"), ("contrast", "en")):
        with author.preferring(theme, language):
            page = _open(author, workflow_id)
            page.locator("[data-step=approval_1]").click()
            page.locator("aside[data-area=side]").wait_for()
            page.locator("section[data-area=problems] button").first.click()
            page.get_by_role("listitem").first.wait_for()
            author.look(f"studio-{theme}")
    author.check()
