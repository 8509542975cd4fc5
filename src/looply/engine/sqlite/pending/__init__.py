"""Open work as rows, where SQLite has its own way: deliveries, effects, schedules and their ledger, suspects.

Imports `file` and `engine.sql`.
Never here: histories, or executions that have ended.
"""
