"""Answering: `answer`, from a command to the reply of its caller and the events that it makes.

Imports every lower room.
Never here: decisions without a command; those are in `deciding`.
"""
