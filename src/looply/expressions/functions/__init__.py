"""The functions of the language, one file per family, and the table of them all.

Imports every lower room.
Never here: the compiling of arguments; that is `compiling`.
"""
