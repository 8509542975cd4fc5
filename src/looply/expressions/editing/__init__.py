"""Support for editors of expressions: completion, and locations in the source.

Imports `values`, `parsing`, `functions`, `shapes` and `inference`.
Never here: anything that an evaluation needs.
"""
