"""Processing: one mailbox for each execution, units committed, watchers notified after the commit.

Imports `records`, `ports` and `coding`.
Never here: calls of other systems, timers, or SQL.
"""
