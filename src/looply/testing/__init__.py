"""The public test kit for authors of connectors: a fake clock, deterministic entropy, and scripted operations.

It needs no test framework, and the product imports nothing of it.
"""
