"""Failed logons: after three in a row no further one is tried, because systems lock users after a few more.

Theory of operation. SAP locks a user after five wrong passwords (`login/fails_to_user_lock`). So a principal that has
never been accepted by this process, or was refused the last time, may have as many calls under way as it has tries
left: were all of them refused, the tries would be used up and no more. The tries are counted by a ledger, which all
processes of an installation share. Once a call is accepted, this process counts and holds back nothing, and asks the
ledger nothing, until a call is refused. A principal is a system together with credentials and the revision of the
connection: saving the connection, or a test that is accepted, begins again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum
from itertools import count
from typing import Final, Protocol

import structlog

from looply.errors import AuthFailed, LooplyError

_log = structlog.get_logger(__name__)

MOST_FAILURES: Final = 3
"""Refused logons in a row: SAP locks a user after five, and people try too."""
_MAX_PRINCIPALS: Final = 1000
_LOOK_SECONDS: Final = 0.25
"""A call that waits for tries of other processes asks the ledger so often."""


class NoTry(Enum):
    """Why a call may not be tried: `BUSY` while all tries that are left are under way, `STOPPED` when none is left."""

    BUSY = "BUSY"
    STOPPED = "STOPPED"


class LogonLedger(Protocol):
    """Counts refused logons by principal, and the tries that are under way."""

    async def take(self, key: bytes, *, is_test: bool) -> str | NoTry:
        """Returns a ticket for one try, or why there is none; a test always gets one.

        Guarantees: refusals in a row and tries under way, of all who share the ledger, are at most `MOST_FAILURES`
        together, but for tests.
        """
        ...

    async def settle(self, key: bytes, ticket: str, *, is_accepted: bool | None) -> None:
        """Notes how a try ended; None: the other system did not say. An empty ticket is of a call without a try."""
        ...


class _Counted:
    def __init__(self) -> None:
        self.failures = 0
        self.under_way: set[str] = set()


class MemoryLedger:
    """The ledger of one process, which ends with it."""

    def __init__(self) -> None:
        self._counted: OrderedDict[bytes, _Counted] = OrderedDict()
        self._numbers = count(1)

    async def take(self, key: bytes, *, is_test: bool) -> str | NoTry:
        """See `LogonLedger`."""
        counted = self._counted.setdefault(key, _Counted())
        self._counted.move_to_end(key)
        if not is_test and counted.failures >= MOST_FAILURES:
            return NoTry.STOPPED
        if not is_test and counted.failures + len(counted.under_way) >= MOST_FAILURES:
            return NoTry.BUSY
        ticket = str(next(self._numbers))
        counted.under_way.add(ticket)
        self._forget_one()
        return ticket

    async def settle(self, key: bytes, ticket: str, *, is_accepted: bool | None) -> None:
        """See `LogonLedger`."""
        counted = self._counted.setdefault(key, _Counted())
        counted.under_way.discard(ticket)
        if is_accepted is not None:
            counted.failures = 0 if is_accepted else counted.failures + 1

    def _forget_one(self) -> None:
        """Forgets the least recently used principal without failures; one with failures must not begin again."""
        if len(self._counted) <= _MAX_PRINCIPALS:
            return
        for key, counted in self._counted.items():
            if not counted.under_way and not counted.failures:
                del self._counted[key]
                return


class Attempt:
    """One call with the credentials of a principal."""

    def __init__(self) -> None:
        self.is_accepted: bool | None = None
        """Whether the other system accepted the credentials; None when it did not say."""


class _Principal:
    def __init__(self) -> None:
        self.is_accepted = False
        self.taking = asyncio.Lock()
        self.changed = asyncio.Event()


class Logons:
    """The logons of this process, counted by a ledger."""

    def __init__(self, ledger: LogonLedger | None = None) -> None:
        self._ledger = ledger if ledger is not None else MemoryLedger()
        self._principals: OrderedDict[bytes, _Principal] = OrderedDict()

    @asynccontextmanager
    async def attempt(self, key: bytes, name: str, *, is_test: bool = False) -> AsyncIterator[Attempt]:
        """Yields an attempt, whose `is_accepted` the caller sets; waits while all tries that are left are under way.

        `name` is that of the connection. A test is tried whatever failed before.

        Raises: AuthFailed (code `LOGON_STOPPED`) after `MOST_FAILURES` refusals in a row; nothing was sent. What the
        ledger raises, when the try cannot be counted; nothing was sent.
        """
        principal = self._principal(key)
        ticket = "" if principal.is_accepted else await self._take(principal, key, name, is_test=is_test)
        attempt = Attempt()
        try:
            yield attempt
        finally:
            if attempt.is_accepted is not None:
                principal.is_accepted = attempt.is_accepted
            if ticket or attempt.is_accepted is False or (is_test and attempt.is_accepted):
                await self._settle(key, ticket, attempt)
            principal.changed.set()

    async def _take(self, principal: _Principal, key: bytes, name: str, *, is_test: bool) -> str:
        """Returns a ticket; an empty one when another call was accepted in the meantime."""
        # One call at a time asks, so that many cold ones are one question.
        async with principal.taking:
            while not principal.is_accepted:
                principal.changed.clear()
                found = await self._ledger.take(key, is_test=is_test)
                if isinstance(found, str):
                    return found
                if found is NoTry.STOPPED:
                    raise _stopped(name)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await principal.changed.wait()
        return ""

    async def _settle(self, key: bytes, ticket: str, attempt: Attempt) -> None:
        try:
            await self._ledger.settle(key, ticket, is_accepted=attempt.is_accepted)
        except LooplyError as error:
            # The call was made: its outcome is not lost because it cannot be counted.
            _log.warning("logon_not_counted", error=error.message)

    def _principal(self, key: bytes) -> _Principal:
        principal = self._principals.setdefault(key, _Principal())
        self._principals.move_to_end(key)
        if len(self._principals) > _MAX_PRINCIPALS:
            # What is forgotten is only that it was accepted: the ledger has the rest.
            self._principals.popitem(last=False)
        return principal


def _stopped(name: str) -> AuthFailed:
    return AuthFailed(
        f"the last {MOST_FAILURES} logons with the credentials of connection {name} were refused, so no more are "
        "tried, because the system would lock the user; correct the credentials and save the connection, or test it "
        "(looply connection test)",
        code="LOGON_STOPPED",
    )
