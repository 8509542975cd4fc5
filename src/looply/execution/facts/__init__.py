"""Facts: events, the state that they fold into, commands, and where in an execution something happens.

Imports nothing of `execution` outside of this room.
Never here: a decision, or anything that is computed from more than one fact.
"""
