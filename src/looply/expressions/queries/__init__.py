"""The two query languages of functions: XPath and JSPath.

Imports `values`.
Never here: a function of the language; those that query are in `functions/structures`.
"""
