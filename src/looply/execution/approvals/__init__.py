"""Approvals: cards and their answers, recipients and their turns, quorum, overrides.

Imports `facts`, `document` and `closing`.
Never here: delivery of cards; channels do that outside of this package.
"""
