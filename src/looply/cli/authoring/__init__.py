"""Commands of authors: workflows, schedules, cards, expressions, datastores.

Imports `display` and `terminal`; `offline` on demand.
Never here: business rules; a command calls the API or the same use case of `app`.
"""
