"""The data document: what expressions read, how large it may be, what is masked in it, what a search finds by it.

Imports `facts`.
Never here: an event that is made, or a change of the state.
"""
