"""Display: what a result looks like as lines of text: tables, records, YAML, ids.

Imports no other room of `cli`.
Never here: a stream, an option, a command.
"""
