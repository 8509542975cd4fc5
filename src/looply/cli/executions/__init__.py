"""Commands on executions: read, watch, trigger, resume, repair, bulks, letters, decisions.

Imports `display` and `terminal`; `offline` on demand.
Never here: business rules; a command calls the API or the same use case of `app`.
"""
