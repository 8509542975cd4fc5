"""Functions on lists, objects, JSON paths and XML.

Imports `declaring` and `texts`.
Never here: a change of a value that was given; changed copies are made.
"""
