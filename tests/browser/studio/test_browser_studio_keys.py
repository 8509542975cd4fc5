"""Every command of the Studio by keys alone: what is stored in the end is the definition of a file."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from browser.app.visits import Visit
from browser.studio.conftest import Installation
from browser.studio.drawing import edges_of, open_studio, save

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

EXPECTED: Final = Path(__file__).with_name("drawn_by_keys.json")
_FOCUSED: Final = "document.activeElement?.dataset?.step ?? null"
_IDS: Final = "[...document.querySelectorAll('button[data-step]')].map(({dataset}) => dataset.step).sort()"


def _focused(page: "Page", step: str) -> None:
    page.wait_for_function(f"(step) => ({_FOCUSED}) === step", arg=step)


def _walk(page: "Page", to: str) -> None:
    """Walks from the start down to a step by the arrows; the focus may be in the panel before."""
    for _ in range(8):
        if page.evaluate("document.activeElement?.closest('[data-area=canvas]') != null"):
            break
        page.keyboard.press("F6")
    page.keyboard.press("Home")
    _focused(page, "WorkflowStartState")
    for _ in range(16):
        at = page.evaluate(_FOCUSED)
        if at == to:
            return
        page.keyboard.press("ArrowDown")
        page.wait_for_function(f"(before) => ({_FOCUSED}) !== before", arg=at)
    raise AssertionError(f"the arrows do not lead to {to}")


def _add(page: "Page", name: str, step: str) -> None:
    """Adds a step behind the one with the focus; it has the focus then."""
    page.keyboard.press("a")
    _take_type(page, name, step)


def _take_type(page: "Page", name: str, step: str) -> None:
    page.get_by_role("dialog").get_by_role("combobox").wait_for()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")
    page.locator(f"[data-step={step}][aria-pressed=true]").wait_for()


def _drawn(page: "Page", *steps: str) -> None:
    """Waits until exactly these steps are drawn, beside the start."""
    page.wait_for_function(f"(ids) => JSON.stringify({_IDS}) === ids", arg=json.dumps(_sorted(steps)).replace(" ", ""))


def _sorted(steps: tuple[str, ...]) -> list[str]:
    return sorted(("WorkflowStartState", *steps))


def _press(page: "Page", name: str) -> None:
    """Goes by Tab to a button of the dialog, and presses Enter on it."""
    button = page.get_by_role("dialog").get_by_role("button", name=name)
    button.wait_for()
    _tab_to(page, button)
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")


def _tab_to(page: "Page", element: "Locator") -> None:
    for _ in range(12):
        if element.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {element}")


def _act(page: "Page", name: str) -> None:
    """Does what has no key of its own: by the palette."""
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("combobox").wait_for()
    page.keyboard.type(name)
    page.get_by_role("option", name=name, selected=True).wait_for()
    page.keyboard.press("Enter")


def test_every_command_is_given_by_keys_and_makes_the_definition_of_a_file(
    maker: Visit, installation: Installation
) -> None:
    workflow_id = installation.draft([], [])
    page = open_studio(maker, workflow_id)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _add_and_edit(page)
    _copy_cut_and_paste(page)
    _rename_and_replace(page)
    _move_and_connect(page)
    _branch_and_wrap(page)
    _note_and_find(page)
    _delete(page)
    save(page)
    maker.look("studio-by-keys")
    expected = json.loads(EXPECTED.read_text("utf-8"))
    stored = installation.stored(workflow_id)
    # The order of edges means nothing; that of steps is where each was added.
    assert edges_of(stored) == edges_of(expected)
    assert stored["workflow_steps"] == expected["workflow_steps"]
    notes: list[dict[str, Any]] = installation.org.get("getCanvas", workflow_id=workflow_id).json()["item"]["notes"]
    assert [(note["near"], note["text"]) for note in notes] == [("approval_1", "Ask the buyer first")]
    maker.check()


def _add_and_edit(page: "Page") -> None:
    _walk(page, "WorkflowStartState")
    _add(page, "Condition", "conditional_1")
    _add(page, "Approval", "approval_1")
    _add(page, "E-mail", "email_1")
    _walk(page, "approval_1")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement?.closest('[data-area=side]') != null")
    _tab_to(page, page.locator("aside[data-area=side]").get_by_role("combobox", name="Ask"))
    page.keyboard.type("boss@example.com")
    page.keyboard.press("Enter")
    page.locator("[data-step=approval_1]").get_by_text("boss@").wait_for()


def _copy_cut_and_paste(page: "Page") -> None:
    _walk(page, "email_1")
    page.keyboard.press("Control+d")
    _drawn(page, "conditional_1", "approval_1", "email_1", "email_2")
    _walk(page, "email_1")
    page.keyboard.press("Control+c")
    page.wait_for_function("async () => (await navigator.clipboard.readText()).includes('email_1')")
    page.keyboard.press("Control+v")
    _drawn(page, "conditional_1", "approval_1", "email_1", "email_2", "email_3")
    # Cut behind the mail that was copied, and pasted before it.
    _walk(page, "email_3")
    page.keyboard.press("Control+x")
    _drawn(page, "conditional_1", "approval_1", "email_1", "email_2")
    _walk(page, "approval_1")
    page.keyboard.press("Control+v")
    _drawn(page, "conditional_1", "approval_1", "email_1", "email_2", "email_3")


def _rename_and_replace(page: "Page") -> None:
    _walk(page, "email_3")
    page.keyboard.press("F2")
    page.get_by_role("dialog").get_by_role("textbox", name="Id").wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.type("pause_1")
    page.keyboard.press("Enter")
    _drawn(page, "conditional_1", "approval_1", "email_1", "email_2", "pause_1")
    _walk(page, "pause_1")
    _act(page, "Replace the type")
    page.get_by_role("dialog", name="Type of").wait_for()
    page.keyboard.type("Delay")
    page.keyboard.press("Enter")
    page.locator("[data-step=pause_1]").get_by_text("Delay").first.wait_for()


def _move_and_connect(page: "Page") -> None:
    _walk(page, "pause_1")
    page.keyboard.press("m")
    page.get_by_text(re.compile("^Move “pause_1”")).wait_for()
    # The first place in reading order is the one behind the start.
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("^Move “pause_1”")).wait_for(state="detached")
    _walk(page, "pause_1")
    _walk(page, "conditional_1")
    page.keyboard.press("c")
    page.get_by_role("dialog", name="Which exit?").wait_for()
    page.wait_for_function("() => document.activeElement?.closest('fieldset') != null")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("^Connect “no”")).wait_for()
    _focused(page, "conditional_1")
    _choose(page, "email_1")
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("^Connect “no”")).wait_for(state="detached")


def _choose(page: "Page", name: str) -> None:
    """Leads by the arrows to what the bar above the graph then names."""
    bar = page.locator("[role=status] b")
    for _ in range(8):
        before = bar.inner_text()
        if before == name:
            return
        page.keyboard.press("ArrowDown")
        page.wait_for_function("(before) => document.querySelector('[role=status] b').innerText !== before", arg=before)
    raise AssertionError(f"the arrows do not lead to {name}")


def _branch_and_wrap(page: "Page") -> None:
    _walk(page, "pause_1")
    _add(page, "Parallel", "parallel_1")
    _act(page, "Add a branch")
    page.locator("[data-lane='parallel_1 branch_3']").wait_for()
    _walk(page, "parallel_1")
    _tab_to(page, page.locator("[data-plus^='parallel_1 ']").first)
    page.keyboard.press("Enter")
    _take_type(page, "Function", "function_1")
    page.keyboard.press("Control+Shift+ArrowRight")
    _walk(page, "email_2")
    page.keyboard.press("x")
    page.keyboard.press("ArrowUp")
    _focused(page, "email_1")
    page.keyboard.press("x")
    page.keyboard.press("Control+g")
    _press(page, "Into a loop")
    page.locator("[data-step=forEach_1]").wait_for()


def _note_and_find(page: "Page") -> None:
    page.keyboard.press("Control+f")
    page.get_by_role("searchbox", name="Find in the workflow").wait_for()
    page.keyboard.type("boss@")
    page.get_by_text("1 step found").wait_for()
    page.keyboard.press("Escape")
    _walk(page, "approval_1")
    page.keyboard.press("n")
    page.get_by_role("dialog").get_by_role("textbox", name="Note").wait_for()
    page.keyboard.type("Ask the buyer first")
    _press(page, "Save")


def _delete(page: "Page") -> None:
    _walk(page, "pause_1")
    page.keyboard.press("Delete")
    page.locator("[data-step=pause_1]").wait_for(state="detached")
    _walk(page, "parallel_1")
    page.keyboard.press("Control+d")
    page.locator("[data-step=parallel_2]").wait_for()
    _focused(page, "parallel_2")
    page.keyboard.press("Shift+Delete")
    page.locator("[data-step=parallel_2]").wait_for(state="detached")
