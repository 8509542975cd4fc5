"""Open work as rows, where SQLite has its own way: deliveries, concurrency slots, schedules and their ledger.

Imports `file`.
Never here: histories, or executions that have ended.
"""
