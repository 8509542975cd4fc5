"""Open work as rows, where PostgreSQL has its own way: deliveries, concurrency slots, schedules and their ledger.

Imports `database`.
Never here: histories, or executions that have ended.
"""
