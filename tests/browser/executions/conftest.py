"""An installation whose workflows call a system of the tests, and its operator in a browser."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.launcher import ONE_ADDRESS, Server, init
from blackbox.harness.sink import Sink
from browser.app.visits import Visit
from browser.executions.ordering import OPERATOR, Installation

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("executions") / "data"
    made = init(folder)
    sink = Sink(tmp_path_factory.mktemp("system"))
    server = Server(folder, [f"127.0.0.1:{sink.port}"], **ONE_ADDRESS).start()
    with httpx2.Client(base_url=server.address, timeout=120) as client:
        ids = (made["organization_id"], made["workspace_id"], made["api_key"])
        yield Installation(server.address, Organization(client, *ids), sink, urlsplit(made["owner_link"]).path)
    server.close()
    sink.close()


@pytest.fixture(scope="module")
def operator(browser: "Browser", installation: Installation) -> Iterator[Visit]:
    """The operator, signed in on a desktop; also the owner, so that other members can be invited."""
    visit = Visit(browser, installation.address, color_scheme="light", locale="en")
    visit.join(installation.owner_link, "The operator", OPERATOR)
    yield visit
    visit.close()
