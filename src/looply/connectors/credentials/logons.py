"""Failed logons: after three in a row no further one is tried, because systems lock users after a few more.

Theory of operation. SAP locks a user after five wrong passwords (`login/fails_to_user_lock`). So a principal that has
never been accepted by this process, or was refused the last time, may have as many calls under way as it has tries
left: were all of them refused, the tries would be used up and no more. Once a call is accepted, nothing is counted or
held back. A principal is a system together with credentials and the revision of the connection: saving the connection,
or a test that is accepted, begins again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from looply.errors import AuthFailed

MOST_FAILURES: Final = 3
_MAX_PRINCIPALS: Final = 1000


class Attempt:
    """One call with the credentials of a principal."""

    def __init__(self) -> None:
        self.is_accepted: bool | None = None
        """Whether the other system accepted the credentials; None when it did not say."""


class _Principal:
    def __init__(self) -> None:
        self.is_accepted = False
        self.failures = 0
        self.under_way = 0
        self.changed = asyncio.Condition()


class Logons:
    """Counts refused logons by principal, in this process."""

    def __init__(self) -> None:
        self._principals: OrderedDict[bytes, _Principal] = OrderedDict()

    @asynccontextmanager
    async def attempt(self, key: bytes, name: str, *, is_test: bool = False) -> AsyncIterator[Attempt]:
        """Yields an attempt, whose `is_accepted` the caller sets; waits while all tries that are left are under way.

        `name` is that of the connection. A test is tried whatever failed before.

        Raises: AuthFailed (code `LOGON_STOPPED`) after `MOST_FAILURES` refusals in a row; nothing was sent.
        """
        principal = self._principal(key)
        if principal.is_accepted:
            attempt = Attempt()
            yield attempt
            self._note(principal, attempt)
            return
        async with principal.changed:
            await principal.changed.wait_for(lambda: is_test or _may_try(principal))
            if not is_test and principal.failures >= MOST_FAILURES:
                raise _stopped(name)
            principal.under_way += 1
        attempt = Attempt()
        try:
            yield attempt
        finally:
            principal.under_way -= 1
            self._note(principal, attempt)
            async with principal.changed:
                principal.changed.notify_all()

    def _note(self, principal: _Principal, attempt: Attempt) -> None:
        if attempt.is_accepted is not None:
            principal.is_accepted = attempt.is_accepted
            principal.failures = 0 if attempt.is_accepted else principal.failures + 1

    def _principal(self, key: bytes) -> _Principal:
        principal = self._principals.get(key)
        if principal is None:
            principal = self._principals[key] = _Principal()
            if len(self._principals) > _MAX_PRINCIPALS:
                self._forget_one()
        self._principals.move_to_end(key)
        return principal

    def _forget_one(self) -> None:
        """Forgets the least recently used principal without failures; one with failures must not begin again."""
        for key, principal in self._principals.items():
            if not principal.under_way and not principal.failures:
                del self._principals[key]
                return


def _may_try(principal: _Principal) -> bool:
    is_decided = principal.is_accepted or principal.failures >= MOST_FAILURES
    return is_decided or principal.failures + principal.under_way < MOST_FAILURES


def _stopped(name: str) -> AuthFailed:
    return AuthFailed(
        f"the last {MOST_FAILURES} logons with the credentials of connection {name} were refused, so no more are "
        "tried, because the system would lock the user; correct the credentials and save the connection, or test it "
        "(looply connection test)",
        code="LOGON_STOPPED",
    )
