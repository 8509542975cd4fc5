"""Figures: what is counted and listed of a store: counters, roll-ups, rows of monitors, the survey of open work.

What is recorded of one execution does not belong here. Imports none of its neighbours.
"""
