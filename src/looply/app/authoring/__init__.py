"""Use cases of authors: workflows and their versions, cards, connections, datastores, profiles, schedules, mocks.

Imports `context`.
Never here: wire names, or anything about a running execution.
"""
