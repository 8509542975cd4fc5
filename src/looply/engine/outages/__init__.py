"""Systems that are down or in maintenance: their watch, and what operators do with them.

What decides about one effect belongs into `effects`, what an execution records of it into `execution`.
"""
