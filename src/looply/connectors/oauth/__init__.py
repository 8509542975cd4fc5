"""OAuth 2.0 as a client: tokens for the calls of connectors.

Imports `outbound` and `credentials`.
Never here: how people sign in to Looply, or a connector's own protocol.
"""
