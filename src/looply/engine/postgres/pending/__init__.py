"""Open work as rows, where PostgreSQL has its own way: deliveries, effects, schedules and their ledger, suspects.

Imports `database` and `engine.sql`.
Never here: histories, or executions that have ended.
"""
