"""What one process asks of mail servers; apart from the channel, which is loaded with its first card."""

from typing import Final

from looply.engine.ports.card_channel import Budget

BUDGET: Final = Budget(per_second=10.0, at_once=3, call_seconds=40.0)
"""A mail server serves few conversations of one sender at the same time; Exchange Online three."""
