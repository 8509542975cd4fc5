"""An installation with one card, and its maker in a browser."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.launcher import ONE_ADDRESS, Server, init
from browser.app.visits import Visit
from browser.inbox.asking import MANAGER, Installation

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("cards") / "data"
    made = init(folder)
    server = Server(folder, **ONE_ADDRESS).start()
    with httpx2.Client(base_url=server.address, timeout=120) as client:
        ids = (made["organization_id"], made["workspace_id"], made["api_key"])
        yield Installation(server.address, Organization(client, *ids), urlsplit(made["owner_link"]).path)
    server.close()


@pytest.fixture(scope="module")
def maker(browser: "Browser", installation: Installation) -> Iterator[Visit]:
    """The owner, signed in on a desktop."""
    visit = Visit(browser, installation.address, color_scheme="light", locale="en")
    visit.join(installation.owner_link, "The manager", MANAGER)
    yield visit
    visit.close()
