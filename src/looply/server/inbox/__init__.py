"""Calls of people who have signed in: their cards, their answers, their decisions and their requests.

Imports `http` and `executions`.
Never here: rules. A handler turns wire values into a use case of `app.inbox` and its result into the answer.
"""
