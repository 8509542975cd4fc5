"""JSON Schemas of a definition, of settings and of outputs, and the bounded check of values against a schema.

Imports `values`.
Never here: rules that a schema cannot express; they are checked where settings are compiled.
"""
