"""Microsoft Teams as a channel: cards are brought by the bot of a connection, and answered in Teams."""
