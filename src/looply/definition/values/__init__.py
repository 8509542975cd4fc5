"""Values of a definition: pointers, findings, durations, cron expressions, retry policies, choice rules.

Imports no other room of `definition`.
Never here: a step type.
"""
