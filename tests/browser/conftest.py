"""A server of its own and Chromium, with the kit of the black-box tests."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.launcher import Server, add_organizations, init
from browser.app.running_demo import RunningDemo
from suite.failures import keep_pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
ORGANIZATIONS = 40


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks all tests of this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium without a window. For one module: while it lives, an event loop runs, and no other may."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"Chromium is missing at {CHROMIUM}; 'apt-get install chromium' or the variable CHROMIUM helps")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only with Chromium

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        keep_pages(found)
        yield found
        found.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The demo, as `make run` starts it."""
    pytest.importorskip("mocksap")
    running = RunningDemo(tmp_path_factory.mktemp("demo") / "folder")
    yield running
    running.close()


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, list[dict[str, str]]]]:
    folder = tmp_path_factory.mktemp("browser") / "data"
    made = [init(folder), *add_organizations(folder, ORGANIZATIONS)]
    server = Server(folder).start()
    yield server, made
    server.close()


@pytest.fixture(scope="session")
def client(_server: tuple[Server, list[dict[str, str]]]) -> Iterator[httpx2.Client]:
    """The connections to the server."""
    with httpx2.Client(base_url=_server[0].address, timeout=120) as found:
        if "built without" in found.get("/inbox/x").text:
            pytest.skip("the pages are not built; 'make ui' builds them")
        yield found


@pytest.fixture
def org(client: httpx2.Client, _server: tuple[Server, list[dict[str, str]]]) -> Organization:
    """An organization that no other test has."""
    return Organization(client, **_server[1].pop())
