"""An installation whose owner draws workflows in a browser."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from blackbox.harness.client import Organization
from browser.app.visits import Visit
from browser.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

AUTHOR = "author@example.com"


class Installation(NamedTuple):
    """A server, an organization behind a key, and the link of its first owner."""

    address: str
    org: Organization
    owner_link: str

    def draft(self, steps: list[dict[str, Any]], edges: list[dict[str, Any]]) -> str:
        """Stores a draft, also with errors, and returns the id of its workflow."""
        start = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
        definition = {
            "workflow_name": "Orders",
            "workflow_steps": [start, *steps],
            "workflow_connections": edges,
        }
        answer = self.org.post("createWorkflow", {"definition": definition, "incomplete": True})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["item"]["workflow_id"])

    def stored(self, workflow_id: str, version: int = 1) -> dict[str, Any]:
        """Returns the definition that the server has."""
        answer = self.org.get("exportWorkflow", workflow_id=workflow_id, workflow_version=version)
        assert answer.status_code == 200, answer.text
        definition: dict[str, Any] = answer.json()["definition"]
        return definition


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with serving(tmp_path_factory.mktemp("studio") / "data") as served:
        yield Installation(*served)


@pytest.fixture(scope="module")
def author(browser: "Browser", installation: Installation) -> Iterator[Visit]:
    """The owner, signed in on a desktop."""
    visit = Visit(browser, installation.address, color_scheme="light", locale="en")
    visit.join(installation.owner_link, "The author", AUTHOR)
    yield visit
    visit.close()
