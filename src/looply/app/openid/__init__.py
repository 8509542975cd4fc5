"""OpenID Connect: the protocol between this server, a browser and a provider.

Imports no other room of `app`.
Never here: accounts, members and sessions.
"""
