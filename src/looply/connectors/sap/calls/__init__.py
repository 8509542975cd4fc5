"""Calls of OData services: their input, their requests, the session that they are made in, and what is read of them."""
