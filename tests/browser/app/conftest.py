"""An installation with an owner, for the stories of a module."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest

from blackbox.harness.launcher import ONE_ADDRESS, Server, init
from browser.app.visits import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser


class Installation(NamedTuple):
    """A server and the path of the link that makes its first owner."""

    address: str
    owner_link: str


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A server with an organization that has no member yet."""
    folder = tmp_path_factory.mktemp("app") / "data"
    made = init(folder)
    server = Server(folder, **ONE_ADDRESS).start()
    yield Installation(server.address, urlsplit(made["owner_link"]).path)
    server.close()


@pytest.fixture(scope="module")
def owner(browser: "Browser", installation: Installation) -> Iterator[Visit]:
    """The owner, signed in by the one-time link."""
    visit = Visit(browser, installation.address, color_scheme="light")
    visit.join(installation.owner_link, "The owner", "owner@example.com")
    yield visit
    visit.close()
