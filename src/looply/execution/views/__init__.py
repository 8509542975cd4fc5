"""Views: histories and states as readers see them: event logs, condensed logs, pages, positions.

Imports every lower room.
Never here: decisions, or stored types.
"""
