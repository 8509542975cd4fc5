"""Durable workflows between SAP, people and any HTTP system.

An execution is a fold over its history; `decide` is pure; the shell feeds it and obeys it.
"""

__version__ = "0.1.0"
