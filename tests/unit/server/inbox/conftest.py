"""People who have signed in, each in a browser of their own."""

from collections.abc import Callable
from functools import partial

import pytest
from people_kit import Browser, LateBrowser, join
from server_kit import Caller

from looply.catalog import Catalog
from looply.definition.settings.mail import person_of

SignIn = Callable[..., Browser]


@pytest.fixture
def sign_in(browsers: Callable[[], Browser], catalog: Catalog, mine: Caller) -> SignIn:
    """Returns a function that makes the browser of a person, of `mine` unless another organization is given."""
    members: set[tuple[str, str]] = set()

    async def enter(email: str, of: Caller, browser: Browser) -> None:
        member = (of.organization_id, person_of(email))
        if member in members:
            assert (await browser.sign_in(email)).status_code == 200
        else:
            members.add(member)
            await join(browser, catalog, of.organization_id, email, "approver")
        await browser.post("chooseOrganization", {"organization_id": of.organization_id})

    def browser_of(email: str, of: Caller = mine) -> Browser:
        return LateBrowser(browsers().client, partial(enter, email, of))

    return browser_of
