"""Histories and what is read beside them: journal, lists, letters, decisions, card copies, datastores, pruning.

Imports `database` and `pending`.
Never here: connections, locks or leases.
"""
