"""Calls by which authors find their way: lists of workflows and cards, their versions, differences, uses, search.

Imports `http`, and the records of figures of `monitoring`.
Never here: changes. A call of this room reads.
"""
