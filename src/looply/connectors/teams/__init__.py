"""Microsoft Teams: the bot that brings cards to people, and what it is sent in return.

Imports `outbound`, `credentials` and `oauth`.
Never here: which copy of a card is due; `looply.channels.teams` and the engine say it.

Theory of operation. `calls` speaks to Microsoft (Bot Connector, Entra, Graph), `cards` makes what is shown, `inbound`
verifies and reads what Microsoft sends, `packaging` makes the app that an administrator installs. `connector.py` is all
that a process loads which uses no Teams.
"""
