"""HTTP: routes and calls as values, parsing of requests, authentication, dispatch, error answers.

Imports `callers`.
Never here: a noun of the API.
"""
