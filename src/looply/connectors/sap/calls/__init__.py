"""Calls of OData services: their input, their requests, the session that they are made in, and what is read of them.

Imports `types`.
Never here: several calls in one request; that is a batch.
"""
