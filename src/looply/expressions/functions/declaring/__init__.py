"""How a function is declared; checks, errors, costs and documentation are made from the declaration.

Imports no other room of `expressions.functions`.
Never here: a function of the language.
"""
