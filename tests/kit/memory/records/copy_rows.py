"""A card copy as the memory store keeps it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec.structs import replace

from looply.engine.records.copies import CopyRow, CopyWish

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class StoredCopy:
    """A copy, when it is due, and until when it is leased."""

    row: CopyRow
    due: datetime
    taken: datetime = LONG_AGO


def wish(copies: dict[str, StoredCopy], execution_id: str, wished: CopyWish) -> None:
    """Records the required revision of a copy; a lease stays."""
    stored = copies.get(wished.card_id)
    if stored is None:
        row = CopyRow(card_id=wished.card_id, execution_id=execution_id, channel=wished.channel, wanted=wished.wanted)
        copies[wished.card_id] = StoredCopy(row, wished.due)
        return
    stored.row, stored.due = replace(stored.row, wanted=wished.wanted, attempts=0), wished.due
