"""Outbound network access: which addresses may be reached, and the only connections that reach them, HTTP and others.

Imports nothing of `connectors` outside of this package.
Never here: a connector, or the settings of a step.
"""
