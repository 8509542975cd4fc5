"""Approvals: cards and their answers, recipients and their turns, quorum, overrides.

Imports `facts`, `document` and `closing`.
Never here: whether a card reaches its recipient; that is in `delivery`.
"""
