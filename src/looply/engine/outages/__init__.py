"""Outages: the watch of systems that are down or in maintenance.

Imports `records`, `ports`, `effects`, `shell` and `upkeep`.
Never here: what decides about one effect, which is in `effects`, and what an execution records of it.
"""
