"""Commands of authors: workflows, schedules, cards, expressions, datastores.

Imports `terminal` and `offline`.
Never here: business rules; a command calls the API or the same use case of `app`.
"""
