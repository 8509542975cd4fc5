"""The functions of the language, one file per family, and the table of them all.

Imports `values`, `parsing`, `closures`, `dates`, `texts` and `queries`.
Never here: the compiling of arguments; that is `compiling`.
"""
