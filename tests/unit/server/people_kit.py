"""What tests of people share: a browser with its cookies, and people who have signed in."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
from server_kit import PUBLIC_URL

from looply.catalog import Catalog
from looply.catalog.people.invitations import InvitationDraft
from looply.server.application import API_ROUTES
from looply.server.http.call import SESSION_PATH

PASSWORD = "four unrelated words of mine"
OTHER_PASSWORD = "some very different sentence"
COOKIE = "__Host-looply"


class Browser:
    """A browser on the pages of the server: it has cookies, and sends what the web app sends."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.cookie = ""
        self.csrf = ""

    def headers(self, more: dict[str, str] | None = None) -> dict[str, str]:
        own = {"user-agent": "a browser", "x-looply-csrf": self.csrf} | ({"cookie": self.cookie} if self.cookie else {})
        return own | {"origin": PUBLIC_URL, "sec-fetch-site": "same-origin"} | (more or {})

    async def get(self, path: str, **query: Any) -> httpx2.Response:
        return await self.client.get(path_of(path), params=query or None, headers=self.headers())

    async def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> httpx2.Response:
        answer = await self.client.post(path_of(path), json=body or {}, headers=self.headers(headers))
        self.keep_cookie(answer)
        return answer

    def keep_cookie(self, answer: httpx2.Response) -> None:
        """Keeps what the server sets."""
        if (given := answer.headers.get("set-cookie")) is not None:
            self.cookie = given.partition(";")[0]
            self.csrf = answer.json().get("csrf", self.csrf)

    async def sign_in(self, email: str, password: str = PASSWORD, **more: str) -> httpx2.Response:
        return await self.post("signIn", {"email": email, "password": password, **more})


class LateBrowser(Browser):
    """A browser whose person signs in by `enter` before the first call."""

    def __init__(self, client: httpx2.AsyncClient, enter: Callable[[Browser], Awaitable[None]]) -> None:
        super().__init__(client)
        self._enter = enter

    async def get(self, path: str, **query: Any) -> httpx2.Response:
        await self._sign_in()
        return await super().get(path, **query)

    async def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> httpx2.Response:
        await self._sign_in()
        return await super().post(path, body, headers)

    async def _sign_in(self) -> None:
        if not self.cookie:
            page = Browser(self.client)
            await self._enter(page)
            self.cookie, self.csrf = page.cookie, page.csrf


def path_of(path: str) -> str:
    """Returns the path of a call: of one on sessions or members by its name."""
    if path.startswith("/"):
        return path
    room = "session" if path in SESSION_CALLS else "workflows"
    return f"/v2/{room}/{path}"


SESSION_CALLS = {route.path.rpartition("/")[2] for route in API_ROUTES if route.path.startswith(SESSION_PATH)}


async def invite(catalog: Catalog, organization_id: str, email: str, role: str) -> str:
    """Returns the token of a new invitation by the operator."""
    drafts = [InvitationDraft(email, role)]
    (made,) = await catalog.people.invitations.create(organization_id, drafts, actor=None, may_make_owners=True)
    return made.token


async def join(browser: Browser, catalog: Catalog, organization_id: str, email: str, role: str) -> Browser:
    """Makes a person a member, with the browser signed in."""
    token = await invite(catalog, organization_id, email, role)
    body = {"token": token, "name": f"The {role}", "password": PASSWORD}
    answer = await browser.post("acceptInvitation", body)
    assert answer.status_code == 200, answer.text
    return browser
