"""From a syntax tree to closures, and the expression that callers evaluate.

Imports every lower room.
Never here: texts with `${}` in them; those are in `templating`.
"""
