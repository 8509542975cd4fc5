"""The building blocks of compiled expressions and functions: names, paths, conditions, comparisons.

Imports `values` and `parsing`.
Never here: a function of the language, and what chooses between blocks; that is `compiling`.
"""
