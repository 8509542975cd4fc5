"""Operators repair what one cause has stopped as one group, and look after cards, schedules, systems and insights."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from blackbox.harness.client import until_counted
from blackbox.harness.definitions import Definition, definition, note
from browser.app.visits import NARROW, PHONE, WIDE, Visit
from browser.executions.ordering import Installation, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

COUNT = 12
"""Failures of one cause, more than a second's share of a bulk."""

MANY = 200
"""Failures of one outage."""

TAKEN = 3
"""How many of them cannot continue, because another execution has their number by now."""

LOOKS = [
    ("light", "en", WIDE),
    ("dark", "en", WIDE),
    ("contrast", "en", WIDE),
    ("light", "de", WIDE),
    ("light", "de", NARROW),
    ("dark", "de", PHONE),
]
MAIN = {"operations/incidents": "ul[data-still]", "insights": "svg[role=group] a"}
"""The pages that are looked at in every look, and what each shows when it is read."""
OTHERS = {
    "operations/cards": "main a[href*='/executions/']",
    "operations/systems": "main p",
    "operations/letters": "main p",
    "operations/bulks": "main p",
    "operations/schedules": "main [aria-expanded]",
    "operations/schedules?show=calendar&week={later}": "main table button, main ul li time",
}
"""Of the calendar the week after: the present one has no fire left when it is nearly over."""


def test_failures_of_one_cause_are_previewed_repaired_and_followed_as_one_group(
    operator: Visit, installation: Installation
) -> None:
    installation.outage("Goods receipts", COUNT)
    page = operator.open("/app/operations")
    operator.heading("Operations")
    cause = page.get_by_role("listitem").filter(has_text="Goods receipts").filter(has=page.get_by_role("button"))
    cause.get_by_role("button", name="Executions: “Release the order” failed").click()
    cause.get_by_role("link", name="Goods receipts-11").wait_for()
    operator.look("operations-cause")
    cause.get_by_role("button", name=f"Repair {COUNT} …").click()
    dialog = page.get_by_role("dialog")
    repair = dialog.get_by_role("button", name=f"Repair {COUNT}, {COUNT} calls under the same key")
    repair.wait_for()
    dialog.get_by_text(f"{COUNT} executions match now").wait_for()
    operator.look("operations-preview")
    dialog.get_by_label("Reason").fill("the system is back")
    repair.click()
    page.get_by_role("progressbar").wait_for()
    page.get_by_text(f"{COUNT} of {COUNT}").wait_for()
    page.get_by_text("Done", exact=True).wait_for()
    operator.look("operations-bulk")
    page.get_by_text("Goods receipts").first.wait_for()
    for number in range(COUNT):
        (row,) = installation.org.pages("getExecutionRows", process_id=f"Goods receipts-{number}")
        assert row["incident"] is None, row
    page.get_by_role("link", name="Incidents").click()
    page.get_by_role("heading", name="Goods receipts").wait_for(state="detached")
    operator.check()


def test_200_failures_of_an_outage_are_one_group_whose_repair_is_followed_in_two_tabs(
    operator: Visit, installation: Installation
) -> None:
    ids = installation.large_outage("Invoices", MANY, TAKEN)
    page = operator.open("/app/operations/incidents")
    cause = page.get_by_role("listitem").filter(has_text="Invoices").filter(has=page.get_by_role("button"))
    cause.get_by_role("button", name=f"Repair {MANY} …").click()
    dialog = page.get_by_role("dialog")
    repair = dialog.get_by_role("button", name=f"Repair {MANY}, {MANY - TAKEN} calls under the same key")
    repair.wait_for()
    dialog.get_by_text(f"{TAKEN} would refuse:").wait_for()
    dialog.get_by_text("PROCESS_ID_IN_USE").wait_for()
    dialog.get_by_role("slider", name="How fast").fill("20")
    dialog.get_by_label("Reason").fill("the system is back")
    repair.click()
    page.get_by_role("progressbar").wait_for()
    other = operator.new_tab()
    other.goto(page.url)
    for tab in (page, other):
        tab.get_by_role("progressbar").wait_for()
    for tab in (page, other):
        tab.get_by_text(f"{MANY} of {MANY}").wait_for(timeout=120_000)
        tab.get_by_text(f"{TAKEN} refused").wait_for()
        tab.get_by_text("PROCESS_ID_IN_USE").first.wait_for()
    operator.look("operations-refused")
    other.close()
    stopped = installation.org.pages("getExecutionRows", limit=100, has="incident")
    assert sorted({row["workflow_execution_id"] for row in stopped} & {*ids}) == sorted(ids[:TAKEN])
    operator.check()


def test_all_of_a_cause_are_listed_in_the_history(operator: Visit, installation: Installation) -> None:
    installation.outage("Price changes", 2)
    page = operator.open("/app/operations/incidents")
    cause = page.get_by_role("listitem").filter(has_text="Price changes").filter(has=page.get_by_role("button"))
    cause.get_by_role("button", name="Executions: “Release the order” failed").click()
    cause.get_by_role("link", name="Show all in the history").click()
    operator.heading("Executions")
    page.get_by_role("link", name="Price changes-0").wait_for()
    page.get_by_role("link", name="Price changes-1").wait_for()
    assert page.get_by_role("link", name="PO-", exact=False).count() == 0
    operator.check()


def test_rows_that_are_chosen_in_the_history_are_repaired_and_the_refused_selected_again(
    operator: Visit, installation: Installation
) -> None:
    ids = installation.outage("Credit notes", 3)
    page = operator.open("/app/executions?q=%5B%22process%3ACredit%20notes-*%22%5D")
    operator.heading("Executions")
    page.get_by_role("checkbox", name="Choose Credit notes-2").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.get_by_text("3 chosen").wait_for()
    operator.look("history-chosen")
    page.get_by_role("button", name="Repair or end them …").click()
    dialog = page.get_by_role("dialog", name="Repair or end 3 chosen executions")
    dialog.get_by_label("What to do").select_option("latest")
    dialog.get_by_text("3 can continue with it").wait_for()
    operator.look("operations-verdicts")
    dialog.get_by_label("What to do").select_option("retry")
    repair = dialog.get_by_role("button", name="Repair 3, 3 calls under the same key")
    repair.wait_for()
    # Another operator is faster.
    assert installation.org.post(f"terminateWorkflow/{ids[0]}").status_code == 200
    repair.click()
    page.get_by_text("3 of 3").wait_for()
    page.get_by_text("3 chosen executions").wait_for()
    page.get_by_role("link", name="Credit notes-0").wait_for()
    page.get_by_role("button", name="Select the refused (1) …").click()
    page.get_by_role("dialog").get_by_text("1 would refuse").wait_for()
    operator.look("operations-refused")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    operator.check()


def test_a_viewer_sees_what_has_stopped_and_repairs_nothing(
    browser: "Browser", operator: Visit, installation: Installation
) -> None:
    installation.outage("Returns", 1)
    viewer = Visit(browser, installation.address)
    viewer.join(operator.invite("looking@example.com", "viewer"), "The viewer")
    page = viewer.open("/app/operations/incidents")
    repair = page.get_by_role("button", name="Repair 1 …").first
    repair.wait_for()
    assert repair.get_attribute("aria-disabled") == "true"
    assert page.get_by_role("link", name="Dead letters").count() == 0
    viewer.close()


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_operations_and_insights_are_accessible_in_every_look(
    browser: "Browser", operator: Visit, installation: Installation, theme: str, language: str, size: dict[str, int]
) -> None:
    look = f"{theme}-{language}-{size['width']}"
    workflow_id, _ = installation.stopped(f"OPS-{look}")
    until_counted(installation.org, workflow_id)
    visit = sign_in(
        browser,
        operator.address,
        size=size,
        color_scheme="light" if theme == "light" else "dark",
        locale=language,
    )
    pages = dict(MAIN)
    if language == "de":
        installation.waiting(f"CARD-{look}")
        installation.org.create(scheduled(cron="0 3 * * *"))
        pages |= OTHERS
    with visit.preferring(theme, language):
        later = (datetime.now(UTC) + timedelta(days=7)).date()
        for path, shown in pages.items():
            page = visit.open(f"/app/{path.format(later=later)}")
            page.get_by_role("heading", level=1).wait_for()
            page.locator(shown).first.wait_for()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is too wide"
            visit.look(f"{path.partition('&')[0].replace('/', '-')}-{look}")
    visit.close()


def test_a_chart_leads_to_the_executions_behind_a_column_and_is_a_table_too(
    operator: Visit, installation: Installation
) -> None:
    workflow_id, _ = installation.stopped("PO-4790")
    until_counted(installation.org, workflow_id)
    page = operator.open("/app/insights")
    operator.heading("Executions a day")
    page.get_by_role("button", name="Show as table").first.click()
    page.get_by_role("table", name="Executions a day").wait_for()
    page.get_by_role("button", name="Show as chart").click()
    chart = page.get_by_role("group", name="Executions a day")
    chart.get_by_role("link").last.focus()
    page.keyboard.press("Enter")
    operator.heading("Executions")
    page.get_by_role("link", name="PO-4790").wait_for()
    assert "from=" in page.url
    operator.check()


def test_a_schedule_shows_its_next_fires_in_a_table_and_a_calendar_and_is_paused(
    operator: Visit, installation: Installation
) -> None:
    # An hour in which no other schedule fires: a cell of the calendar names three.
    installation.org.create(scheduled("Exchange rates", "0 5 * * *"))
    page = operator.open("/app/operations/schedules")
    page.get_by_role("button", name="Past and next fires of Exchange rates").click()
    operator.heading("Next fires of Exchange rates")
    page.get_by_text("Time zone Europe/Berlin.").wait_for()
    operator.look("operations-schedule")
    page.get_by_role("link", name="Calendar").click()
    page.get_by_role("button", name="The week after").click()
    page.wait_for_url("**week=**")
    week = page.get_by_role("table", name="Fires by day and hour")
    fires = week.get_by_role("button", name="Exchange rates Planned")
    fires.nth(6).wait_for()
    fires.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_role("listitem").filter(has_text="Exchange rates").filter(has_text="Planned").wait_for()
    operator.look("operations-calendar")
    page.get_by_role("link", name="Table", exact=True).click()
    page.get_by_role("button", name="Pause the schedule of Exchange rates").click()
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume the schedule of Exchange rates").wait_for()
    operator.check()


def scheduled(name: str = "Month end report", cron: str = "0 3 1 * *") -> Definition:
    """A workflow that starts by a schedule, once a month at night."""
    schedule = {"cron": cron, "timezone": "Europe/Berlin"}
    return definition(note(), name=name, trigger={"trigger_type": "SCHEDULED", "schedule": schedule})
