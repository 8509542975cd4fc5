"""An installation whose workflows call a system of the tests, and its operator in a browser."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from blackbox.harness.sink import Sink
from browser.app.visits import Visit
from browser.executions.ordering import OPERATOR, Installation
from browser.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    sink = Sink(tmp_path_factory.mktemp("system"))
    with serving(tmp_path_factory.mktemp("executions") / "data", [f"127.0.0.1:{sink.port}"]) as (address, org, link):
        yield Installation(address, org, sink, link)
    sink.close()


@pytest.fixture(scope="module")
def operator(browser: "Browser", installation: Installation) -> Iterator[Visit]:
    """The operator, signed in on a desktop; also the owner, so that other members can be invited."""
    visit = Visit(browser, installation.address, color_scheme="light", locale="en")
    visit.join(installation.owner_link, "The operator", OPERATOR)
    yield visit
    visit.close()
