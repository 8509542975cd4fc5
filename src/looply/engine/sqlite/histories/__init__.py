"""Histories and what is read beside them: journal, lists, letters, decisions, card copies, datastores, pruning.

Imports `file` and `pending`.
Never here: threads, locks or files.
"""
