"""Locales and regular expressions, which the functions on texts and numbers use.

Imports `values` and `parsing`.
Never here: a function of the language; those on texts are in `functions/texts`.
"""
