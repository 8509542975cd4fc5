"""An installation with one card, and its author in a browser."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from browser.app.visits import Visit
from browser.inbox.asking import MANAGER, Installation
from browser.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with serving(tmp_path_factory.mktemp("cards") / "data") as served:
        yield Installation(*served)


@pytest.fixture(scope="module")
def author(browser: "Browser", installation: Installation) -> Iterator[Visit]:
    """The owner, signed in on a desktop."""
    visit = Visit(browser, installation.address, color_scheme="light", locale="en")
    visit.join(installation.owner_link, "The manager", MANAGER)
    yield visit
    visit.close()
