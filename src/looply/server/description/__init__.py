"""The OpenAPI document, generated from the table of routes and the types of bodies and answers.

Imports `callers` and `http`.
Never here: a text about one route; the route has it.
"""
