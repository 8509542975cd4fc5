"""Static analysis of expressions: the shape of the value, and findings.

Imports every lower room.
Never here: an evaluation: no data is there.
"""
