"""The row of an execution of a workflow with `max_concurrency`."""

from datetime import datetime

import msgspec


class ConcurrencySlotRow(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that is queued for a concurrency slot `since` then, or holds one of `max_concurrency` slots.

    `seq` numbers the event that queued it or gave it the slot.
    """

    execution_id: str
    seq: int
    since: datetime
    max_concurrency: int
    is_held: bool
