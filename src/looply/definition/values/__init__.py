"""Values of a definition: pointers, findings, durations, cron expressions, retry policies, choice rules.

Imports nothing of `definition` outside of this room.
Never here: a step type.
"""
