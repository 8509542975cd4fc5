"""A card is built by keys, tried on data, activated and used in a step; a hostile one does nothing."""

import json
from typing import Any, Final

from playwright.sync_api import FrameLocator, Locator, Page, expect

from browser.app.visits import Visit
from browser.inbox.asking import Installation, approval

EMPTY: Final = {"type": "AdaptiveCard", "version": "1.5", "body": [], "actions": []}
ITEMS: Final = [
    {"text": "Centrifugal pump", "quantity": 2, "amount": "12,480.00"},
    {"text": "Mechanical seal", "quantity": 12, "amount": "2,226.00"},
]
DATA: Final = {"payload": {"output": {"po": "4500000101", "amount": 17010, "items": ITEMS}}}
HOSTILE: Final = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": "<script>parent.hacked = 1</script><img src=x onerror='parent.hacked = 1'>"},
        {"type": "TextBlock", "text": "[press](javascript:parent.hacked=1)"},
        {"type": "Image", "url": "https://elsewhere.invalid/seen.png", "altText": "A counter"},
    ],
    "actions": [{"type": "Action.OpenUrl", "title": "Script", "url": "javascript:parent.hacked=1"}],
}


def test_a_card_is_built_tried_activated_and_used_in_a_step(maker: Visit, installation: Installation) -> None:
    workflow_id = installation.org.create(approval("manager@example.com"), is_active=False)
    card_id = make_card(installation, EMPTY, "Release an order")
    page = maker.open(f"/app/cards/{card_id}/v/1?workflow_id={workflow_id}&workflow_version=1&step=approval_1")
    give_data(page, DATA)
    tree = page.get_by_role("tree", name="Parts of the card")

    add(page, "Text")
    write(page, "Text", "Order ${payload.output.po}")
    expect(picture(page).get_by_text("Order 4500000101")).to_be_visible()
    add(page, "Table of items")
    expect(picture(page).get_by_role("cell", name="12", exact=True)).to_be_visible()
    add(page, "Text")
    write(page, "Text", "This is expensive")
    write(page, "Show only when", "payload.output.amount > 20000")
    expect(picture(page).get_by_text("This is expensive")).to_have_count(0)
    add(page, "Approve or reject")
    expect(picture(page).get_by_role("button", name="Approve")).to_be_visible()
    expect(page.get_by_text("No findings")).to_be_visible()

    # The part that the picture shows is the part that the tree selects.
    picture(page).get_by_text("Order 4500000101").click()
    expect(tree.get_by_role("treeitem", selected=True)).to_contain_text("Order")
    maker.look("card-designer")
    _look_at_each_place_and_reader(maker)

    page.get_by_role("button", name="Activate").click()
    page.get_by_role("dialog").get_by_role("button", name="Activate").click()
    expect(page.get_by_role("button", name="Edit")).to_be_visible()
    page.get_by_role("button", name="Use in this step").click()
    page.wait_for_url(f"**/app/workflows/{workflow_id}/v/1?step=approval_1")
    item = installation.org.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1).json()["item"]
    settings = next(each["settings"] for each in item["workflow_steps"] if each["id"] == "approval_1")
    assert (settings["card_id"], settings["card_version"]) == (card_id, 1)
    assert "card" not in settings
    maker.check()


PLACES: Final = {
    "Teams, light": "light",
    "Teams, dark": "dark",
    "Teams, high contrast": "contrast",
    "Inbox": "light",
    "Phone, 320 px": "light",
}
"""Where a card is shown, and its theme there; the app of these stories is light."""

TWO_LINES: Final = 32
"""Pixels of a text of the smallest size."""

READERS: Final = {
    "Another reader": "Another reader sees the card without its fields and buttons.",
    "After the decision": "Answered.",
    "In error": "The execution has an open incident.",
}


def _look_at_each_place_and_reader(maker: Visit) -> None:
    page = maker.page
    for place, theme in PLACES.items():
        choose(page, "Where it is shown", place)
        expect(picture(page).locator("html")).to_have_attribute("data-theme", theme)
        expect(picture(page).get_by_role("button", name="Approve")).to_be_visible()
        maker.look(f"card-designer-{place.split(',')[0].lower()}-{theme}")
    width = page.get_by_title("Card: Release an order").bounding_box()
    assert width is not None
    assert width["width"] <= 320
    # On a phone a number is on one line.
    amount = picture(page).get_by_text("12,480.00").bounding_box()
    assert amount is not None
    assert amount["height"] < TWO_LINES
    for reader, note in READERS.items():
        choose(page, "Who looks at it", reader)
        expect(page.get_by_text(note, exact=False)).to_be_visible()
        expect(picture(page).get_by_text("Order 4500000101")).to_be_visible()
        expect(picture(page).get_by_role("button", name="Approve")).to_have_count(0)
        expect(picture(page).get_by_role("textbox")).to_have_count(0)
        maker.look(f"card-designer-{reader.split()[0].lower()}")


def test_a_card_is_changed_by_keys_alone_and_survives_a_reload(maker: Visit, installation: Installation) -> None:
    card_id = make_card(installation, {**EMPTY, "body": [{"type": "TextBlock", "text": "First"}]}, "By keys")
    page = maker.open(f"/app/cards/{card_id}/v/1")
    tree = page.get_by_role("tree", name="Parts of the card")
    tree.get_by_role("treeitem").nth(1).focus()
    page.keyboard.press("Control+d")
    expect(tree.get_by_role("treeitem")).to_have_count(3)
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("Second")
    page.keyboard.press("F6")
    page.keyboard.press("F6")
    tree.get_by_role("treeitem").nth(2).focus()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.reload()
    names = tree.get_by_role("treeitem")
    expect(names).to_have_count(3)
    assert [each.inner_text().split()[-1] for each in names.all()[1:]] == ["Second", "First"]
    page.get_by_role("tab", name="JSON").click()
    page.get_by_role("textbox", name="The card as JSON").get_by_text('"Second"').click()
    maker.look("card-designer-json")
    maker.check()


def test_a_hostile_card_does_nothing(maker: Visit, installation: Installation) -> None:
    card_id = make_card(installation, HOSTILE, "Hostile")
    page = maker.open(f"/app/cards/{card_id}/v/1")
    picture(page).get_by_text("Image (not loaded): A counter").wait_for()
    frame = next(each for each in page.frames if each != page.main_frame)
    assert frame.evaluate("self.origin") == "null"
    assert frame.locator("script:not([src]), iframe, object, img, [onerror]").count() == 0
    cookie = "(() => { try { return document.cookie } catch (error) { return error.name } })()"
    assert frame.evaluate(cookie) == "SecurityError"
    picture(page).get_by_role("link", name="Script").click()
    assert page.evaluate("globalThis.hacked") is None
    expect(page.get_by_role("button", name="A link must begin with")).to_be_visible()
    maker.check()


def test_a_loop_over_a_million_rows_is_stopped_by_the_server_and_the_page_stays_quick(
    maker: Visit, installation: Installation
) -> None:
    loop = {"type": "TextBlock", "text": "${$index}", "$data": "${range(0, 1000000)}"}
    card_id = make_card(installation, {**EMPTY, "body": [{"type": "TextBlock", "text": "Still there"}]}, "Loop")
    page = maker.open(f"/app/cards/{card_id}/v/1")
    expect(picture(page).get_by_text("Still there")).to_be_visible()
    tree = page.get_by_role("tree", name="Parts of the card")
    tree.get_by_role("treeitem").nth(1).click()
    write(page, "Repeat for each of", loop["$data"])
    expect(page.get_by_text("the last picture is shown").first).to_be_visible()
    expect(picture(page).get_by_text("Still there")).to_be_visible()
    page.evaluate(_SLOWEST_TASK)
    page.get_by_role("textbox", name="Text", exact=True).click()
    page.keyboard.type(" and quick")
    slowest = page.evaluate("globalThis.slowest")
    assert slowest < 200, f"a key took {slowest} ms"
    maker.check()


def test_the_designer_speaks_german_and_is_dark(maker: Visit, installation: Installation) -> None:
    card_id = make_card(installation, HOSTILE, "Bestellung")
    with maker.preferring("dark", "de"):
        page = maker.open(f"/app/cards/{card_id}/v/1")
        page.get_by_role("tree", name="Teile der Karte").wait_for()
        page.get_by_role("button", name="Ein Link muss mit").wait_for()
        maker.look("card-designer-german")
    maker.check()


_SLOWEST_TASK: Final = """
() => {
  globalThis.slowest = 0;
  new PerformanceObserver((list) => {
    for (const {duration} of list.getEntries()) globalThis.slowest = Math.max(globalThis.slowest, duration);
  }).observe({type: "longtask"});
}
"""


def make_card(installation: Installation, payload: dict[str, Any], name: str) -> str:
    """Creates a card by the API, and returns its id."""
    answer = installation.org.post("createCard", {"card_name": name, "card_payload": payload})
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["item"]["card_id"]
    return found


def picture(page: Page) -> FrameLocator:
    """Returns the inside of the frame in which the card is drawn."""
    return page.frame_locator("iframe")


def add(page: Page, name: str) -> None:
    """Adds a part at the end of the card by its name in the palette, by keys."""
    page.get_by_role("treeitem").first.focus()
    page.get_by_role("button", name=name, exact=True).press("Enter")


def write(page: Page, name: str, text: str) -> None:
    """Writes a property that may hold expressions, whose editor opens when it is entered."""
    page.get_by_role("textbox", name=name, exact=True).click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def choose(page: Page, label: str, option: str) -> Locator:
    """Chooses an option of a list by what it shows."""
    found = page.get_by_label(label)
    found.select_option(label=option)
    return found


def give_data(page: Page, data: Any) -> None:
    """Writes sample data, and returns to the parts."""
    page.get_by_role("tab", name="Sample data").click()
    editor = page.get_by_role("textbox", name="Sample data")
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(json.dumps(data))
    page.get_by_role("tab", name="Parts").click()
