"""The shell: the engine that `app` sees, put together of a reader, a starter, a processor and effects.

Imports every room but `upkeep`.
Never here: work that nobody called for; that is a loop of `upkeep`.
"""
