"""The file: opening, its one writer and its readers, checkpoints, lock, seal, reserve, backup, export.

Imports no other room of `engine.sqlite`.
Never here: a table of executions.
"""
