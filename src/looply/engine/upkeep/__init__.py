"""Upkeep: the background loops: timers, schedules, deliveries, recovery, quarantine, audits, pruning, cards.

Imports every room of the engine.
Never here: anything that a call waits for.
"""
