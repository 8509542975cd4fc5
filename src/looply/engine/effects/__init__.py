"""Effects: from their rows to the calls of connectors and back to commands that carry the outcome.

Imports `records`, `ports`, `coding` and `processing`.
Never here: retries. When a call is repeated is decided by `execution` and recorded.
"""
