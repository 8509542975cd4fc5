"""Commands on executions: read, watch, trigger, resume, repair, bulks, letters, decisions.

Imports `terminal` and `offline`.
Never here: business rules; a command calls the API or the same use case of `app`.
"""
