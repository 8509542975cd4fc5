"""Approvals: cards and their answers, recipients and their turns, quorum, overrides; and the start of child executions.

Imports `facts` and `document`.
Never here: delivery of cards; channels do that outside of this package.
"""
