"""Values of events: the actor of an answer, the copies of a card, the terms of an approval.

Imports no other room of `execution.facts`.
Never here: an event.
"""
