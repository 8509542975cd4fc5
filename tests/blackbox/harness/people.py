"""People who use the shipped server by the calls of the web app, each with the session of one browser."""

from typing import Any
from urllib.parse import urlsplit

import httpx2

PASSWORD = "four unrelated words of mine"


class Person:
    """A person and their session. Every call names the server that it goes to, so one session can use several."""

    def __init__(self, client: httpx2.Client, email: str) -> None:
        self.email = email
        self._client = client
        self._cookie = ""
        self._csrf = ""

    def get(self, server: str, call: str, **query: Any) -> httpx2.Response:
        """Makes a call that reads, such as `session/get`."""
        return self._client.get(f"{server}/v2/{call}", params=query, headers=self.headers(server))

    def post(self, server: str, call: str, body: dict[str, Any]) -> httpx2.Response:
        """Makes a call that changes something, and keeps the session that its answer begins."""
        answer = self._client.post(f"{server}/v2/{call}", json=body, headers=self.headers(server))
        if (given := answer.headers.get("set-cookie")) is not None and answer.status_code == 200:
            self._cookie = given.partition(";")[0]
            self._csrf = answer.json().get("csrf", "")
        # Persons share the connections of a client, and none of its cookies.
        self._client.cookies.clear()
        return answer

    def sign_in(self, server: str, password: str = PASSWORD) -> httpx2.Response:
        """Signs in."""
        return self.post(server, "session/signIn", {"email": self.email, "password": password})

    def accept(self, server: str, link: str, name: str = "A person") -> httpx2.Response:
        """Accepts the invitation of a link."""
        body = {"token": link.rpartition("/")[2], "name": name, "email": self.email, "password": PASSWORD}
        return self.post(server, "session/acceptInvitation", body)

    def invite(self, server: str, email: str, role: str) -> str:
        """Returns the link of a new invitation."""
        answer = self.post(server, "workflows/inviteMembers", {"invitations": [{"email": email, "role": role}]})
        assert answer.status_code == 200, answer.text
        link: str = answer.json()["items"][0]["link"]
        return link

    def user_id(self, server: str) -> str:
        """Returns the id of the account."""
        found: str = self.get(server, "session/get").json()["user"]["user_id"]
        return found

    def headers(self, server: str) -> dict[str, str]:
        """Returns the headers that a page of a server sends."""
        place = urlsplit(server)
        own = {"origin": f"{place.scheme}://{place.netloc}", "sec-fetch-site": "same-origin"}
        return own | {"x-looply-csrf": self._csrf} | ({"cookie": self._cookie} if self._cookie else {})
