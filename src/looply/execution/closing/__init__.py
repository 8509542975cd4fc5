"""Closing: the end of an execution or of a visit, with its cards; and child executions, from start to outcome.

Imports `facts` and `document`.
Never here: an answer of a person to a card; that is in `approvals`.
"""
