"""A workflow is drawn in a browser: by keys alone, undone after a reload, and merged with what another tab saved."""

import itertools
import random
import re
from typing import TYPE_CHECKING, Any, Final

from browser.app.visits import NARROW, WIDE, Visit
from browser.studio.conftest import Installation
from browser.studio.drawing import SAVED, edges_of, open_studio, save

if TYPE_CHECKING:
    from playwright.sync_api import Page

ACTS: Final = 60
_KEYS: Final = ("Control+d", "Delete", "Control+Shift+ArrowRight")


def _add(page: "Page", name: str) -> None:
    """Adds a step after the one with the focus, by keys."""
    page.keyboard.press("a")
    page.get_by_role("dialog").get_by_role("combobox").fill(name)
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")


def test_an_approval_is_drawn_from_an_empty_canvas_by_keys_alone(maker: Visit, installation: Installation) -> None:
    workflow_id = installation.draft([], [])
    page = open_studio(maker, workflow_id)
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
    page.get_by_role("button", name=re.compile("^rejected, open")).press("Enter")
    page.get_by_text("Connect “rejected”", exact=False).wait_for()
    page.locator("[data-step=approval_1]").focus()
    page.keyboard.press("Enter")
    page.locator("[data-plus='approval_1 rejected']").wait_for()
    maker.look("studio")
    save(page)
    assert edges_of(installation.stored(workflow_id)) == [
        "WorkflowStartState next conditional_1",
        "approval_1 approved email_1",
        "approval_1 rejected email_1",
        "conditional_1 yes approval_1",
    ]
    maker.check()


def test_each_step_that_is_added_is_in_sight_and_under_no_bar(maker: Visit, installation: Installation) -> None:
    page = open_studio(maker, installation.draft([], []))
    page.locator("[data-step=WorkflowStartState]").focus()
    bar = page.get_by_role("toolbar", name="Size of the graph").bounding_box()
    assert bar is not None
    for number in range(1, 8):
        _add(page, "SAP request")
        step = page.locator(f"[data-step=sapRequest_{number}]")
        step.wait_for()
        page.wait_for_function("(step) => step.getAnimations().length === 0", arg=step.element_handle())
        box, canvas = step.bounding_box(), page.locator("[data-area=canvas]").bounding_box()
        assert box is not None
        assert canvas is not None
        assert canvas["y"] <= box["y"]
        assert box["y"] + box["height"] <= bar["y"]
        assert canvas["x"] <= box["x"]
        assert box["x"] + box["width"] <= canvas["x"] + canvas["width"]
    maker.check()


def test_what_was_edited_is_undone_after_a_reload_too(maker: Visit, installation: Installation) -> None:
    steps = [{"id": f"delay_{number}", "type": "delay", "settings": {"for": "PT1H"}} for number in range(1, 5)]
    ids = ["WorkflowStartState", *(str(step["id"]) for step in steps)]
    edges = [{"from": before, "to": after} for before, after in itertools.pairwise(ids)]
    workflow_id = installation.draft(steps, edges)
    before = installation.stored(workflow_id)
    page = open_studio(maker, workflow_id)
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
    save(page)
    page.reload()
    page.locator("[data-step=WorkflowStartState]").wait_for()
    undo = page.get_by_role("button", name="Undo", exact=False)
    redo = page.get_by_role("button", name="Redo", exact=False)
    edited = installation.stored(workflow_id)
    undone = 0
    # The browser reads what it has kept after the page has drawn the workflow.
    page.get_by_role("button", name="Undo", disabled=False).wait_for()
    while undo.is_enabled():
        undo.click()
        undone += 1
    save(page)
    maker.look("studio-undone")
    assert installation.stored(workflow_id) == before
    for _ in range(undone):
        redo.click()
    save(page)
    assert installation.stored(workflow_id) == edited
    maker.check()


def _describe(page: "Page", step: str, name: str) -> None:
    """Gives a step a name in its panel, and saves."""
    page.locator(f"[data-step={step}]").click()
    panel = page.locator("aside[data-area=side]")
    panel.get_by_role("tab", name="Notes").click()
    panel.get_by_role("textbox", name="Description").fill(name)
    page.keyboard.press("Control+s")


def _choose(page: "Page", side: str) -> None:
    """Answers the question about one place, and waits until that is saved."""
    dialog = page.get_by_role("dialog", name="1 place was changed by two authors")
    dialog.get_by_role("radio", name=side).check()
    dialog.get_by_role("button", name="Take these and save").click()
    dialog.wait_for(state="detached")
    page.get_by_text(SAVED).first.wait_for()


def _names(definition: dict[str, Any]) -> dict[str, str]:
    return {step["id"]: step["description"] for step in definition["workflow_steps"] if "description" in step}


def test_two_tabs_are_merged_and_ask_about_the_one_place_that_both_changed(
    maker: Visit, installation: Installation
) -> None:
    steps = [{"id": f"delay_{number}", "type": "delay", "settings": {"for": "PT1H"}} for number in (1, 2)]
    edges = [{"from": "WorkflowStartState", "to": "delay_1"}, {"from": "delay_1", "to": "delay_2"}]
    workflow_id = installation.draft(steps, edges)
    first = open_studio(maker, workflow_id)
    second = open_studio(maker, workflow_id, maker.new_tab())
    first.locator("[data-step=delay_1]").focus()
    _add(first, "E-mail")
    save(first)
    second.locator("[data-step=delay_2]").focus()
    _add(second, "Condition")
    second.keyboard.press("Control+s")
    second.get_by_text("came in", exact=False).wait_for()
    second.locator("[data-step=email_1]").wait_for()
    save(second)
    maker.look("studio-two-authors")
    merged = edges_of(installation.stored(workflow_id))
    assert merged == [
        "WorkflowStartState next delay_1",
        "delay_1 next email_1",
        "delay_2 next conditional_1",
        "email_1 next delay_2",
    ]
    # Both change one name: the first tab has not seen the second one's save, and is asked. Nothing is overwritten.
    _describe(second, "delay_1", "Theirs")
    second.get_by_text(SAVED).first.wait_for()
    _describe(first, "delay_1", "Mine")
    question = first.get_by_role("dialog", name="1 place was changed by two authors")
    question.wait_for()
    question.get_by_text("The maker saved this draft", exact=False).wait_for()
    shown = question.get_by_role("region", name="delay_1 /description").locator("pre")
    assert shown.all_inner_texts() == ["Mine", "Theirs"]
    assert _names(installation.stored(workflow_id)) == {"delay_1": "Theirs"}
    maker.look("studio-conflict")
    _choose(first, "Mine")
    assert _names(installation.stored(workflow_id)) == {"delay_1": "Mine"}
    # The other end: the second tab takes what the first one stored. What was merged before is still there.
    _describe(second, "delay_1", "Not this one")
    _choose(second, "Theirs")
    stored = installation.stored(workflow_id)
    assert (_names(stored), edges_of(stored)) == ({"delay_1": "Mine"}, merged)
    second.close()
    maker.expect("409")
    maker.check()


def test_a_thousand_steps_are_drawn_and_added_to_without_a_long_wait(maker: Visit, installation: Installation) -> None:
    steps = [{"id": f"delay_{number}", "type": "delay", "settings": {"for": "PT1H"}} for number in range(1, 1_000)]
    ids = ["WorkflowStartState", *(str(step["id"]) for step in steps)]
    edges = [{"from": before, "to": after} for before, after in itertools.pairwise(ids)]
    page = open_studio(maker, installation.draft(steps, edges))
    page.locator("[data-step=delay_1]").focus()
    assert page.locator("button[data-step]").count() < 400
    _add(page, "E-mail")
    page.locator("[data-step=email_1]").wait_for()
    maker.look("studio-large")
    page.get_by_role("button", name="Outline").click()
    page.get_by_role("treeitem").nth(1_000).wait_for()
    assert page.get_by_role("treeitem").count() == 1_001
    maker.check()


MAIL: Final = """<style>b { color: rgb(0, 100, 0) } @import url(https://elsewhere.example/a.css);</style>
<script>parent.postMessage({kind: "height", height: 1}, "*"); document.title = "run"</script>
<table style="border: 2px solid rgb(200, 0, 0)"><tr><td>Order <b>${payload.output.po}</b></td></tr></table>
<img src="https://elsewhere.example/pixel.png" alt="Logo" onerror="document.title = 'run'">
<a href="https://elsewhere.example/">Read more</a>"""


def test_a_mail_is_shown_as_it_arrives_and_reaches_nothing(maker: Visit, installation: Installation) -> None:
    settings = {"to": ["buyer@example.com"], "subject": "Order", "html": MAIL}
    steps = [{"id": "email_1", "type": "email", "settings": settings}]
    workflow_id = installation.draft(steps, [{"from": "WorkflowStartState", "to": "email_1"}])
    payload = {"name": "A", "body": {"po": "4500000101"}, "from_execution": ""}
    body = {"workflow_id": workflow_id, "revision": 0, "payloads": [payload], "outputs": {}}
    assert installation.org.post("putSamples", body).status_code == 200
    page = open_studio(maker, workflow_id)
    page.locator("[data-step=email_1]").click()
    mail = page.frame_locator("iframe[title='Mail: Order']")
    number = mail.get_by_text("4500000101")
    number.wait_for()
    assert number.evaluate("(element) => getComputedStyle(element).color") == "rgb(0, 100, 0)"
    table = mail.locator("table")
    assert table.evaluate("(element) => getComputedStyle(element).borderTopWidth") == "2px"
    mail.get_by_text("[image, not loaded: Logo]").wait_for()
    mail.get_by_text("Read more").click()
    assert number.evaluate("() => [document.title, document.scripts.length, origin]") == ["Mail · Looply", 1, "null"]
    maker.look("studio-mail")
    maker.check()


def test_the_studio_looks_the_same_in_every_theme_and_language(maker: Visit, installation: Installation) -> None:
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
        with maker.preferring(theme, language):
            page = open_studio(maker, workflow_id)
            page.locator("[data-step=approval_1]").click()
            page.locator("aside[data-area=side]").wait_for()
            page.locator("section[data-area=problems] button").first.click()
            page.get_by_role("listitem").first.wait_for()
            maker.look(f"studio-{theme}")
    page = maker.page
    page.set_viewport_size(NARROW)
    try:
        page = open_studio(maker, workflow_id)
        maker.look("studio-narrow")
        page.locator("[data-step=approval_1]").click()
        side = page.locator("aside[data-area=side]")
        side.wait_for()
        maker.look("studio-narrow-panel")
        box = side.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= NARROW["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    finally:
        page.set_viewport_size(WIDE)
    maker.check()
