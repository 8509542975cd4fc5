"""What the stories of the Studio do with a page, and read of a definition."""

import re
from typing import TYPE_CHECKING, Any, Final

from browser.app.visits import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

SAVED: Final = re.compile(r"^Saved ")


def open_studio(maker: Visit, workflow_id: str, page: "Page | None" = None) -> "Page":
    """Opens the first version of a workflow in a page, and waits until it is drawn."""
    found = page or maker.page
    found.goto(f"{maker.address}/app/workflows/{workflow_id}/v/1")
    found.locator("[data-step=WorkflowStartState]").wait_for()
    return found


def save(page: "Page") -> None:
    """Saves by the key, and waits until the page says so."""
    page.keyboard.press("Control+s")
    page.get_by_text(SAVED).first.wait_for()


def edges_of(definition: dict[str, Any]) -> list[str]:
    """Returns `from exit to` of all edges, sorted."""
    edges = definition["workflow_connections"]
    return sorted(f"{edge['from']} {edge.get('branch', 'next')} {edge['to']}" for edge in edges)
