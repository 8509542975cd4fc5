"""Upkeep: the background loops: timers, schedules, deliveries, recovery, quarantine, audits, pruning.

Imports `records`, `ports`, `processing` and `shell`.
Never here: anything that a call waits for.
"""
