"""OpenID Connect: the protocol between this server, a browser and a provider.

Imports nothing of `app` outside of this room.
Never here: accounts, members and sessions.
"""
