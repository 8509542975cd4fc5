"""Code of authors: a pool of worker processes that run it within limits, and the connector that calls them.

Imports no other room of `connectors`.
Never here: which organization gets the next process; `looply.slots` says it.
"""
