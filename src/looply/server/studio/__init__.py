"""Calls of the Studio: step types, the data of a step, tries of one step, samples, notes, presence, activation.

Imports `http`, `authoring`, `executions` and `browsing`.
Never here: rules. A handler turns wire values into a use case of `app.studio` and its result into the answer.
"""
