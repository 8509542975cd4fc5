"""The shell: the engine that `app` sees, composed of a reader, a starter, a processor and effects.

Imports `records`, `ports`, `coding`, `processing` and `effects`.
Never here: background work; that is a loop of `upkeep`.
"""
