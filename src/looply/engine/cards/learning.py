"""Signs of life of messages: an answer or a refresh names the message that it came from."""

from datetime import datetime

from looply.engine.cards.handles import join_handles, message_ids
from looply.engine.records.copies import Copies


async def learn(copies: Copies, card_id: str, handle: str, now: datetime) -> bool:
    """Joins a handle with that of its copy; returns whether it names a message that was not known.

    Such a message is one whose send had an unknown outcome, so the copy counts as SHOWN, and all of its messages get
    the newest look at once: what was waited for is there. Only a pause that the channel has asked for holds.
    Durable when it returns. May be called again with the same handle.
    Raises: as `looply.engine.records.copies.Copies`.
    """
    while (row := await copies.find(card_id)) is not None:
        if set(message_ids(handle)) <= set(message_ids(row.handle)):
            return False
        if await copies.put_handle(card_id, row.handle, join_handles(handle, row.handle), now):
            return True
    return False
