"""Microsoft Teams as a channel: cards are brought by the bot of a connection, and answered in Teams.

Imports no other room of `channels`.
Never here: the protocol of Microsoft; that is in `connectors.teams`.
"""
