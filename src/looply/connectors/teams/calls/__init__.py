"""Calls to Microsoft: conversations and messages of the Bot Connector, people and installations of Graph.

Imports no other room of `connectors.teams`.
Never here: what a card looks like, or what Microsoft sends by itself.
"""
