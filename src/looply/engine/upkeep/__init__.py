"""Upkeep: the background loops: timers, schedules, deliveries, recovery, quarantine, audits, pruning, outages.

Imports `records`, `ports`, `processing`, `effects` and `shell`.
Never here: anything that a call waits for.
"""
