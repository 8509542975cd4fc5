"""Cards of people who can be reached again: they are due at once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from looply.channels.teams.bots import Bot
from looply.engine.ports.lists import CardFilter
from looply.engine.ports.port import Engine
from looply.engine.records.copies import Copies

_MAX_CARDS: Final = 100
"""Open cards of one person that are tried again once the person can be reached."""


async def retry_cards(engine: Engine, copies: Copies, bot: Bot, entra_ids: Iterable[str], now: datetime) -> None:
    """Makes the cards due that could not be delivered to these people."""
    for entra_id in dict.fromkeys(entra_ids):
        for address in await bot.directory.addresses(entra_id):
            own = CardFilter(recipient=address)
            cards = await engine.executions.open_cards(bot.organization_id, own, limit=_MAX_CARDS)
            await copies.retry([card.card_id for card in cards], now)
