"""The timeline of an execution with branches and items shows which of them a visit belongs to."""

from blackbox.harness.definitions import Definition, graph, http, note, wait
from browser.app.visits import Visit
from browser.executions.ordering import Installation

FIRST_WORDS = "(rows) => rows.map((row) => row.firstChild.textContent)"


def test_visits_of_a_branch_lie_together_in_the_timeline(operator: Visit, installation: Installation) -> None:
    address = installation.system(200)
    workflow_id = installation.org.create(checking(address))
    execution_id = installation.org.trigger(workflow_id, {"lines": [1, 2]}, process_id="PO-lanes")
    installation.org.until(workflow_id, execution_id, "WAITING")
    page = operator.open(f"/app/executions/{execution_id}")
    rows = page.get_by_role("region", name="Visits over time")
    rows.get_by_text("Check both: stock").wait_for()
    lines = rows.locator(":scope > *:not([style])").evaluate_all(
        "rows => rows.map((row) => row.firstChild.textContent)"
    )
    assert lines == [
        "Start",
        "Check both",
        "Check both: finance",
        "Read the budget",
        "Note it",
        "Check both: stock",
        "For each line",
        "For each line: 0",
        "Read the stock",
        "Note the line",
        "For each line: 1",
        "Read the stock",
        "Note the line",
        "Wait for the warehouse",
    ]
    rows.get_by_role("button").filter(has_text="Note it").click()
    page.get_by_role("heading", name="Note it").wait_for()
    operator.look("execution-lanes")
    operator.check()


def checking(address: str) -> Definition:
    """A workflow that checks budget and stock side by side, the stock of each line by itself."""
    names = {
        "check": "Check both",
        "budget": "Read the budget",
        "noted": "Note it",
        "lines": "For each line",
        "stock": "Read the stock",
        "line": "Note the line",
        "warehouse": "Wait for the warehouse",
    }
    steps = [
        {"id": "check", "type": "parallel", "settings": {"branches": [{"id": "finance"}, {"id": "stock"}]}},
        http(address, "budget"),
        note("noted"),
        {"id": "lines", "type": "forEach", "settings": {"items": "${payload.output.lines}"}},
        http(address, "stock"),
        note("line"),
        wait("warehouse"),
        {"id": "both", "type": "join", "settings": {"of": "check"}},
    ]
    named = [{**step, "description": names[step["id"]]} if step["id"] in names else step for step in steps]
    return graph(
        named,
        ("WorkflowStartState", "check"),
        ("check", "budget", "finance"),
        ("budget", "noted"),
        ("noted", "both"),
        ("check", "lines", "stock"),
        ("lines", "stock", "each"),
        ("stock", "line"),
        ("lines", "warehouse"),
        ("warehouse", "both"),
    )
