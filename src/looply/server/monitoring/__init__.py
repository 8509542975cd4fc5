"""Calls of people who watch executions: rows, live heads, explanations, moments of a history, figures, calendars.

Imports `http` and `executions`.
Never here: rules, or a call that changes anything.
"""
