"""Use cases of people who watch executions: rows, live heads, explanations, moments of a history, figures, calendars.

Imports `context`, `authoring` and `executions`.
Never here: a change of anything.
"""
