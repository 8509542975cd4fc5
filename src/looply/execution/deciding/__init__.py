"""Deciding: `decide` and `advance`, from a state to the events that must happen next.

Imports every lower room.
Never here: replies to callers.
"""
