"""A simulator of Microsoft's side of Teams: Entra, the Bot Connector and Graph, with users, faults, limits, a chat.

Imports no other room of `demo`.
Never here: anything that the product needs to speak to Teams.
"""
