"""Answering: `answer`, from a command to what its caller is told and to the events of it.

Imports every lower room.
Never here: what happens without a command; `deciding` does that.
"""
