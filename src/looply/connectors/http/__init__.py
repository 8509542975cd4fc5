"""The HTTP connector: one request to any system, with credentials of the input or of a connection.

Imports `outbound`.
Never here: a protocol on top of HTTP; such a connector has a folder of its own.
"""
