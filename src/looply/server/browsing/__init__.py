"""Calls of authors that read: lists of workflows and cards, versions, differences, uses, templates; and the search.

Imports `http` and `monitoring`.
Never here: changes of what is stored.
"""
