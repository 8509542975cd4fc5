"""Use cases by which authors find their way: lists of workflows and cards, their versions, differences, uses, search.

Imports `context`, `authoring`, and the search of `executions`.
Never here: changes of what is stored.
"""
