"""Functions on texts, bytes, regular expressions and addresses.

Imports `declaring`.
Never here: parsing of the language itself.
"""
