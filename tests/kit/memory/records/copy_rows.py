"""A card copy as the memory store keeps it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec.structs import replace

from looply.engine.records.copies import CopyRow, CopyUpdate

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class StoredCopy:
    """A copy, when it is due, and until when it is leased."""

    row: CopyRow
    due: datetime
    taken: datetime = LONG_AGO


def request_update(copies: dict[str, StoredCopy], execution_id: str, update: CopyUpdate) -> None:
    """Records the required revision of a copy; a lease stays."""
    stored = copies.get(update.card_id)
    if stored is None:
        row = CopyRow(
            card_id=update.card_id,
            execution_id=execution_id,
            channel=update.channel,
            wanted=update.wanted,
            since=update.due,
        )
        copies[update.card_id] = StoredCopy(row, update.due)
        return
    stored.row, stored.due = replace(stored.row, wanted=update.wanted, attempts=0), update.due
