"""HTTP: routes and calls as values, parsing of requests, authentication, dispatch, error answers.

Imports nothing of `server` outside of this room.
Never here: a noun of the API.
"""
