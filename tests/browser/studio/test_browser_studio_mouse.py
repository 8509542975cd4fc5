"""A workflow is drawn by a pointer that drags: from the toolbox, on the canvas, from an exit; and is looked at."""

from typing import TYPE_CHECKING, Final

from browser.app.visits import Visit
from browser.studio.conftest import Installation
from browser.studio.drawing import edges_of, open_studio, save

if TYPE_CHECKING:
    from playwright.sync_api import Page

_STEPS: Final = [
    {"id": "conditional_1", "type": "conditional", "settings": {"rules": []}},
    {"id": "delay_1", "type": "delay", "settings": {"for": "PT1H"}},
    {"id": "delay_2", "type": "delay", "settings": {"for": "PT2H"}},
]
_EDGES: Final = [
    {"from": "WorkflowStartState", "to": "conditional_1"},
    {"from": "conditional_1", "to": "delay_1", "branch": "yes"},
    {"from": "delay_1", "to": "delay_2"},
]


def _zoom(page: "Page") -> str | None:
    return page.locator("section[data-area=canvas]").get_attribute("data-zoom")


def _scroll(page: "Page") -> tuple[float, float]:
    left, top = page.locator("[data-steps]").evaluate("({parentElement: e}) => [e.scrollLeft, e.scrollTop]")
    return left, top


def test_steps_exits_and_types_are_dragged_by_the_pointer(maker: Visit, installation: Installation) -> None:
    workflow_id = installation.draft(_STEPS, _EDGES)
    page = open_studio(maker, workflow_id)
    toolbox = page.get_by_role("navigation", name="Steps")
    toolbox.get_by_role("button", name="E-mail").drag_to(page.locator("[data-plus='delay_2 next']"))
    page.locator("[data-step=email_1][aria-pressed=true]").wait_for()
    page.locator("[data-step=delay_2]").drag_to(page.locator("[data-plus='WorkflowStartState next']"))
    page.locator("[data-plus='delay_2 next']").wait_for()
    page.locator("[data-exit='conditional_1 no']").drag_to(page.locator("[data-step=email_1]"))
    save(page)
    assert edges_of(installation.stored(workflow_id)) == [
        "WorkflowStartState next delay_2",
        "conditional_1 no email_1",
        "conditional_1 yes delay_1",
        "delay_1 next email_1",
        "delay_2 next conditional_1",
    ]
    # What cannot be is refused in words, and changes nothing.
    page.locator("[data-step=conditional_1]").drag_to(page.locator("[data-plus='delay_1 next']"))
    page.get_by_role("alert").get_by_text("A block cannot be moved into itself.").wait_for()
    maker.look("studio-dragged-steps")
    save(page)
    assert len(edges_of(installation.stored(workflow_id))) == 5
    maker.check()


def test_a_large_graph_is_zoomed_moved_and_folded_by_the_pointer(maker: Visit, installation: Installation) -> None:
    branches = {"branches": [{"id": "left"}, {"id": "right"}]}
    steps = [
        {"id": "parallel_1", "type": "parallel", "settings": branches},
        {"id": "function_1", "type": "function", "settings": {}},
        {"id": "join_1", "type": "join", "settings": {"of": "parallel_1"}},
        *({"id": f"delay_{number}", "type": "delay", "settings": {"for": "PT1H"}} for number in range(1, 31)),
    ]
    edges = [
        {"from": "WorkflowStartState", "to": "parallel_1"},
        {"from": "parallel_1", "to": "function_1", "branch": "left"},
        {"from": "parallel_1", "to": "join_1", "branch": "right"},
        {"from": "function_1", "to": "join_1"},
        {"from": "join_1", "to": "delay_1"},
        *({"from": f"delay_{number}", "to": f"delay_{number + 1}"} for number in range(1, 30)),
    ]
    page = open_studio(maker, installation.draft(steps, edges))
    bar = page.get_by_role("toolbar", name="Size of the graph")
    bar.get_by_role("button", name="%").click()
    assert (_zoom(page), _scroll(page)[1]) == ("near", 0)

    # The ground is dragged: what lies below comes into sight.
    canvas = page.locator("section[data-area=canvas]").bounding_box()
    assert canvas is not None
    x, y = canvas["x"] + 40, canvas["y"] + canvas["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 150, steps=5)
    page.mouse.up()
    assert 100 <= _scroll(page)[1] <= 200

    _move_by_space(page, (x, y))

    # A press at the foot of the small map leads there.
    small = page.locator("section[data-area=canvas] div[aria-hidden=true] > svg")
    box = small.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2)
    page.wait_for_function("() => document.querySelector('[data-steps]').parentElement.scrollTop > 1000")

    # The wheel with Ctrl zooms, and without it scrolls.
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    for _ in range(6):
        page.mouse.wheel(0, 100)
    page.keyboard.up("Control")
    bar.get_by_role("button", name="40 %").wait_for()
    assert _zoom(page) == "far"
    maker.look("studio-far")
    for _ in range(2):
        bar.get_by_role("button", name="Smaller").click()
    bar.get_by_role("button", name="20 %").wait_for()
    assert _zoom(page) == "map"
    words = page.locator("[data-step=delay_1]").get_by_text("delay_1")
    assert words.evaluate("(element) => element.checkVisibility({opacityProperty: true})") is False
    # The name of a button that the pointer rests on is beside the page's regions.
    page.mouse.move(0, 0)
    page.get_by_role("tooltip").wait_for(state="detached")
    maker.look("studio-map")
    bar.get_by_role("button", name="20 %").click()
    assert _zoom(page) == "near"

    _fold(page)
    page.locator("[data-step=function_1]").wait_for(state="detached")
    maker.look("studio-folded")
    maker.check()


def _move_by_space(page: "Page", place: tuple[float, float]) -> None:
    """With the space bar a step moves the canvas too, and is neither dragged nor chosen."""
    x, y = place
    step = page.locator("[data-step=delay_1]")
    step.hover()
    page.keyboard.down("Space")
    page.mouse.down()
    page.mouse.move(x, y - 150, steps=1)
    before = _scroll(page)[1]
    page.mouse.move(x, y - 250, steps=5)
    assert 60 <= _scroll(page)[1] - before <= 140
    page.mouse.up()
    page.keyboard.up("Space")
    assert step.get_attribute("aria-pressed") == "false"


def _fold(page: "Page") -> None:
    step = page.locator("[data-step=parallel_1]")
    # The view rests when the step that is clicked is the selected one.
    step.click()
    page.locator("[data-step=parallel_1][aria-pressed=true]").wait_for()
    step.click(button="right")
    page.get_by_role("menuitem", name="Fold the block").click()
