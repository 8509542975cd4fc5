"""The shell: the engine that `app` sees, composed of a reader, a starter, a processor and effects.

Imports every room but `upkeep`.
Never here: background work; that is a loop of `upkeep`.
"""
