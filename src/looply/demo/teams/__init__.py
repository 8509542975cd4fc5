"""A simulator of Microsoft's side of Teams: Entra, the Bot Connector and Graph, with users, faults, limits, a chat."""
