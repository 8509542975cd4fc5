"""Shapes: the static types of values.

Imports `values` and `functions`.
Never here: the analysis of an expression; that is `inference`.
"""
