"""Facts: events, the state that they fold into, commands, and the addresses of visits in an execution.

Imports nothing of `execution` outside of this room.
Never here: a decision, or a value that is computed from more than one fact.
"""
