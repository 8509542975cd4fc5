"""Cards as Teams shows them, and their texts. Functions without I/O.

Imports `calls`.
Never here: a call, or a token.
"""
