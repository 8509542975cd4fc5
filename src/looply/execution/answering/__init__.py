"""Answering: `answer`, from a command to the reply of its caller and the events that it makes.

Imports `facts`, `document`, `closing`, `approvals`, `delivery`, `evolving`, `steps` and `deciding`.
Never here: decisions without a command; those are in `deciding`.
"""
