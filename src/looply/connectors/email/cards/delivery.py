"""Brings copies of cards by mail, and what a failure means for a copy."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias

import msgspec

from looply.connectors.blobs import KEY, Blob
from looply.connectors.email.accounts import Account
from looply.connectors.email.cards.letters import Appearance, Copy, Due, Handle, find_due
from looply.connectors.email.cards.pictures import MOST_BYTES, MOST_BYTES_TOGETHER, Pictures, size_of_data
from looply.connectors.email.message import build_mail
from looply.connectors.email.submitting import MailCaller, submit
from looply.errors import BadInput, OperationError, RateLimited
from looply.jsontext import Json
from looply.limits import Limits
from looply.rates import offload_if_large

Meaning: TypeAlias = Literal["again", "throttled", "blocked", "unusable", "unknown", "broken"]
"""What became of a mail that was not accepted.

`again`: it was not accepted now, and may be soon. `throttled`: not before a delay. `blocked`: the server refuses this
mail or its recipient for good. `unusable`: the connection is, for every mail. `unknown`: it may have left; a repetition
has the same id. `broken`: the mail itself cannot be sent.
"""
OpenBlob: TypeAlias = Callable[[Json], Awaitable[Blob | None]]
"""Returns the blob of a reference; None for one that is not to be had."""
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
    """Brings cards through one account. `open_blob` opens those that their images name."""

    account: Account
    limits: Limits
    open_blob: OpenBlob

    async def bring(self, ctx: MailCaller, copy: Copy, appearance: Appearance, handle: Handle) -> Handle:
        """Returns the handle of a copy after the mail that was due, if any, has been accepted.

        Guarantees: calling it again with the handle that it returned sends nothing for the same appearance.
        Raises: Undelivered.
        """
        try:
            due = await self._find_due(ctx, copy, appearance, handle)
            if due is None:
                return handle
            letter = due.letter
            mail = await offload_if_large(letter.bytes_of_files, lambda: build_mail(letter, self.limits))
            await submit(ctx, self.account, mail)
        except OperationError as error:
            raise Undelivered(failure_of(error)) from error
        return due.handle

    async def _find_due(self, ctx: MailCaller, copy: Copy, appearance: Appearance, handle: Handle) -> Due | None:
        """Returns the mail that is due, with its images."""
        now, most_bytes = ctx.clock.now(), min(MOST_BYTES_TOGETHER, self.limits.mail_bytes // 2)
        pictures, size = Pictures({}, most_bytes), size_of_data(appearance.card)

        def find(pictures: Pictures) -> Due | None:
            return find_due(copy, appearance, handle, self.account.sender, now, pictures)

        due = await offload_if_large(size, lambda: find(pictures))
        if due is None or not pictures.unopened:
            return due
        opened = {str(each[KEY]): await self._open(each) for each in pictures.unopened}
        size += sum(len(each) for each in opened.values() if each is not None)
        return await offload_if_large(size, lambda: find(pictures.with_opened(opened)))

    async def _open(self, reference: dict[str, Json]) -> bytes | None:
        blob = await self.open_blob(reference)
        return blob.content if blob is not None and len(blob.content) <= MOST_BYTES else None


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
