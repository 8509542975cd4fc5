"""The way out: which addresses may be reached, and the only connections that reach them, HTTP and others.

Imports nothing of `connectors` outside of this room.
Never here: a connector, or what a workflow asks for.
"""
