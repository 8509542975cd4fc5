"""Calls of people who watch executions: rows of lists, live heads, explanations, moments of a history, figures.

Imports `http` and `executions`.
Never here: rules, or a call that changes anything.
"""
