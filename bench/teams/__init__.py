"""Measurements of cards in Teams, against the simulator of Microsoft's side."""
