"""The shell: the engine that `app` sees, composed of executions that are read, a starter, a processor and effects.

Imports `records`, `ports`, `coding`, `processing` and `effects`.
Never here: background work; that is a loop of `upkeep`.
"""
