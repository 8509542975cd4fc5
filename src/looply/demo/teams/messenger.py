"""The way from Teams to the bot: what people do goes to its messaging endpoint, with the token of the issuer."""

import json
from typing import Any, Final, NamedTuple

import httpx2

from looply.clock import Clock
from looply.demo.teams.activities import Activities
from looply.demo.teams.people import Message, User
from looply.demo.teams.simulator import TeamsSimulator
from looply.errors import Rejected, Unavailable

_WITHIN_SECONDS: Final = 15.0
"""Teams waits as long for the answer to an invoke."""


class Answer(NamedTuple):
    """What the bot answered: its status, and its body as JSON, None without one."""

    status: int
    body: Any


class Messenger:
    """Sends activities of one simulator to one bot. `endpoint` is its messaging endpoint."""

    def __init__(self, simulator: TeamsSimulator, http: httpx2.AsyncClient, clock: Clock) -> None:
        self._activities = Activities(simulator, clock.now)
        self._http = http
        self._clock = clock
        self.endpoint = ""

    async def install(self, user: User) -> None:
        """Notifies the bot that a user has installed its app.

        Raises: Rejected for another answer than 200; Unavailable as `_send`.
        """
        answer = await self._send(self._activities.install(user))
        if answer.status != 200:
            raise Rejected(f"the messaging endpoint answered an installation with {answer.status}", sent=True)

    async def press(
        self, user: User, message: Message, action: dict[str, Any], inputs: dict[str, Any] | None = None
    ) -> Answer:
        """Sends what a press of an `Action.Execute` sends, and returns the answer. Raises as `_send`."""
        return await self._send(self._activities.execute(user, message, action, **(inputs or {})))

    async def refresh(self, user: User, message: Message) -> Answer:
        """Sends what a client sends that shows a card with `refresh`, and returns the answer. Raises as `_send`."""
        return await self._send(self._activities.refresh(user, message))

    async def _send(self, content: bytes) -> Answer:
        """Sends an activity. Raises: Unavailable when the bot does not answer in time."""
        headers = {"authorization": self._activities.authorization(self._clock.now())}
        try:
            response = await self._http.post(self.endpoint, content=content, headers=headers, timeout=_WITHIN_SECONDS)
        except httpx2.TransportError as error:
            raise Unavailable(f"{self.endpoint} does not answer ({type(error).__name__})") from error
        try:
            return Answer(response.status_code, json.loads(response.content) if response.content else None)
        except ValueError:
            return Answer(response.status_code, None)
