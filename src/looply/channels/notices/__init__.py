"""Notes of incidents: sent by mail, in Teams, or by a call of a webhook."""
