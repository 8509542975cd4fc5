"""Facts: events, the state that they fold into, commands, and the addresses of visits in an execution.

Imports no other room of `execution`.
Never here: a decision, or a value that is computed from more than one fact.
"""
