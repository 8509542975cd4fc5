"""Deciding: `decide` and `advance`, from a state to the events that must happen next.

Imports every lower room, and `execution.steps`, which has one file for each kind of step.
Never here: replies to callers.
"""
