"""Display: what a result looks like as lines of text: tables, records, YAML, ids.

Imports nothing of `cli` outside of this room.
Never here: a stream, an option, a command.
"""
