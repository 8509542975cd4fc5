"""Cards: how copies of cards are brought to their channels, and what becomes of each try.

Imports `records`, `ports` and `upkeep`.
Never here: a decision about a card; an execution decides by what is reported to it.
"""
