"""Use cases, one file per noun: what the HTTP API and the commands call."""
