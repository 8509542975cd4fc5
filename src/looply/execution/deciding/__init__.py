"""Deciding: `decide` and `advance`, from a state to the events that must happen next.

Imports `facts`, `document`, `closing`, `evolving` and `steps`.
Never here: replies to callers.
"""
