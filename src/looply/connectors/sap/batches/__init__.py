"""Batches of OData: several requests in one, as multipart (OData 2) and as JSON (OData 4).

Imports `types` and `calls`.
Never here: a single call, or its session.
"""
