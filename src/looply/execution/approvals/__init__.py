"""Approvals: cards and their answers, who is asked and when, quorum, overrides; and how child executions are started.

Imports `facts` and `document`.
Never here: delivery of cards; channels do that outside of this package.
"""
