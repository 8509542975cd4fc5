"""The port by which the bot of a connection is administered: its app, and whom it can reach."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

import msgspec

from looply.engine.ports.port import Engine
from looply.errors import NotFound

ReachStatus: TypeAlias = Literal[
    "HEALTHY",
    "RECOVERED",
    "PROVISIONING",
    "NO_CONTEXT",
    "STALE_CONTEXT",
    "BLOCKED",
    "NOT_INSTALLED",
    "FAILED",
    "NOT_CHECKED",
]
"""Whether a bot can reach a person, and if not, why.

`HEALTHY`: the bot has a chat with the person. `RECOVERED`: the same, after days in which it could not write.
`PROVISIONING`: the app is installed, and the chat comes when the person opens it. `NO_CONTEXT`: the person is known,
and there is no chat. `STALE_CONTEXT`: the chat no longer exists. `BLOCKED`: the person or an administrator does not let
the bot write. `NOT_INSTALLED`: the person does not have the app. `FAILED`: it could not be found out.
`NOT_CHECKED`: nothing but the address is known.
"""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """A person as the bot knows them; empty: not known.

    `reason` is the code by which the bot was refused, `failure` that of a check that ended early.
    """

    person_id: str
    status: ReachStatus
    name: str = ""
    mail: str = ""
    user_principal_name: str = ""
    reason: str = ""
    failure: str = ""
    seen_on: datetime | None = None
    checked_on: datetime | None = None


class ReachPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some people, and the cursor of those after them, empty after the last ones.

    A page may have fewer people than its limit, or none, before the end.
    """

    items: tuple[Reach, ...]
    after: str


class BotSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator of the other side enters and opens; empty: not known."""

    app_id: str
    tenant_id: str
    connection_id: str
    people: Literal["events", "graph"]
    consent_url: str
    admin_url: str


class AppDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What an app package is made of, beside its connection. `has_tab`: with the tab of one's own approvals."""

    public_url: str
    version: str
    has_tab: bool = False


class Bots(Protocol):
    """Administers the bots of an organization, each by the name of its connection.

    Every method raises NotFound for a connection that there is not, or of another kind.
    """

    async def get_setup(self, organization_id: str, connection: str) -> BotSetup:
        """Returns what an administrator of the other side needs."""
        ...

    async def build_package(self, organization_id: str, connection: str, draft: AppDraft) -> bytes:
        """Returns the archive of the app, the same for the same draft. Raises: Refused with all findings."""
        ...

    async def list_people(
        self, organization_id: str, connection: str, statuses: Collection[ReachStatus], limit: int, after: str
    ) -> ReachPage:
        """Returns people with one of the statuses, or with any where none is given. It asks no other system."""
        ...

    async def check(self, engine: Engine, organization_id: str, connection: str, person: str) -> Reach:
        """Asks the other side about a person, by their id or an address, and returns what is known then.

        Cards that could not be delivered to a person who can be reached again are due at once.
        Raises: NotFound (code `PERSON_NOT_FOUND`).
        """
        ...


class NoBots:
    """The bots of a process that has none."""

    async def get_setup(self, *_: object) -> BotSetup:
        """Raises: NotFound, always."""
        raise _no_bots()

    async def build_package(self, *_: object) -> bytes:
        """Raises: NotFound, always."""
        raise _no_bots()

    async def list_people(self, *_: object) -> ReachPage:
        """Raises: NotFound, always."""
        raise _no_bots()

    async def check(self, *_: object) -> Reach:
        """Raises: NotFound, always."""
        raise _no_bots()


def _no_bots() -> NotFound:
    return NotFound("this process has no bots", code="CONNECTION_NOT_FOUND")
