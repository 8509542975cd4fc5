"""A maker's first day: an approval from a template and one from an empty canvas, both up to the answered card."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import httpx2
import pytest

from browser.app.running_demo import RunningDemo
from browser.app.visits import Visit
from looply.demo.orders import IN_RELEASE, LARGE_ORDER, RELEASED
from looply.demo.sap import CLIENT, PASSWORD, USER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

MOST_FROM_TEMPLATE: Final = 11
MOST_FROM_EMPTY: Final = 60
"""Clicks of the maker, from the list of workflows to an execution that waits; what is typed into a field is one."""

SERVICE: Final = "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV"
ORDER: Final = "A_PurchaseOrder('${payload.output.po}')"
CHANGED: Final = '{"po": "4500000102", "amount": 2490, "manager": "manager@example.com"}'
MOVED: Final = '{"po": "4500000102", "amount": 2491, "manager": "manager@example.com"}'
KEYS: Final = ("ArrowDown", "Enter")
"""Connect an exit with the second of the steps below."""

BODY: Final = '{"po": "4500000101", "amount": 17010, "manager": "manager@example.com"}'

_COUNT: Final = """
addEventListener("click", ({isTrusted, detail}) => {
  if (isTrusted && detail > 0) sessionStorage.clicks = Number(sessionStorage.clicks ?? 0) + 1;
}, true);
addEventListener("focusin", () => delete globalThis.typed, true);
addEventListener("input", ({isTrusted}) => {
  if (!isTrusted || globalThis.typed) return;
  globalThis.typed = true;
  sessionStorage.clicks = Number(sessionStorage.clicks ?? 0) + 1;
}, true);
"""


@pytest.fixture(scope="module")
def maker(browser: "Browser", demo: RunningDemo) -> Iterator[Visit]:
    visit = Visit(browser, demo.address, color_scheme="light")
    visit.page.add_init_script(_COUNT)
    visit.join(demo.owner_link, "The maker", "maker@example.com")
    yield visit
    visit.close()


@pytest.fixture(scope="module")
def manager(browser: "Browser", demo: RunningDemo) -> Iterator[Visit]:
    visit = Visit(browser, demo.address, color_scheme="light")
    visit.join(demo.manager_link, "The manager")
    yield visit
    visit.close()


def _clicks(page: "Page") -> int:
    return int(page.evaluate("Number(sessionStorage.clicks ?? 0)"))


def _begin(maker: Visit, template: str, name: str, *, connection: str = "") -> "Page":
    page = maker.open("/app/workflows")
    page.evaluate("delete sessionStorage.clicks")
    page.get_by_role("button", name="New workflow").click()
    page.get_by_role("button", name=template).click()
    page.get_by_label("Name").fill(name)
    if connection:
        page.get_by_role("dialog").get_by_role("combobox").select_option(connection)
    page.get_by_role("button", name="Create the workflow").click()
    page.locator("[data-step=WorkflowStartState]").wait_for()
    return page


def _activate(page: "Page") -> None:
    page.get_by_role("button", name="Activate version 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Activate version 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()


def _run(page: "Page", body: str | None = None) -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    dialog = page.get_by_role("dialog")
    if body is not None:
        dialog.get_by_label("Body of the call").fill(body)
    dialog.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Waits for").first.wait_for()


def _approve(manager: Visit, workflow: str, shows: str) -> None:
    page = manager.open("/app/")
    page.get_by_role("listitem").filter(has_text=workflow).get_by_role("link").first.click()
    page.frame_locator("iframe").get_by_text(shows).first.wait_for()
    page.get_by_role("button", name="Approve").click()


def _connect_and_test(maker: Visit, name: str) -> str:
    """Makes a connection to the SAP-like system of the demo, tested before and after it is stored.

    Returns the address of the system.
    """
    page = maker.open("/app/data/connections")
    address = page.get_by_role("row", name="S4").get_by_text(re.compile("^http://")).inner_text()
    page.get_by_role("button", name="New connection").click()
    _field(page, "Name").fill(name)
    _field(page, "Base URL").fill(address)
    _field(page, "Client").fill(CLIENT)
    _field(page, "User").fill(USER)
    _field(page, "Password").fill("not the password")
    page.get_by_role("button", name="Test", exact=True).click()
    page.get_by_text("The connection does not work yet.").wait_for()
    page.get_by_role("listitem").filter(has_text="Failed").filter(has_text="Sign-in").wait_for()
    _field(page, "Password").fill(PASSWORD)
    _test_is_green(page)
    page.get_by_role("button", name="Create the connection").click()
    maker.heading(name)
    _test_is_green(page)
    maker.look("first-connection")
    return address


def _field(page: "Page", label: str) -> "Locator":
    """Returns a field, also one that is required, which has a star behind its label."""
    return page.get_by_label(re.compile(rf"^{label} ?\*?$"))


def _test_is_green(page: "Page") -> None:
    page.get_by_role("button", name="Test", exact=True).click()
    page.get_by_text("The connection works.").wait_for()
    checks = page.get_by_role("listitem").filter(has_text="ms")
    assert checks.filter(has_text="Sign-in").filter(has_text="OK").count() == 1
    assert checks.filter(has_text="Failed").count() == 0


class Order:
    """A purchase order of the SAP-like system, which other stories may have released before."""

    def __init__(self, sap: str, number: str) -> None:
        self._url = f"{sap}{SERVICE}/A_PurchaseOrder('{number}')?$format=json&sap-client={CLIENT}"

    @property
    def status(self) -> str:
        """Whether it is released."""
        return str(self._read().json()["d"]["PurchasingProcessingStatus"])

    def withdraw(self) -> None:
        """Sets it back to what it is before it is released."""
        read = self._read()
        stored = read.json()["d"]
        if stored["PurchasingProcessingStatus"] == IN_RELEASE:
            return
        known = {"x-csrf-token": read.headers["x-csrf-token"], "if-match": stored["__metadata"]["etag"]}
        change = {"PurchasingProcessingStatus": IN_RELEASE}
        changed = httpx2.patch(self._url, json=change, headers=known, auth=(USER, PASSWORD))
        assert changed.status_code == 204, changed.text

    def _read(self) -> httpx2.Response:
        answer = httpx2.get(self._url, headers={"x-csrf-token": "Fetch"}, auth=(USER, PASSWORD))
        assert answer.status_code == 200, answer.text
        return answer


def test_an_approval_is_made_from_a_template_activated_and_answered(
    demo: RunningDemo, maker: Visit, manager: Visit
) -> None:
    order = Order(_connect_and_test(maker, "S4 north"), LARGE_ORDER)
    order.withdraw()
    page = _begin(maker, "Purchase order approval", "Orders of the north", connection="S4 north")
    page.get_by_text("No problems").wait_for()
    maker.look("first-template")
    _activate(page)
    _run(page)
    clicks = _clicks(page) + 1  # the connection, which is chosen without a click
    assert clicks <= MOST_FROM_TEMPLATE, clicks
    maker.picture("studio-run")
    assert order.status == IN_RELEASE
    _approve(manager, "Orders of the north", "Mon, Nov 2, 2026")
    page.get_by_text("Completed").first.wait_for()
    assert order.status == RELEASED
    maker.check()


def _add(page: "Page", exit_: str, name: str, step: str) -> "Locator":
    """Adds a step at an exit, and returns its panel."""
    page.locator(f"[data-plus='{exit_}']").click()
    page.get_by_role("dialog").get_by_role("combobox").fill(name)
    page.keyboard.press("Enter")
    page.locator(f"[data-step={step}][aria-pressed=true]").wait_for()
    return page.locator("aside[data-area=side]")


def _type(field: "Locator", text: str) -> None:
    """Types into a field of an expression, whose editor is loaded when it is entered."""
    field.click()
    field.page.keyboard.insert_text(text)


def _call_sap(panel: "Locator", *, method: str = "") -> None:
    panel.get_by_label("Connection", exact=True).select_option("S4")
    _type(panel.get_by_label("Service"), SERVICE)
    _type(panel.get_by_label("Entity"), ORDER)
    panel.get_by_role("combobox", name="Fails with").fill("4xx")
    panel.page.keyboard.press("Enter")
    if method:
        panel.get_by_label("Method", exact=True).select_option(method)


def _change_while_one_waits(maker: Visit, manager: Visit) -> None:
    """Activates another version while an execution waits, which stays on its own."""
    page = maker.open("/app/workflows")
    page.get_by_role("link", name="Orders of the south").first.click()
    _run(page, CHANGED)
    waiting = page.url
    page.get_by_role("link", name="Orders of the south, version 1").click()
    page.get_by_role("button", name="Open in the Studio").click()
    page.get_by_role("button", name="Edit").click()
    page.locator("[data-step=conditional_1]").click()
    panel = page.locator("aside[data-area=side]")
    panel.get_by_role("textbox", name="Compared with").fill("500")
    page.get_by_text("Version 2").first.wait_for()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_role("list", name="Changes by step").wait_for()
    maker.look("studio-compare")
    page.go_back()
    page.get_by_role("button", name="Activate version 2").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("row", name="Can be moved").wait_for()
    maker.picture("studio-activation")
    sheet.get_by_role("button", name="Activate version 2").click()
    sheet.get_by_role("button", name="Close").click()
    _approve(manager, "Orders of the south", "4500000102")
    page.goto(waiting)
    page.get_by_text("Completed").first.wait_for()
    page.get_by_text("Orders of the south, version 1").wait_for()
    maker.check()


def _move_one_that_waits(maker: Visit, manager: Visit) -> None:
    """Activates a third version and moves the execution that waits, which completes on it."""
    page = maker.open("/app/workflows")
    page.get_by_role("link", name="Orders of the south").first.click()
    _run(page, MOVED)
    waiting = page.url
    page.get_by_role("link", name="Orders of the south, version 2").click()
    page.get_by_role("button", name="Open in the Studio").click()
    page.get_by_role("button", name="Edit").click()
    page.locator("[data-step=conditional_1]").click()
    page.locator("aside[data-area=side]").get_by_role("textbox", name="Compared with").fill("400")
    page.get_by_text("Version 3").first.wait_for()
    page.get_by_role("button", name="Activate version 3").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("row", name="Can be moved").wait_for()
    verdicts = sheet.get_by_role("table", name="Verdict for each open execution").get_by_role("row")
    verdicts.nth(1).wait_for()
    assert verdicts.count() == 2
    sheet.get_by_role("checkbox", name="Move the one that can be moved").check()
    sheet.get_by_role("button", name="Activate version 3").click()
    sheet.get_by_text("1 execution is being moved.").wait_for()
    sheet.get_by_role("button", name="Close").click()
    page.goto(waiting)
    page.get_by_text("Orders of the south, version 3").wait_for()
    page.get_by_text("Waits for").first.wait_for()
    maker.look("studio-moved")
    _approve(manager, "Orders of the south", "4500000102")
    page.goto(waiting)
    page.get_by_text("Completed").first.wait_for()
    page.get_by_text("Orders of the south, version 3").wait_for()
    maker.check()


def test_an_approval_is_drawn_from_an_empty_canvas_in_sixty_clicks_and_changed_while_one_waits(
    demo: RunningDemo, maker: Visit, manager: Visit
) -> None:
    page = _begin(maker, "Empty workflow", "Orders of the south")
    _call_sap(_add(page, "WorkflowStartState next", "SAP request", "sapRequest_1"))
    panel = _add(page, "sapRequest_1 next", "Condition", "conditional_1")
    _type(panel.get_by_label("Value to test"), "${payload.output.amount}")
    panel.get_by_label("Comparison").select_option(label=">")
    panel.get_by_role("textbox", name="Compared with").fill("1000")
    panel = _add(page, "conditional_1 yes", "Approval", "approval_1")
    panel.get_by_role("combobox", name="Ask").fill("${payload.output.manager}")
    page.keyboard.press("Enter")
    panel.get_by_role("textbox", name="Timeout").fill("3")
    panel = _add(page, "approval_1 approved", "SAP request", "sapRequest_2")
    _call_sap(panel, method="PATCH")
    _type(panel.get_by_label("Body", exact=True), '{"PurchasingProcessingStatus": "05"}')
    panel.get_by_role("button", name="Advanced").click()
    panel.get_by_role("button", name="Add a row: Headers").click()
    panel.get_by_role("textbox", name="Name").fill("If-Match")
    page.keyboard.press("Tab")
    page.keyboard.insert_text("${sapRequest_1.output.headers.etag}")
    maker.look("first-headers")
    panel = _add(page, "approval_1 rejected", "End", "terminate_1")
    _type(panel.get_by_role("textbox", name="Reason"), "rejected")
    panel = _add(page, "approval_1 timeout", "End", "terminate_2")
    _type(panel.get_by_role("textbox", name="Reason"), "no answer in three days")
    # A small order needs no approval: the exit leads to the release.
    page.locator("[data-step=conditional_1]").click()
    page.keyboard.press("c")
    page.get_by_role("button", name=re.compile("^no, ")).click()
    page.get_by_text("Connect “no”", exact=False).wait_for()
    for key in KEYS:
        page.keyboard.press(key)
    page.get_by_text("No problems").wait_for()
    page.get_by_role("button", name="Fit").click()
    maker.picture("studio")
    _activate(page)
    _run(page, BODY)
    clicks = _clicks(page) + 1 + len(KEYS)
    assert clicks <= MOST_FROM_EMPTY, clicks
    _approve(manager, "Orders of the south", "4500000101")
    page.get_by_text("Completed").first.wait_for()
    maker.check()
    _change_while_one_waits(maker, manager)
    _move_one_that_waits(maker, manager)
