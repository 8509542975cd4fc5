"""People of one organization, each with a browser that is signed in."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio
from people_kit import Browser, join
from server_kit import Caller

from looply.catalog import Catalog


@pytest.fixture
def member(browsers: Callable[[], Browser], catalog: Catalog, mine: Caller) -> Callable[[str], Awaitable[Browser]]:
    """Returns the browser of a new member with a role."""

    async def act(role: str, email: str = "") -> Browser:
        return await join(browsers(), catalog, mine.organization_id, email or f"{role}@example.com", role)

    return act


@pytest_asyncio.fixture
async def owner(member: Callable[[str], Awaitable[Browser]]) -> Browser:
    return await member("owner")
