"""Brings copies of cards by mail, and what a failure means for a copy."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias

import msgspec

from looply.connectors.email.accounts import Account
from looply.connectors.email.cards.letters import Appearance, Copy, Handle, find_due
from looply.connectors.email.message import build_mail
from looply.connectors.email.submitting import MailCaller, submit
from looply.errors import BadInput, OperationError, RateLimited
from looply.limits import Limits

Meaning: TypeAlias = Literal["again", "throttled", "blocked", "unusable", "unknown", "broken"]
"""What became of a mail that was not accepted.

`again`: it was not accepted now, and may be soon. `throttled`: not before a delay. `blocked`: the server refuses this
mail or its recipient for good. `unusable`: the connection is, for every mail. `unknown`: it may have left; a repetition
has the same id. `broken`: the mail itself cannot be sent.
"""
_REFUSED: Final = "MAIL_REFUSED"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a mail was not accepted. `code` is that of the error, `status` the reply of the server, empty without one."""

    meaning: Meaning
    code: str
    status: str = ""
    after: timedelta = timedelta()
    """How long to wait at least; zero: as long as the caller likes."""


class Undelivered(Exception):
    """A mail was not accepted."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.meaning}: {failure.code} {failure.status}".rstrip())
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDelivery:
    """Brings cards through one account."""

    account: Account
    limits: Limits

    async def bring(self, ctx: MailCaller, copy: Copy, appearance: Appearance, handle: Handle) -> Handle:
        """Returns the handle of a copy after the mail that was due, if any, has been accepted.

        Guarantees: calling it again with the handle that it returned sends nothing for the same appearance.
        Raises: Undelivered.
        """
        try:
            due = find_due(copy, appearance, handle, self.account.sender, ctx.clock.now())
            if due is None:
                return handle
            await submit(ctx, self.account, build_mail(due.letter, self.limits))
        except OperationError as error:
            raise Undelivered(failure_of(error)) from error
        return due.handle


def failure_of(error: OperationError) -> Failure:
    """Returns what the error of a submission means for the copy. A refusal at submission is `blocked`."""
    after = error.retry_after if isinstance(error, RateLimited) else None
    return Failure(meaning=_meaning(error), code=error.code, status=error.status or "", after=after or timedelta())


def _meaning(error: OperationError) -> Meaning:
    if error.sent:
        return "unknown"
    if isinstance(error, RateLimited):
        return "throttled"
    if error.is_transient:
        return "again"
    if isinstance(error, BadInput):
        return "broken"
    return "blocked" if error.code == _REFUSED and not error.is_of_connection else "unusable"
