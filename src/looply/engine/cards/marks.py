"""What a try to show a copy changes in its row: pure functions of the row, the view and the outcome.

Theory of operation. A channel has no idempotency keys: a send whose answer was lost may have sent a message or not. So
a first send with an unknown outcome is not repeated at once. For a while the message may still show itself (an answer
or a refresh names it, see `learning`); then the card is sent again, and the messages are joined when the first one
turns up. An update with an unknown outcome is repeated, which is harmless by itself, but the first call may be carried
out after the second one: the copy is brought once more after both.
"""

from datetime import datetime, timedelta
from typing import Final

from looply.engine.cards.handles import join_handles, message_ids
from looply.engine.ports.card_channel import Blocked, Broken, TryAgain, Unknown
from looply.engine.records.copies import CHECKING, SURE, UNSURE, CopyMark, CopyRow
from looply.errors import LooplyError, OperationError
from looply.execution.approvals.card_view import CardView
from looply.execution.facts.values.card_copy import CopyState
from looply.rates import growing_pause

UNKNOWN_PAUSE: Final = timedelta(seconds=45)
"""How long a message may show itself after a first send with an unknown outcome; no card is late by a minute."""
CHECK_PAUSE: Final = timedelta(seconds=60)
"""After this time no call that was cut is carried out any more."""
REPORT_PAUSE: Final = timedelta(seconds=10)
"""When a report that did not reach the history is repeated."""
_FIRST_PAUSE: Final = timedelta(seconds=2)
"""The pause after the first failed try; it doubles with each one that follows."""
_LONGEST_PAUSE: Final = timedelta(minutes=5)
"""A channel that works again gets its cards within this time."""
_LONGEST_ASKED: Final = timedelta(hours=1)
"""A channel that asks for a longer pause is asked again after this one."""
_REASON_CHARACTERS: Final = 300


def is_over(view: CardView) -> bool:
    """Returns whether a copy takes no more answers and is to look so."""
    return view.status in ("ANSWERED", "CLOSED")


def is_reminder(row: CopyRow, view: CardView) -> bool:
    """Returns whether a message of its own is to remind the recipient of a copy that has messages already."""
    return view.status == "OPEN" and view.reminder > row.reminded and bool(message_ids(row.handle))


def mark_never_shown(row: CopyRow, number: int, now: datetime) -> CopyMark:
    """Returns the mark of a copy that is not to be shown: it was over first, or there is no such copy any more."""
    return CopyMark(
        handle=row.handle,
        due=now,
        shown=number,
        since=row.since,
        state=row.state,
        code=row.code,
        reason=row.reason,
        reminded=row.reminded,
        is_reported=row.is_reported,
    )


def mark_shown(row: CopyRow, view: CardView, handle: str, now: datetime) -> CopyMark:
    """Returns the mark of a copy that looks as the view says, with the handle that the channel returned.

    A call in doubt may come after this one: then the copy is brought once more, after a time without a change.
    """
    is_new = row.state != "SHOWN"
    doubt = CHECKING if row.is_in_doubt or (row.doubt == CHECKING and row.is_stale) else SURE
    return CopyMark(
        handle=handle,
        due=now + (CHECK_PAUSE if doubt else REPORT_PAUSE),
        shown=view.number,
        since=now if is_new else row.since,
        state="SHOWN",
        reminded=max(view.reminder, row.reminded),
        doubt=doubt,
        is_reported=row.is_reported and not is_new,
    )


def mark_reported(row: CopyRow, now: datetime, *, is_reported: bool) -> CopyMark:
    """Returns the mark of a copy that was taken for its report alone."""
    return CopyMark(
        handle=row.handle,
        due=now + REPORT_PAUSE,
        shown=row.shown,
        since=row.since,
        attempts=row.attempts,
        state=row.state,
        code=row.code,
        reason=row.reason,
        reminded=row.reminded,
        is_reported=is_reported,
    )


def mark_failed(row: CopyRow, view: CardView | None, error: LooplyError | TimeoutError, now: datetime) -> CopyMark:
    """Returns the mark of a copy that was not shown, or of which that is not known."""
    code, reason = _reason_of(error)
    if isinstance(error, Blocked | Broken) and view is not None:
        return _undelivered(row, view, "BLOCKED" if isinstance(error, Blocked) else "FAILED", (code, reason), now)
    is_unknown = _is_unknown(error)
    pause, is_held = _pause_after(row, error, is_unknown=is_unknown)
    return CopyMark(
        handle=(error.handle if isinstance(error, TryAgain) else "") or row.handle,
        due=now + pause,
        held=now + pause if is_held else None,
        since=row.since,
        attempts=row.attempts + 1,
        state=row.state,
        code=code,
        reason=reason,
        reminded=row.reminded,
        doubt=UNSURE if is_unknown or row.is_in_doubt else row.doubt,
        is_reported=row.is_reported,
    )


def mark_learned(mark: CopyMark, stored: CopyRow, known: str, now: datetime) -> CopyMark:
    """Returns the mark for a copy whose handle has changed since it was taken: messages of it were found.

    They have not got this view, so the copy is brought once more.
    """
    joined = join_handles(mark.handle, stored.handle, known)
    if joined == mark.handle:
        return mark
    state = stored.state if mark.state == "PENDING" else mark.state
    return CopyMark(
        handle=joined,
        due=now,
        shown=mark.shown,
        since=stored.since if state == stored.state else mark.since,
        attempts=mark.attempts,
        state=state,
        code=mark.code,
        reason=mark.reason,
        reminded=mark.reminded,
        doubt=CHECKING,
        is_reported=stored.is_reported and state == stored.state,
    )


def _undelivered(row: CopyRow, view: CardView, state: CopyState, why: tuple[str, str], now: datetime) -> CopyMark:
    """Returns the mark of a copy that is not tried again before it changes, or its cause is gone."""
    is_new = (row.state, row.code) != (state, why[0])
    return CopyMark(
        handle=row.handle,
        due=now + REPORT_PAUSE,
        shown=view.number,
        since=row.since if row.state == state else now,
        state=state,
        code=why[0],
        reason=why[1],
        reminded=row.reminded,
        is_reported=row.is_reported and not is_new,
    )


def _is_unknown(error: LooplyError | TimeoutError) -> bool:
    return isinstance(error, Unknown | TimeoutError) or (
        isinstance(error, OperationError) and error.sent and not isinstance(error, TryAgain)
    )


def _pause_after(row: CopyRow, error: LooplyError | TimeoutError, *, is_unknown: bool) -> tuple[timedelta, bool]:
    """Returns the pause before the next try, and whether it holds also when the copy changes."""
    if isinstance(error, TryAgain):
        return min(max(error.after, timedelta(0)), _LONGEST_ASKED), True
    if is_unknown and not message_ids(row.handle):
        return UNKNOWN_PAUSE, True
    return growing_pause(_FIRST_PAUSE, _LONGEST_PAUSE, row.attempts), False


def _reason_of(error: LooplyError | TimeoutError) -> tuple[str, str]:
    if isinstance(error, TimeoutError):
        return "TIMEOUT", "no answer in time"
    text = error.message
    return error.code, text if len(text) <= _REASON_CHARACTERS else f"{text[:_REASON_CHARACTERS]}…"
