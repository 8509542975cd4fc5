"""The file: opening, its one writer and its readers, checkpoints, lock, seal, reserve, backup, export.

Imports nothing of `engine.sqlite` outside of this room.
Never here: a table of executions.
"""
