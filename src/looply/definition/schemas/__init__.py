"""JSON Schemas: of a definition, of settings, of outputs; and the bounded check of any value against one.

Imports `values`.
Never here: what a schema cannot say; that is checked where settings are compiled.
"""
