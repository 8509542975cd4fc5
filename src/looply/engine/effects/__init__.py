"""Effects: from their rows to the calls of connectors and back to commands that carry the outcome.

Imports `records`, `ports`, `coding` and `processing`.
Never here: retries. `execution` decides when a call is repeated, and records it.
"""
