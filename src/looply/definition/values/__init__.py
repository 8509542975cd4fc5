"""Values of a definition: pointers, findings, durations, cron expressions, retry policies, choice rules.

Imports nothing else of `definition`.
Never here: a step type.
"""
