"""Calls to Microsoft: conversations and messages of the Bot Connector, people and installations of Graph."""
