"""The trail: the audit as a chain of hashes, the proof of a catalog, copies of its file.

Imports `storage`.
Never here: what is audited; each noun writes its own records in its own transaction.
"""
