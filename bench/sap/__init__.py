"""Calls of SAP: their rate beside the bare system, tokens, decimals, metadata, and an outage."""
