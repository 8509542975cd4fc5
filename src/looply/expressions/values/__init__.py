"""Values: what counts as true, equal, smaller or a text; the inputs and the fuel of an evaluation; its errors.

Imports no other room of `expressions`.
Never here: syntax, and functions of the language.
"""
