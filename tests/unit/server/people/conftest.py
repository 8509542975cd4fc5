"""People of one organization, each with a browser that is signed in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from http.cookiejar import DefaultCookiePolicy

import httpx2
import pytest
import pytest_asyncio
from people_kit import Browser, join
from server_kit import PUBLIC_URL, Caller

from looply.catalog import Catalog
from looply.server.http.boundary import Boundary


@pytest_asyncio.fixture
async def browsers(app: Boundary) -> AsyncIterator[Callable[[], Browser]]:
    """Opens browsers on the https address of the server."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=PUBLIC_URL) as client:
        # The browser of these tests has cookies of its own.
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
        yield lambda: Browser(client)


@pytest.fixture
def member(browsers: Callable[[], Browser], catalog: Catalog, mine: Caller) -> Callable[[str], Awaitable[Browser]]:
    """Returns the browser of a new member with a role."""

    async def act(role: str, email: str = "") -> Browser:
        return await join(browsers(), catalog, mine.organization_id, email or f"{role}@example.com", role)

    return act


@pytest_asyncio.fixture
async def owner(member: Callable[[str], Awaitable[Browser]]) -> Browser:
    return await member("owner")
