"""Figures: what lists and monitors show beside heads, and the counters and roll-ups of a store with tables.

Imports no other room of `engine.sql`.
Never here: a history, or a row that moves an execution.
"""
