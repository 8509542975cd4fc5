"""From the text of an expression to its syntax tree.

Imports `values`.
Never here: what a name or a call means.
"""
