"""Deciding: `decide` and `advance`, from a state to the events that must happen next.

Imports every lower room; `execution.steps`, one file for each kind of step, is imported by it.
Never here: answers to callers.
"""
