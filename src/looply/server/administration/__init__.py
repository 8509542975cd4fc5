"""Calls of administrators and operators: keys, permissions, notifications, audit, health, metrics, pages of the web app.

Imports `http`.
Never here: rules. They are in `app.administration` and `catalog`.
"""
