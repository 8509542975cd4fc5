"""Views: histories and states as readers see them: event logs, condensed logs, pages, positions.

Imports `facts`, `document` and `evolving`.
Never here: decisions, or stored types.
"""
