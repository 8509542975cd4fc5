"""Functions on lists, objects, JSON paths and XML.

Imports `declaring` and `texts`.
Never here: a function that changes its arguments; it returns changed copies.
"""
