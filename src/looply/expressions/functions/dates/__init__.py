"""Functions on timestamps and on TIMEX expressions.

Imports `declaring`.
Never here: the clock; an evaluation is given its instant.
"""
