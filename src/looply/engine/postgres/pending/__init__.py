"""What is open, as rows: deliveries, timers and effects that are due, schedules and their ledger, suspects.

Imports `database`.
Never here: histories, or what has ended.
"""
