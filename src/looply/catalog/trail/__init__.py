"""The audit trail as a hash chain, the verification of a catalog, and copies of its file.

Imports `storage`.
Never here: the audited changes; each noun writes its own records in its own transaction.
"""
