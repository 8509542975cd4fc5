"""Outbound network access: which addresses may be reached, and the only connections that reach them, HTTP and others.

Imports no other room of `connectors`.
Never here: a connector, or the settings of a step.
"""
