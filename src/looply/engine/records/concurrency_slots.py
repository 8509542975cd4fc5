"""The row of a place in line."""

from datetime import datetime

import msgspec


class ConcurrencySlotRow(msgspec.Struct, frozen=True, kw_only=True):
    """The place of an execution among those of its workflow: in line since then, or one of `most` slots.

    `seq` numbers the event since which it is so.
    """

    execution_id: str
    seq: int
    since: datetime
    most: int
    is_held: bool
