"""Figures of every store: counters and roll-ups, rows of monitors, the survey of open work."""
