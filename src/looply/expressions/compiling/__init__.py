"""From a syntax tree to closures, and the expression that callers evaluate.

Imports `values`, `parsing`, `closures` and `functions`.
Never here: texts with `${}` in them; those are in `templating`.
"""
