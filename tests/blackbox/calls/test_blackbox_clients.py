"""Clients that programs make of the description, unedited: they compile strictly and play a story on a server."""

import json
import sys
from pathlib import Path

import pytest

from blackbox.harness.client import Organization
from blackbox.harness.clients import make_python, make_typescript, node, run
from blackbox.harness.launcher import Server

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def description(server: Server, org: Organization, tmp_path: Path) -> Path:
    """The description that the server gives, as a file."""
    found = tmp_path / "openapi.json"
    found.write_bytes(org.client.get("/openapi.json").content)
    return found


def check(printed: str) -> None:
    """Checks what a story saw of the life of its execution."""
    seen = json.loads(printed)
    assert seen == {
        "waiting": "WAITING",
        "resumed": "WORKFLOW_RESTARTED",
        "ended": "COMPLETED",
        "found": [seen["execution_id"]],
        "execution_id": seen["execution_id"],
        "refused": "WORKFLOW_NOT_FOUND",
    }


def test_a_client_in_typescript_is_made_compiled_and_used(server: Server, org: Organization, description: Path) -> None:
    story = make_typescript(description, description.parent)
    check(run([node(), str(story), server.address, org.key, "made-by-typescript"], description.parent))


def test_a_client_in_python_is_made_checked_and_used(server: Server, org: Organization, description: Path) -> None:
    story = make_python(description, description.parent)
    check(run([sys.executable, str(story), server.address, org.key, "made-by-python"], description.parent))
