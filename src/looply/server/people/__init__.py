"""Calls of people: sign-in and sessions, members and invitations, organizations, preferences, views.

Imports `callers` and `http`.
Never here: which cookie a browser gets on which connection; the decision who may sign in.
"""
