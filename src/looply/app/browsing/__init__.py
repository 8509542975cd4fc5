"""Use cases of authors that read: lists of workflows and cards, versions, differences, uses; and the search.

Imports `context`, `authoring` and `executions`.
Never here: changes of what is stored.
"""
