"""The public test kit: time and chance that a test sets, and a world outside that it scripts.

For authors of connectors. It needs no test framework, and the product imports nothing of it.
"""
