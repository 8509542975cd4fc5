"""Use cases on executions: trigger, resume, terminate, read, search, watch, repair, letters, sent cards.

Imports `messages`, `context` and `authoring`.
Never here: wire names, or a decision that belongs into the history; `execution` takes it.
"""
