"""How a function is declared; checks, errors, costs and documentation are made from the declaration.

Imports nothing of `functions`.
Never here: a function of the language.
"""
