"""Use cases of people who watch executions: rows of lists, live heads, explanations, moments of a history, figures.

Imports `context` and `executions`.
Never here: a change of anything.
"""
