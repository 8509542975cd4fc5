"""Calls of administrators and operators: keys, permissions, the audit, health, metrics, and the pages of the web app.

Imports `http`.
Never here: rules. They are in `app.administration` and `catalog`.
"""
