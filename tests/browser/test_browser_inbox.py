"""The inbox page in Chromium against the real server, end to end, as a recipient lives it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import CARD, Definition, card, definition, graph, note

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WIDE = {"width": 1100, "height": 800}
NARROW = {"width": 340, "height": 700}

ORDER: dict[str, Any] = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {
            "type": "Container",
            "style": "emphasis",
            "bleed": True,
            "items": [
                {"type": "TextBlock", "text": "Purchase order ${payload.output.po}", "style": "heading", "wrap": True},
                {"type": "TextBlock", "text": "${payload.output.supplier}", "isSubtle": True, "wrap": True},
            ],
        },
        {
            "type": "FactSet",
            "facts": [
                {"title": "Amount", "value": "${payload.output.amount} EUR"},
                {"title": "Cost center", "value": "MARKETING-AND-COMMUNICATION-EUROPE-4711"},
            ],
        },
        {
            "type": "Table",
            "firstRowAsHeaders": True,
            "columns": [{"width": 3}, {"width": 1}],
            "rows": [
                {
                    "type": "TableRow",
                    "cells": [
                        {"type": "TableCell", "items": [{"type": "TextBlock", "text": text, "wrap": True}]}
                        for text in row
                    ],
                }
                for row in (("Item", "Quantity"), ("Office chair, ergonomic, black", "12"))
            ],
        },
        {"type": "Input.Text", "id": "comment", "label": "Comment", "isMultiline": True},
    ],
    "actions": CARD["actions"],
}
ASKING: Definition = definition(
    card(card=ORDER), note("note_1", "${card_1.output.response.data.action}"), name="Purchase order approval"
)
BODY = {"po": "4500000001", "supplier": "Möbel & Söhne <GmbH>", "amount": 17010.5}


class Visit:
    """One visitor's page, and what its console said."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.console: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("dialog", lambda dialog: self.console.append(f"dialog {dialog.message}"))

    def open(self, url: str) -> "Page":
        self.page.goto(url)
        self.page.locator("#inbox .loading").wait_for(state="detached")
        return self.page

    def text(self) -> str:
        return self.page.locator("#inbox").inner_text()

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)


@pytest.fixture
def context(browser: "Browser") -> Iterator["BrowserContext"]:
    found = browser.new_context(viewport=WIDE, locale="en-US", timezone_id="Europe/Berlin")
    found.set_default_timeout(60_000)
    yield found
    found.close()


@pytest.fixture
def visit(context: "BrowserContext") -> Iterator[Visit]:
    found = Visit(context.new_page())
    yield found
    # Neither the policy nor a script may have had anything to complain about.
    assert found.console == []
    own = re.compile(r"http://127\.0\.0\.1:\d+/")
    assert [url for url in found.requests if own.match(url) is None] == []


def ask(org: Organization, workflow: Definition = ASKING, **body: Any) -> tuple[str, str, str]:
    """Returns workflow id, execution id and the link of the newest card."""
    workflow_id = org.create(workflow)
    execution_id = org.trigger(workflow_id, {**BODY, **body})
    org.until(workflow_id, execution_id, "WAITING")
    return workflow_id, execution_id, org.cards()[0]["url"]


def decided(org: Organization, workflow_id: str, execution_id: str) -> dict[str, Any]:
    item = org.until(workflow_id, execution_id, "COMPLETED")
    response: dict[str, Any] = item["workflow_output_payload"]["card_1"]["output"]["response"]
    return response


def test_a_recipient_reads_the_card_and_approves_with_a_comment(
    org: Organization, visit: Visit, tmp_path: Path
) -> None:
    workflow_id, execution_id, url = ask(org)
    page = visit.open(url)
    assert page.title() == "Purchase order approval · Looply"
    assert page.get_by_role("heading", name="Purchase order approval").is_visible()
    for text in ("For ann@example.com", "Purchase order 4500000001", "Möbel & Söhne <GmbH>", "17010.5 EUR"):
        assert text in visit.text()
    page.screenshot(path=tmp_path / "open.png", full_page=True)
    page.get_by_label("Comment").fill("Fine, but <b>hurry</b>")
    visit.button("Approve").click()
    page.get_by_text("Thank you. Your answer is recorded.").wait_for()
    assert "Fine, but <b>hurry</b>" in visit.text()
    assert visit.page.get_by_role("button").count() == 0
    page.screenshot(path=tmp_path / "recorded.png", full_page=True)
    response = decided(org, workflow_id, execution_id)
    assert response == {"user": "ann@example.com", "data": {"action": "approve", "comment": "Fine, but <b>hurry</b>"}}


def test_a_recipient_rejects(org: Organization, visit: Visit) -> None:
    workflow_id, execution_id, url = ask(org)
    visit.open(url)
    visit.button("Reject").click()
    visit.page.get_by_text("Your answer is recorded").wait_for()
    assert decided(org, workflow_id, execution_id)["data"]["action"] == "reject"


def test_opening_and_reloading_decides_nothing(org: Organization, visit: Visit) -> None:
    workflow_id, execution_id, url = ask(org)
    visit.open(url)
    for _ in range(3):
        visit.page.reload()
        visit.button("Approve").wait_for()
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"


_PRESSES = """(name) => {
  // What a program does that opens a link in a browser without a person in front of it.
  const send = (target, kinds) => kinds.forEach((kind) => target.dispatchEvent(new Event(kind, {bubbles: true})));
  send(document.body, ["pointerdown", "touchstart", "keydown"]);
  const found = [...document.querySelectorAll("button")].find((button) => button.textContent.trim() === name);
  send(found, ["pointerdown", "mousedown", "mouseup"]);
  found.click();
}"""
_FILLS_IN = """() => {
  const field = document.querySelector("form.asking input");
  field.value = "000";
  field.dispatchEvent(new Event("input", {bubbles: true}));
  field.form.requestSubmit();
}"""


def test_a_program_that_presses_a_button_by_a_script_decides_nothing_and_a_person_does(
    org: Organization, visit: Visit
) -> None:
    workflow_id, execution_id, url = ask(org)
    sent: list[str] = []
    visit.page.on("request", lambda request: sent.append(request.method))
    page = visit.open(url)
    for _ in range(2):
        page.evaluate(_PRESSES, "Approve")
        page.get_by_text("Programs that check mails open links too").wait_for()
        page.evaluate(_FILLS_IN)
        page.get_by_role("group", name="One more step").wait_for()
    page.wait_for_load_state("networkidle")
    assert set(sent) == {"GET"}
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"
    visit.button("Reject").click()
    page.get_by_text("Your answer is recorded").wait_for()
    assert decided(org, workflow_id, execution_id)["data"]["action"] == "reject"


def test_a_second_visitor_sees_who_decided(
    org: Organization, visit: Visit, context: "BrowserContext", tmp_path: Path
) -> None:
    workflow_id, execution_id, url = ask(org)
    second = Visit(context.new_page())
    visit.open(url)
    second.open(url)
    visit.button("Approve").click()
    visit.page.get_by_text("Your answer is recorded").wait_for()
    second.button("Reject").click()
    second.page.get_by_text("Your click changed nothing").wait_for()
    assert "answered by ann@example.com" in second.text()
    assert "Below is the request as it is now." in second.text()
    assert second.page.get_by_role("button").count() == 0
    second.page.screenshot(path=tmp_path / "already.png", full_page=True)
    third = Visit(context.new_page())
    third.open(url)
    assert "answered by ann@example.com" in third.text()
    assert (second.console, third.console) == ([], [])
    assert decided(org, workflow_id, execution_id)["data"]["action"] == "approve"


def test_a_closed_card_takes_no_answer_and_says_so(org: Organization, visit: Visit, tmp_path: Path) -> None:
    _, execution_id, url = ask(org)
    page = visit.open(url)
    org.terminate(execution_id)
    visit.button("Approve").click()
    page.get_by_text("Your click changed nothing").wait_for()
    assert "The workflow was terminated." in visit.text()
    assert page.get_by_role("button").count() == 0
    page.screenshot(path=tmp_path / "closed.png", full_page=True)
    page.reload()
    page.get_by_text("This request is closed").wait_for()
    # Chromium itself notes every answer of 4xx in its console.
    assert [line for line in visit.console if "409" not in line] == []
    visit.console.clear()


@pytest.mark.parametrize("token", ["nonsense", "A" * 80, "%3Cimg src=x onerror=alert(1)%3E"])
def test_an_invalid_link_says_so(org: Organization, visit: Visit, tmp_path: Path, token: str) -> None:
    _, _, url = ask(org)
    page = visit.open(f"{url.rpartition('/')[0]}/{token}")
    assert "This link is not valid" in visit.text()
    assert page.get_by_role("button").count() == 0
    page.screenshot(path=tmp_path / "invalid.png", full_page=True)
    assert [line for line in visit.console if "404" not in line] == []
    visit.console.clear()


def test_after_the_timeout_the_page_says_that_it_is_closed(org: Organization, visit: Visit) -> None:
    for seconds in (2, 8, 32):
        steps = [card(card=ORDER, wait={"for": "first", "timeout": f"PT{seconds}S"}), note("late")]
        flow = graph(steps, ("WorkflowStartState", "card_1"), ("card_1", "late", "timeout"))
        workflow_id = org.create(flow)
        execution_id = org.trigger(workflow_id, BODY)
        if cards := org.cards():
            page = visit.open(cards[0]["url"])
            if "Answer by" in visit.text():
                break
    else:
        pytest.fail("no card is opened in its time")
    org.until(workflow_id, execution_id, "COMPLETED")
    page.reload()
    page.get_by_text("This request is closed").wait_for()


CUT_OFF = """() => {
  // The elements that cut off a part of the focus ring of the focused element; "no ring" without one.
  const focused = document.activeElement, style = getComputedStyle(focused);
  if (style.outlineStyle === "none") return ["no ring"];
  const wide = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset), ring = focused.getBoundingClientRect();
  const found = [];
  for (let one = focused.parentElement; one !== null && one !== document.body; one = one.parentElement) {
    if (getComputedStyle(one).overflow === "visible") continue;
    const box = one.getBoundingClientRect();
    const isWhole = box.left <= ring.left - wide && box.right >= ring.right + wide
      && box.top <= ring.top - wide && box.bottom >= ring.bottom + wide;
    if (!isWhole) found.push(one.className || one.tagName);
  }
  return found;
}"""


def test_the_keyboard_alone_is_enough(org: Organization, visit: Visit, tmp_path: Path) -> None:
    workflow_id, execution_id, url = ask(org)
    page = visit.open(url)
    focused = "document.activeElement.tagName + ' ' + (document.activeElement.textContent || '').trim()"
    seen: list[str] = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(focused))
        assert page.evaluate(CUT_OFF) == [], seen
        if seen[-1].startswith("TEXTAREA"):
            page.keyboard.type("by keyboard")
        if seen[-1] == "BUTTON Reject":
            break
    assert [place for place in seen if place.startswith("TEXTAREA")], seen
    assert seen.index("BUTTON Approve") < seen.index("BUTTON Reject")
    page.screenshot(path=tmp_path / "focus.png", full_page=True)
    assert page.evaluate(CUT_OFF) == []
    page.keyboard.press("Enter")
    page.get_by_text("Your answer is recorded").wait_for()
    assert "recorded" in page.evaluate("document.activeElement.textContent")
    assert decided(org, workflow_id, execution_id)["data"] == {"action": "reject", "comment": "by keyboard"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_narrow_screen_nothing_has_to_be_moved_sideways(
    org: Organization, browser: "Browser", tmp_path: Path, scheme: Any
) -> None:
    workflow_id, execution_id, url = ask(org, supplier="A" * 20 + " " + "verylongname" * 6)
    context = browser.new_context(viewport=NARROW, color_scheme=scheme, device_scale_factor=2, has_touch=True)
    try:
        visit = Visit(context.new_page())
        page = visit.open(url)
        page.screenshot(path=tmp_path / f"narrow-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        for name in ("Approve", "Reject"):
            box = visit.button(name).bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= NARROW["width"]
            # WCAG 2.2, 2.5.8: targets have at least 24 CSS pixels.
            assert box["height"] >= 24
        visit.button("Approve").tap()
        page.get_by_text("Your answer is recorded").wait_for()
        page.screenshot(path=tmp_path / f"narrow-{scheme}-recorded.png", full_page=True)
        assert visit.console == []
    finally:
        context.close()
    assert decided(org, workflow_id, execution_id)["data"]["action"] == "approve"


def test_on_a_narrow_screen_no_button_and_no_value_is_cut_off(
    org: Organization, browser: "Browser", tmp_path: Path
) -> None:
    titles = ("Approve", "Send it back to whoever has requested it", "Ask for more", "Later")
    facts = [{"title": "Document", "value": "https://example.com/" + "x" * 60}, {"title": "Amount", "value": "1 EUR"}]
    shown = {
        **ORDER,
        "body": [{"type": "FactSet", "facts": facts}],
        "actions": [{"type": "Action.Submit", "title": title, "data": {"action": title}} for title in titles],
    }
    workflow_id, execution_id, url = ask(org, definition(card(card=shown), note("note_1")))
    context = browser.new_context(viewport=NARROW, has_touch=True)
    context.set_default_timeout(60_000)
    try:
        visit = Visit(context.new_page())
        page = visit.open(url)
        page.screenshot(path=tmp_path / "narrow-buttons.png", full_page=True)
        within = page.locator(".card").bounding_box()
        assert within is not None
        values = page.locator(".ac-fact-value .ac-textBlock").all()
        assert len(values) == len(facts)
        for each in (*values, *(visit.button(title) for title in titles)):
            box = each.bounding_box()
            assert box is not None
            assert box["x"] >= within["x"]
            assert box["x"] + box["width"] <= within["x"] + within["width"]
        visit.button(titles[-1]).tap()
        page.get_by_text("Your answer is recorded").wait_for()
        assert visit.console == []
    finally:
        context.close()
    assert decided(org, workflow_id, execution_id)["data"] == {"action": titles[-1]}


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://canary.invalid/x.png)",
    "{{constructor.constructor('alert(1)')()}}",
    "</script><script>alert(1)</script>",
    "[x](data:text/html,<script>alert(1)</script>)",
]


def test_what_callers_send_stays_text(org: Organization, visit: Visit) -> None:
    blocks = [{"type": "TextBlock", "text": f"${{payload.output.attacks[{n}]}}"} for n in range(len(ATTACKS))]
    choices = {
        "type": "Input.ChoiceSet",
        "id": "choice",
        "label": "${payload.output.attacks[0]}",
        "choices": [{"title": "${payload.output.attacks[1]}", "value": "1"}],
    }
    shown = {**ORDER, "body": [*blocks, choices, {"type": "FactSet", "facts": [{"title": "x", "value": ATTACKS[2]}]}]}
    flow = definition(card(card=shown), name="<img src=x onerror=alert(1)>")
    _, _, url = ask(org, flow, attacks=ATTACKS)
    page = visit.open(url)
    assert "<script>alert(1)</script>" in visit.text()
    assert page.locator("#inbox script, #inbox iframe, #inbox object, #inbox [onerror], #inbox [onload]").count() == 0
    for link in page.locator("#inbox a").all():
        assert re.match(r"https?:|mailto:", link.get_attribute("href") or "https:")
    visit.button("Approve").click()
    page.get_by_text("Your answer is recorded").wait_for()


def test_a_german_reader_gets_a_german_page(org: Organization, browser: "Browser", tmp_path: Path) -> None:
    steps = [card(card=ORDER, wait={"for": "first", "timeout": "P3D"}), note("late")]
    _, execution_id, url = ask(org, graph(steps, ("WorkflowStartState", "card_1"), ("card_1", "late", "timeout")))
    context = browser.new_context(viewport=NARROW, locale="de-DE", timezone_id="Europe/Berlin")
    context.set_default_timeout(60_000)
    try:
        visit = Visit(context.new_page())
        page = visit.open(url)
        assert page.evaluate("document.documentElement.lang") == "de"
        for text in ("Für ann@example.com", "Gesendet", "Antwort bis"):
            assert text in visit.text()
        assert re.search(r"Antwort bis \d{1,2}\. \w+\.? \d{4},? (um )?\d{2}:\d{2} (MEZ|MESZ)", visit.text())
        page.screenshot(path=tmp_path / "german.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        org.terminate(execution_id)
        visit.button("Approve").click()
        page.get_by_text("Ihr Klick hat nichts geändert").wait_for()
        page.screenshot(path=tmp_path / "german-late.png", full_page=True)
    finally:
        context.close()


def test_the_page_cannot_be_put_into_a_frame(org: Organization, visit: Visit) -> None:
    _, _, url = ask(org)
    page = visit.page
    page.set_content(f'<iframe src="{url}" width="600" height="600"></iframe>')
    page.wait_for_load_state("networkidle")
    page.wait_for_function("frames.length === 1")
    inner = page.frames[1]
    assert inner.url.startswith("chrome-error://")
    assert inner.locator("#inbox").count() == 0
    visit.console.clear()


def test_an_unreachable_server_is_reported_and_the_answer_can_be_sent_again(org: Organization, visit: Visit) -> None:
    workflow_id, execution_id, url = ask(org)
    page = visit.open(url)
    page.get_by_label("Comment").fill("kept")
    page.context.set_offline(True)
    visit.button("Approve").click()
    page.get_by_text("Your answer may not have arrived").wait_for()
    assert page.get_by_label("Comment").input_value() == "kept"
    page.context.set_offline(False)
    visit.button("Send again").click()
    page.get_by_text("Your answer is recorded").wait_for()
    assert [line for line in visit.console if "ERR_INTERNET_DISCONNECTED" not in line] == []
    visit.console.clear()
    assert decided(org, workflow_id, execution_id)["data"] == {"action": "approve", "comment": "kept"}


def test_the_api_page_opens_without_complaint(org: Organization, visit: Visit, tmp_path: Path) -> None:
    visit.page.goto(str(org.client.base_url.join("/docs")))
    visit.page.get_by_text("triggerworkflow").first.wait_for()
    visit.page.screenshot(path=tmp_path / "docs.png")
