"""An installation, its manager in a browser, and the requests that the stories of the inbox begin with."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from browser.app.visits import Visit
from browser.inbox.asking import MANAGER, PASSWORD, Installation
from browser.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with serving(tmp_path_factory.mktemp("inbox") / "data") as served:
        yield Installation(*served)


@pytest.fixture(scope="module")
def manager(browser: "Browser", installation: Installation) -> Iterator[Visit]:
    """The manager, signed in on a desktop."""
    visit = Visit(browser, installation.address, color_scheme="light", locale="en")
    page = visit.open(installation.owner_link)
    page.get_by_label("Email").fill(MANAGER)
    page.get_by_label("Your name").fill("The manager")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Accept the invitation").click()
    page.get_by_role("navigation", name="Main").wait_for()
    yield visit
    visit.close()
