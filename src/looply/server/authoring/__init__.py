"""Calls of authors: workflows, cards, connections, datastores, profiles, schedules, expressions.

Imports `http`.
Never here: rules. A handler turns wire values into a use case of `app.authoring` and its result into the answer.
"""
