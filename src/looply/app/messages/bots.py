"""The port by which the bot of a connection is administered: its app, and whom it can reach."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
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


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """People for whom an app is to be installed. `skipped` more were named who have it already.

    `unknown` are addresses and ids that are looked up when their turn comes. `is_complete`: no more people match; else
    more may do among those after the id `after`.
    """

    people: tuple[Reach, ...]
    unknown: tuple[str, ...] = ()
    skipped: int = 0
    is_complete: bool = True
    after: str = ""


Installing: TypeAlias = Literal["installed", "refused", "unusable", "again", "later"]
"""What became of the installation for one person.

`installed`: the person has the app, perhaps since before. `refused`: for this person, for good. `unusable`: it would be
refused for every person. `again`: it may succeed soon. `later`: the other side has asked for a pause.
"""


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome for one person. `code` and `message` say why it did not succeed, `after` how long to wait at least.

    `name` is empty for a person who is not known. `is_for_all`: it would have been the same for every person, now.
    """

    outcome: Installing
    is_for_all: bool = False
    name: str = ""
    code: str = ""
    message: str = ""
    after: timedelta = timedelta()


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

    async def choose(
        self, organization_id: str, connection: str, people: Sequence[str] | None, limit: int, after: str
    ) -> Chosen:
        """Returns the people among those named who do not have the app; None: all who are known and lack it.

        At most `limit` of them, in the order in which they are named or by their ids. Of those who are known a bounded
        number is read, after the id `after`. It asks no other system.
        Raises: Refused for a connection that cannot install.
        """
        ...

    async def install(
        self, engine: Engine, organization_id: str, connection: str, people: Sequence[str]
    ) -> Sequence[Installed]:
        """Installs the app for people, one after the other, and returns what became of it, in their order.

        It ends after the first one for whom the outcome is `unusable`, `again` or `later`. Repeating it is harmless.
        Cards that could not be delivered to a person who can be reached again are due at once.
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

    async def choose(self, *_: object) -> Chosen:
        """Raises: NotFound, always."""
        raise _no_bots()

    async def install(self, *_: object) -> Sequence[Installed]:
        """Raises: NotFound, always."""
        raise _no_bots()


def _no_bots() -> NotFound:
    return NotFound("this process has no bots", code="CONNECTION_NOT_FOUND")
