"""What a process remembers of other systems: sessions, tokens, and logons that failed; all of it in memory.

Imports no other room of `connectors`.
Never here: a request or a response; protocols are with their connectors.
"""
