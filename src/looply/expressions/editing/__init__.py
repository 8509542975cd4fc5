"""Support for editors of expressions: completion, and locations in the source.

Imports every lower room.
Never here: anything that an evaluation needs.
"""
