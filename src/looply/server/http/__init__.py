"""HTTP: routes and calls as values, parsing of requests, authentication, dispatch, error answers.

Imports no other room of `server`.
Never here: a noun of the API.
"""
