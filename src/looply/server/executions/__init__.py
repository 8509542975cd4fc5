"""Calls on executions: trigger, resume, read, search, watch, repair, bulks, dead letters, decisions, sent cards.

Imports `callers` and `http`.
Never here: rules. A handler turns wire values into a use case of `app.executions` and its result into the answer.
"""
