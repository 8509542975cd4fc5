"""Cards on their way: what becomes of each try to show a copy, and the loop that brings copies to their channels.

Imports `records`, `ports` and `upkeep`.
"""
