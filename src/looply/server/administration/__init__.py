"""Calls of administrators and operators: keys, permissions, notifications, audit, health, metrics, web pages.

Imports `http`.
Never here: rules. They are in `app.administration` and `catalog`.
"""
