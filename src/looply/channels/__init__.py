"""Channels of cards: how a card reaches people where they work, and how their answers come back."""
