"""The data document: the values that expressions read, its size limit, masking of secrets, and search values.

Imports `facts`.
Never here: new events, or a change of the state that is not one of the document.
"""
